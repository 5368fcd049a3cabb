"""Templates come by themselves, in their true state, and nothing is lost when a provider fails."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from channels.models import Channel, Template, TemplateSync
from channels.services import channels, templates
from tests import fake_json, fake_twilio
from tests.console import sign_in
from tests.factories import (
    ACCOUNT_SID,
    AUTH_TOKEN,
    make_administrator,
    make_channel,
    make_cloud_channel,
    make_engagelab_channel,
    make_supervisor,
    make_template,
)
from tests.fake_cloud import CloudFake
from tests.fake_engagelab import EngageLabFake

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def content(number: int, *, approval: dict[str, Any] | None) -> dict[str, Any]:
    """Return a template as Twilio lists it; without an approval it was never handed in."""
    return {
        "sid": f"HX{number:032d}",
        "friendly_name": f"template_{number}",
        "language": "en",
        "variables": {},
        "types": {"twilio/text": {"body": f"Text {number}"}},
        "approval_requests": approval or {},
        "account_sid": ACCOUNT_SID,
        "date_created": "2026-11-01T00:00:00Z",
        "date_updated": "2026-11-01T00:00:00Z",
        "url": "",
        "links": {},
    }


def row(name: str, status: str, **more: Any) -> dict[str, Any]:
    """Return a template as WhatsApp lists it."""
    body = [{"type": "BODY", "text": f"Text of {name}"}]
    return {"id": name, "name": name, "language": "en", "status": status, "components": body} | more


@pytest.fixture
def twilio(settings: Any) -> Iterator[fake_twilio.RunningFake]:
    with fake_twilio.running() as fake:
        settings.TWILIO_API_BASE_URL = fake.url
        fake.store.accounts[ACCOUNT_SID] = AUTH_TOKEN
        yield fake


@pytest.fixture
def cloud(settings: Any) -> Iterator[CloudFake]:
    with fake_json.running(CloudFake()) as fake:
        settings.WHATSAPP_CLOUD_API_BASE_URL = fake.api_url
        fake.templates = [row(name, "APPROVED") for name in ("one", "two", "three")]
        yield fake


def due(channel: Channel, *, now: datetime) -> Channel:
    TemplateSync.objects.create(channel=channel, sync_due_at=now)
    return channel


def states() -> dict[str, str]:
    return dict(Template.objects.filter(removed_at=None).values_list("name", "status"))


class TestEachProvider:
    def test_twilio_says_the_true_state(
        self, twilio: fake_twilio.RunningFake, now: datetime
    ) -> None:
        words = ("approved", "unsubmitted", "received", "pending", "rejected", "paused", "disabled")
        twilio.store.contents = [
            content(number, approval={"name": word, "status": word, "rejection_reason": ""})
            for number, word in enumerate(words)
        ] + [content(99, approval=None)]
        due(make_channel(), now=now)

        assert templates.sync_next(now=now) is True
        assert templates.sync_next(now=now) is False

        assert states() == {
            **{word: word for word in words},
            "received": "pending",
            "template_99": "unsubmitted",
        }

    def test_whatsapp_says_the_true_state_and_why(self, cloud: CloudFake, now: datetime) -> None:
        words = ("APPROVED", "PENDING", "REJECTED", "PAUSED", "DISABLED", "LIMIT_EXCEEDED")
        cloud.templates = [row(word, word, rejected_reason="NONE") for word in words]
        cloud.templates[2]["rejected_reason"] = "TAG_CONTENT_MISMATCH"
        due(make_cloud_channel(), now=now)

        templates.sync_next(now=now)

        assert states() == {
            **{word: word.lower() for word in words},
            "LIMIT_EXCEEDED": "paused",
        }
        reasons = Template.objects.exclude(reason="").values_list("name", "reason")
        assert list(reasons) == [("REJECTED", "Tag content mismatch")]

    def test_engagelab_says_it_in_whatsapps_words(self, settings: Any, now: datetime) -> None:
        with fake_json.running(EngageLabFake()) as fake:
            settings.ENGAGELAB_API_BASE_URL = fake.url
            fake.templates = [row("one", "APPROVED"), row("two", "DISABLED")]
            due(make_engagelab_channel(), now=now)
            templates.sync_next(now=now)
        assert states() == {"one": "approved", "two": "disabled"}


class TestAFailure:
    """Whatever goes wrong, no template counts as gone."""

    @pytest.fixture
    def channel(self, cloud: CloudFake, now: datetime) -> Channel:
        channel = due(make_cloud_channel(), now=now - templates.EVERY)
        templates.sync_next(now=now - templates.EVERY)
        assert len(states()) == 3
        return channel

    def fails(self, channel: Channel, *, now: datetime, code: str) -> None:
        assert templates.sync_next(now=now) is True
        sync = TemplateSync.objects.get(pk=channel.pk)
        assert (sync.error_code, sync.failed_at, sync.failures) == (code, now, 1)
        assert sync.synced_at == now - templates.EVERY
        assert len(states()) == 3

    def test_of_the_token_changes_nothing(
        self, channel: Channel, cloud: CloudFake, now: datetime
    ) -> None:
        cloud.numbers = {"106540352242922": "another"}
        self.fails(channel, now=now, code="190")

    def test_on_the_second_page_changes_nothing(
        self, channel: Channel, cloud: CloudFake, now: datetime
    ) -> None:
        cloud._template_page = lambda start: (  # type: ignore[method-assign]
            CloudFake._template_page(cloud, start) if not start else {"error": "no more"}
        )
        self.fails(channel, now=now, code="unreadable")

    def test_of_the_line_changes_nothing(
        self, channel: Channel, settings: Any, now: datetime
    ) -> None:
        settings.WHATSAPP_CLOUD_API_BASE_URL = "http://127.0.0.1:9/v23.0"
        self.fails(channel, now=now, code="no_connection")

    def test_of_our_key_changes_nothing(self, channel: Channel, now: datetime) -> None:
        Channel.objects.filter(pk=channel.pk).update(access_token="")
        self.fails(channel, now=now, code="not_configured")

    def test_is_forgotten_with_the_next_success(
        self, channel: Channel, cloud: CloudFake, now: datetime
    ) -> None:
        cloud.numbers = {"106540352242922": "another"}
        templates.sync_next(now=now)
        cloud.numbers = {"106540352242922": "the-access-token"}
        templates.sync_next(now=now + templates.EVERY)
        sync = TemplateSync.objects.get(pk=channel.pk)
        assert (sync.error_code, sync.failed_at, sync.failures) == ("", None, 0)


class TestWhenItIsDue:
    def test_is_a_minute_after_a_channel_was_made(self, now: datetime) -> None:
        made = make_through_the_service(now)
        assert made.template_sync.sync_due_at == now + MINUTE

    def test_is_never_while_a_channel_is_off(self, now: datetime) -> None:
        made = make_through_the_service(now)
        channels.update(made, now=now, is_active=False)
        made.template_sync.refresh_from_db()
        assert made.template_sync.sync_due_at is None
        assert templates.sync_next(now=now + timedelta(days=1)) is False

    def test_is_never_for_texts_by_sms(self, now: datetime) -> None:
        made = make_through_the_service(now, medium="sms")
        assert made.template_sync.sync_due_at is None

    def test_is_never_for_the_simulator(self, now: datetime) -> None:
        phone = channels.create(provider="simulator", name="Phone", now=now)
        assert not TemplateSync.objects.filter(pk=phone.pk).exists()

    def test_is_every_half_hour(self, cloud: CloudFake, now: datetime) -> None:
        channel = due(make_cloud_channel(), now=now)
        templates.sync_next(now=now)
        channel.template_sync.refresh_from_db()
        assert channel.template_sync.sync_due_at == now + 30 * MINUTE

    def test_is_later_and_later_while_the_provider_refuses(
        self, cloud: CloudFake, now: datetime
    ) -> None:
        cloud.numbers = {}
        sync = due(make_cloud_channel(), now=now).template_sync
        waits = []
        for _ in range(7):
            templates.sync_next(now=now)
            sync.refresh_from_db()
            waits.append((sync.sync_due_at - now) / MINUTE)
            now = sync.sync_due_at
        assert waits == [30, 60, 120, 240, 480, 720, 720]

    def test_of_one_that_refuses_holds_up_no_other(
        self, cloud: CloudFake, twilio: fake_twilio.RunningFake, now: datetime
    ) -> None:
        cloud.numbers = {}
        twilio.store.contents = [content(1, approval={"name": "fine", "status": "approved"})]
        due(make_cloud_channel(), now=now - MINUTE)
        due(make_channel(), now=now)
        while templates.sync_next(now=now):
            pass
        assert states() == {"fine": "approved"}

    def test_is_soon_once_one_of_them_was_refused(self, cloud: CloudFake, now: datetime) -> None:
        channel = due(make_cloud_channel(), now=now)
        templates.sync_next(now=now)
        templates.hasten(channel, now=now)
        channel.template_sync.refresh_from_db()
        assert channel.template_sync.sync_due_at == now + MINUTE


class TestWhoWasOvertaken:
    def test_writes_nothing_down(self, cloud: CloudFake, now: datetime) -> None:
        channel = due(make_cloud_channel(), now=now)
        slow = templates._claim_next(now=now)
        assert slow is not None
        assert templates.sync_next(now=now) is False  # somebody is at it

        cloud.templates = [row("four", "APPROVED")]
        templates.sync(channel, now=now + MINUTE)
        cloud.templates = []
        templates._sync(slow, now=now + 2 * MINUTE)

        assert states() == {"four": "approved"}
        assert TemplateSync.objects.get(pk=channel.pk).synced_at == now + MINUTE

    def test_by_new_settings_writes_nothing_down(self, cloud: CloudFake, now: datetime) -> None:
        channel = due(make_cloud_channel(), now=now)
        slow = templates._claim_next(now=now)
        assert slow is not None
        channels.update(channel, now=now, access_token="another")
        templates._sync(slow, now=now)
        sync = TemplateSync.objects.get(pk=channel.pk)
        assert (sync.synced_at, sync.sync_due_at) == (None, now + MINUTE)
        assert states() == {}

    def test_by_death_is_followed_when_the_time_is_over(
        self, cloud: CloudFake, now: datetime
    ) -> None:
        due(make_cloud_channel(), now=now)
        templates._claim_next(now=now)
        assert templates.sync_next(now=now + templates.LEASE) is True
        assert len(states()) == 3


class TestThePage:
    def page(self, user: Any) -> str:
        return sign_in(user).get("/admin/channels/template/").content.decode()

    def test_says_as_of_when(self, cloud: CloudFake, now: datetime) -> None:
        templates.sync(make_cloud_channel(), now=now)
        assert "as of 11/18/2026" in self.page(make_supervisor())

    def test_says_why_not_and_when_again(self, cloud: CloudFake, now: datetime) -> None:
        channel = due(make_cloud_channel(name="Berlin"), now=now)
        make_template(channel=channel)
        cloud.numbers = {}
        templates.sync_next(now=now)

        page = self.page(make_supervisor())

        assert "Since 11/18/2026" in page
        assert "The access token of this channel has expired" in page
        assert "Next try: 11/18/2026" in page
        assert "not fetched yet" in page

    def test_says_it_where_there_is_no_template_at_all(
        self, cloud: CloudFake, now: datetime
    ) -> None:
        cloud.numbers = {}
        due(make_cloud_channel(), now=now)
        templates.sync_next(now=now)
        page = self.page(make_administrator())
        assert "its templates cannot be fetched" in page
        assert "No template yet." in page


def make_through_the_service(now: datetime, **fields: Any) -> Channel:
    return channels.create(
        provider="twilio",
        name="Tokyo",
        now=now,
        account_sid=ACCOUNT_SID,
        auth_token=AUTH_TOKEN,
        phone_number="+15550001234",
        **fields,
    )
