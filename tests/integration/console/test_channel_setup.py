"""Setting up a Twilio channel in steps: each page tells what works and what is missing."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from channels.addresses import inbound_url
from channels.models import Channel
from conversations.models import Message
from conversations.models.message import Direction
from teams.identifiers import new_public_id
from tests.console import sign_in
from tests.doors import customer_writes
from tests.factories import (
    ACCOUNT_SID,
    AUTH_TOKEN,
    make_administrator,
    make_agent,
    make_channel,
    make_rule,
    make_supervisor,
    make_team,
)
from tests.fake_twilio import RunningFake, running

pytestmark = pytest.mark.django_db
NEW = "/admin/channels/channel/setup/twilio/"
SERVICE = "MG" + "5" * 32
FORM = {
    "name": "WhatsApp Tokyo",
    "medium": "whatsapp",
    "by": "number",
    "account_sid": ACCOUNT_SID,
    "auth_token": AUTH_TOKEN,
    "phone_number": "+81 3 5550 0100",
    "messaging_service_sid": "",
}


@pytest.fixture
def client() -> Client:
    return sign_in(make_administrator())


@pytest.fixture
def fake(settings: Any) -> Iterator[RunningFake]:
    with running() as server:
        settings.TWILIO_API_BASE_URL = server.url
        server.store.accounts[ACCOUNT_SID] = AUTH_TOKEN
        yield server


def step(channel: Channel, name: str) -> str:
    return reverse(f"admin:channels_channel_setup_{name}", args=[channel.pk])


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


class TestChoosing:
    def test_offers_twilio_step_by_step_and_the_rest_as_a_form(self, client: Client) -> None:
        text = text_of(client.get("/admin/channels/channel/setup/"))
        assert NEW in text
        assert "/admin/channels/channel/add/?provider=simulator" in text

    def test_is_for_those_who_may_add_channels(self) -> None:
        client = sign_in(make_supervisor())
        for page in ("/admin/channels/channel/setup/", NEW):
            assert client.get(page).status_code == 403


class TestTheAccount:
    def test_is_checked_with_twilio(self, client: Client, fake: RunningFake) -> None:
        answer = client.post(NEW, {**FORM, "check": "1"}, follow=True)

        channel = Channel.objects.get()
        assert (channel.phone_number, channel.auth_token) == ("+81355500100", AUTH_TOKEN)
        assert answer.request["PATH_INFO"] == step(channel, "address")
        assert "The account “Acme” is active." in text_of(answer)

    def test_that_twilio_refuses_is_told_so_in_plain_words(
        self, client: Client, fake: RunningFake
    ) -> None:
        answer = client.post(NEW, {**FORM, "auth_token": "e" * 32, "check": "1"}, follow=True)

        channel = Channel.objects.get()
        assert answer.request["PATH_INFO"] == step(channel, "account")
        text = text_of(answer)
        assert "Twilio does not accept this account SID and auth token together." in text
        assert "e" * 32 not in text
        again = {**FORM, "check": "1"}
        assert "is active" in text_of(client.post(step(channel, "account"), again, follow=True))

    def test_may_be_checked_later(self, client: Client) -> None:
        answer = client.post(NEW, FORM, follow=True)

        assert answer.request["PATH_INFO"] == step(Channel.objects.get(), "address")
        assert "Twilio was not asked yet." in text_of(answer)

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"account_sid": "AC1"}, "account_sid"),
            ({"account_sid": ""}, "account_sid"),
            ({"auth_token": ""}, "auth_token"),
            ({"phone_number": ""}, "phone_number"),
            ({"phone_number": "03 5550"}, "phone_number"),
            ({"by": "service"}, "messaging_service_sid"),
            ({"by": "service", "messaging_service_sid": "MG1"}, "messaging_service_sid"),
            ({"by": "both"}, "by"),
            ({"name": ""}, "name"),
        ],
    )
    def test_is_refused_at_the_right_field(
        self, client: Client, change: dict[str, str], field: str
    ) -> None:
        answer = client.post(NEW, FORM | change)
        assert field in answer.context["form"].errors
        assert not Channel.objects.exists()

    def test_has_a_service_in_place_of_a_number(self, client: Client) -> None:
        client.post(NEW, FORM | {"by": "service", "messaging_service_sid": SERVICE})
        channel = Channel.objects.get()
        assert (channel.phone_number, channel.messaging_service_sid) == ("", SERVICE)

    def test_can_be_changed_from_a_number_to_a_service(self, client: Client) -> None:
        channel = make_channel()
        changed = FORM | {"by": "service", "messaging_service_sid": SERVICE, "auth_token": ""}
        client.post(step(channel, "account"), changed)
        channel.refresh_from_db()
        assert (channel.phone_number, channel.messaging_service_sid) == ("", SERVICE)
        assert channel.auth_token == AUTH_TOKEN


class TestTheAddress:
    def test_is_shown_to_be_pasted_and_points_out_another_host(self, client: Client) -> None:
        channel = make_channel()
        text = text_of(client.get(step(channel, "address")))
        assert inbound_url(channel) in text
        assert f"{inbound_url(channel)}status/" in text
        assert "You see this page at testserver" in text

    @pytest.mark.parametrize(
        ("fields", "words"),
        [
            ({}, "WhatsApp senders"),
            ({"medium": "sms"}, "A message comes in"),
            ({"messaging_service_sid": SERVICE}, "Integration"),
        ],
    )
    def test_comes_with_the_way_through_twilios_console(
        self, client: Client, fields: dict[str, str], words: str
    ) -> None:
        assert words in text_of(client.get(step(make_channel(**fields), "address")))


class TestSayingHello:
    def test_waits_with_a_code_to_scan(self, client: Client) -> None:
        text = text_of(client.get(step(make_channel(), "hello")))
        assert "Waiting for the first message" in text
        assert "https://wa.me/1555000" in text
        assert '<path class="qrline"' in text or 'class="qrline"' in text

    def test_shows_what_arrived(self, client: Client) -> None:
        channel = make_channel()
        customer_writes(channel, "hello")
        text = text_of(client.get(step(channel, "hello")))
        assert "from +81 •••• 0001, with a valid signature" in text

    def test_shows_why_something_was_refused(self, client: Client) -> None:
        channel = make_channel()
        Client().post(f"/webhooks/twilio/{channel.token}/", {"Body": "hello"})
        assert "without a signature" in text_of(client.get(step(channel, "hello")))


class TestTheAnswer:
    def test_goes_to_whoever_wrote(self, client: Client) -> None:
        make_agent()
        channel = make_channel()
        customer_writes(channel, "hello")
        form = {"key": str(new_public_id()), "body": "Hello Dora"}
        for _ in range(2):
            client.post(step(channel, "answer"), form)
        sent = Message.objects.get(direction=Direction.OUTBOUND)
        assert sent.body == "Hello Dora"
        assert "queued" in text_of(client.get(step(channel, "answer")))

    def test_waits_for_somebody_to_write(self, client: Client) -> None:
        channel = make_channel()
        form = {"key": str(new_public_id()), "body": "Hello?"}
        answer = client.post(step(channel, "answer"), form, follow=True)
        assert "Nobody has written to this channel yet." in text_of(answer)
        assert not Message.objects.exists()


class TestTheEnd:
    def test_says_what_happens_to_the_next_message(self, client: Client) -> None:
        channel, other = make_channel(), make_channel()
        make_rule(team=make_team())
        make_rule(team=make_team(name="Sales")).channels.add(other)
        text = text_of(client.get(step(channel, "done")))
        assert "1 rule applies here." in text
        assert "0 agents answer it where no rule matches." in text


class TestAStep:
    @pytest.mark.parametrize("name", ["account", "address", "hello", "answer", "done"])
    def test_is_for_twilio_channels_and_administrators(self, client: Client, name: str) -> None:
        channel = make_channel(provider="simulator")
        assert client.get(step(channel, name)).status_code == 404
        supervisor = sign_in(make_supervisor())
        assert supervisor.get(step(make_channel(), name)).status_code == 403
