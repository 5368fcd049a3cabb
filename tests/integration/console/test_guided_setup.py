"""WhatsApp Cloud and EngageLab set up in the same steps, each failure told in plain words."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from channels.addresses import inbound_url
from channels.models import Channel
from conversations.models import Message
from conversations.models.message import Direction
from conversations.services import delivery
from teams.clock import database_now
from teams.identifiers import new_public_id
from tests import fake_json
from tests.console import sign_in
from tests.factories import make_administrator, make_agent, make_cloud_channel
from tests.fake_cloud import CloudFake
from tests.fake_engagelab import EngageLabFake
from tests.provider_kits import CloudKit, EngageLabKit

pytestmark = pytest.mark.django_db
CLOUD = {
    "name": "WhatsApp Berlin",
    "phone_number_id": "106540352242922",
    "business_account_id": "102290129340398",
    "access_token": "the-access-token",
    "app_secret": "the-app-secret",
    "phone_number": "+1 555 000 9999",
}
ENGAGELAB = {
    "name": "WhatsApp Singapore",
    "phone_number": "+1 555 000 9999",
    "business_account_id": "123321",
    "dev_key": "the-dev-key",
    "dev_secret": "the-dev-secret",
}


def new(provider: str) -> str:
    return f"/admin/channels/channel/setup/{provider}/"


def step(channel: Channel, name: str) -> str:
    return reverse(f"admin:channels_channel_setup_{name}", args=[channel.pk])


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


@pytest.fixture
def client() -> Client:
    return sign_in(make_administrator())


@pytest.fixture
def cloud(settings: Any) -> Iterator[CloudKit]:
    with fake_json.running(CloudFake()) as fake:
        settings.WHATSAPP_CLOUD_API_BASE_URL = fake.api_url
        yield CloudKit(fake)


@pytest.fixture
def engagelab(settings: Any) -> Iterator[EngageLabKit]:
    with fake_json.running(EngageLabFake()) as fake:
        settings.ENGAGELAB_API_BASE_URL = fake.url
        yield EngageLabKit(fake)


class TestWhatsAppCloud:
    def test_is_set_up_from_the_keys_to_the_answer(self, client: Client, cloud: CloudKit) -> None:
        make_agent()
        assert new("whatsapp_cloud") in text_of(client.get("/admin/channels/channel/setup/"))
        answer = client.post(new("whatsapp_cloud"), {**CLOUD, "check": "1"}, follow=True)

        channel = Channel.objects.get()
        assert (channel.provider, channel.phone_number) == ("whatsapp_cloud", "+15550009999")
        assert channel.app_secret == "the-app-secret"
        assert answer.request["PATH_INFO"] == step(channel, "address")
        page = text_of(answer)
        assert "WhatsApp accepts the access token." in page
        assert inbound_url(channel) in page
        assert channel.verify_token in page
        assert "the-app-secret" not in page
        assert "the-access-token" not in page

        assert "https://wa.me/15550009999" in text_of(client.get(step(channel, "hello")))
        cloud.write(channel, ("wamid.1", "hello"))
        assert "with a valid signature" in text_of(client.get(step(channel, "hello")))
        form = {"key": str(new_public_id()), "body": "Hello Dora"}
        client.post(step(channel, "answer"), form)
        sent = Message.objects.get(direction=Direction.OUTBOUND)
        delivery.send_next(now=database_now())
        cloud.report(sent, "read")
        assert "tick read" in text_of(client.get(step(channel, "answer")))
        assert "Messages come in, and answers go out." in text_of(client.get(step(channel, "done")))

    def test_says_that_the_token_is_not_accepted(self, client: Client, cloud: CloudKit) -> None:
        wrong = {**CLOUD, "access_token": "expired", "check": "1"}
        answer = client.post(new("whatsapp_cloud"), wrong, follow=True)

        channel = Channel.objects.get()
        assert answer.request["PATH_INFO"] == step(channel, "account")
        assert "WhatsApp does not accept the access token." in text_of(answer)
        again = {**CLOUD, "app_secret": "", "check": "1"}
        page = text_of(client.post(step(channel, "account"), again, follow=True))
        assert "WhatsApp accepts the access token." in page
        channel.refresh_from_db()
        assert channel.app_secret == "the-app-secret"

    @pytest.mark.parametrize(
        ("wrong", "words"),
        [
            ({"phone_number_id": "5"}, "sees no number with the ID 5"),
            ({"business_account_id": ""}, "Without the WhatsApp business account ID"),
        ],
    )
    def test_says_what_is_wrong_beside_the_steps(
        self, client: Client, cloud: CloudKit, wrong: dict[str, str], words: str
    ) -> None:
        answer = client.post(new("whatsapp_cloud"), {**CLOUD, **wrong, "check": "1"}, follow=True)
        assert words in text_of(answer)

    def test_says_that_no_app_listens(self, client: Client, cloud: CloudKit) -> None:
        cloud.fake.apps = []
        answer = client.post(new("whatsapp_cloud"), {**CLOUD, "check": "1"}, follow=True)
        page = text_of(answer)
        assert "No app is told of this account" in page
        assert "#cloud-silent" in page

    def test_says_that_the_app_secret_is_another(self, client: Client, cloud: CloudKit) -> None:
        client.post(new("whatsapp_cloud"), CLOUD)
        channel = Channel.objects.get()
        cloud.fake.app_secret = "another"
        cloud.write(channel, ("wamid.1", "hello"))
        for name in ("hello", "answer"):
            page = text_of(client.get(step(channel, name)))
            assert "Compare the app secret with the one in the app" in page
            assert "Twilio" not in page

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"phone_number_id": ""}, "phone_number_id"),
            ({"phone_number_id": "+49 30"}, "phone_number_id"),
            ({"access_token": ""}, "access_token"),
            ({"app_secret": ""}, "app_secret"),
            ({"phone_number": "030 1"}, "phone_number"),
            ({"name": ""}, "name"),
        ],
    )
    def test_is_refused_at_the_right_field(
        self, client: Client, change: dict[str, str], field: str
    ) -> None:
        answer = client.post(new("whatsapp_cloud"), {**CLOUD, **change})
        assert field in answer.context["form"].errors
        assert not Channel.objects.exists()


class TestEngageLab:
    def test_is_set_up_from_the_keys_to_the_first_message(
        self, client: Client, engagelab: EngageLabKit
    ) -> None:
        answer = client.post(new("engagelab"), {**ENGAGELAB, "check": "1"}, follow=True)

        channel = Channel.objects.get()
        page = text_of(answer)
        assert "EngageLab accepts the dev key." in page
        assert inbound_url(channel) in page
        assert "EngageLab signs nothing" in page
        assert "the-dev-secret" not in page
        engagelab.write(channel, ("wamid.1", "hello"))
        heard = text_of(client.get(step(channel, "hello")))
        assert "Received" in heard
        assert "with a valid signature" not in heard

    def test_says_that_the_keys_are_not_accepted(
        self, client: Client, engagelab: EngageLabKit
    ) -> None:
        wrong = {**ENGAGELAB, "dev_secret": "another", "check": "1"}
        answer = client.post(new("engagelab"), wrong, follow=True)
        assert "EngageLab does not accept the dev key and dev secret" in text_of(answer)

    @pytest.mark.parametrize("field", ["phone_number", "dev_key", "dev_secret", "name"])
    def test_is_refused_at_the_right_field(self, client: Client, field: str) -> None:
        answer = client.post(new("engagelab"), {**ENGAGELAB, field: ""})
        assert field in answer.context["form"].errors
        assert not Channel.objects.exists()


class TestTheHelp:
    def test_explains_each_failure_of_each_provider(self, client: Client) -> None:
        page = text_of(client.get("/admin/channels/channel/help/"))
        for anchor in ("20003", "63016", "cloud-verify", "190", "2001", "engagelab-silent"):
            assert f'id="{anchor}"' in page


class TestAnyOtherPage:
    def test_of_a_cloud_channel_leads_to_the_steps(self, client: Client) -> None:
        channel = make_cloud_channel()
        page = text_of(client.get(f"/admin/channels/channel/{channel.pk}/change/"))
        assert step(channel, "address") in page
