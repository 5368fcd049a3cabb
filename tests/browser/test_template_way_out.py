"""WhatsApp refuses a free text as too late; the template is the way out, to the ticks."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from channels.models import Channel
from channels.services import templates
from conversations.models import Conversation, Message
from conversations.services import delivery
from teams.models import User
from tests.browser.conftest import PHONE
from tests.factories import (
    ACCOUNT_SID,
    AUTH_TOKEN,
    make_channel,
    make_contact,
    make_conversation,
    make_message,
    make_supervisor,
)
from tests.fake_twilio import RunningFake, running

pytestmark = pytest.mark.django_db(transaction=True)
Open = Callable[..., Page]
DORA = "+819012345678"
READY = {
    "sid": "HX" + "7" * 32,
    "friendly_name": "order_ready",
    "language": "en",
    "variables": {"1": "Ana", "2": "12:00"},
    "types": {"twilio/text": {"body": "Dear {{1}}, your order is ready at {{2}}."}},
    "approval_requests": {"name": "order_ready", "status": "approved", "category": "UTILITY"},
    "account_sid": ACCOUNT_SID,
    "date_created": "2026-11-01T00:00:00Z",
    "date_updated": "2026-11-01T00:00:00Z",
    "url": "",
    "links": {},
}


@pytest.fixture
def twilio(settings: Any, live_server: Any) -> Iterator[RunningFake]:
    with running() as fake:
        settings.TWILIO_API_BASE_URL = fake.url
        fake.store.accounts[ACCOUNT_SID] = AUTH_TOKEN
        fake.store.reach = live_server.url
        fake.store.story = ("sent", "delivered", "read")
        fake.store.contents = [READY]
        yield fake


@pytest.fixture
def channel(twilio: RunningFake) -> Channel:
    channel = make_channel()
    templates.sync(channel, now=timezone.now())
    return channel


@pytest.fixture
def sachi() -> User:
    return make_supervisor()


def dora_wrote(channel: Channel, *, hours_ago: float) -> Conversation:
    at = timezone.now() - timedelta(hours=hours_ago)
    dora = make_contact(name="Dora", address=DORA)
    talk = make_conversation(channel=channel, contact=dora, now=at, last_inbound_at=at)
    make_message(conversation=talk, body="Is it ready?", now=at)
    return talk


def send_all(twilio: RunningFake) -> None:
    while delivery.send_next(now=timezone.now()):
        pass
    twilio.reporter.settle()


def send_template(page: Page, *, name: str, at: str) -> None:
    """Choose the template, fill it, look at it and send it."""
    page.get_by_role("link", name="order_ready").click()
    page.get_by_label("Placeholder {{1}}").fill(name)
    page.get_by_label("Placeholder {{2}}").fill(at)
    expect(page.locator(".bubble .text")).to_contain_text("{{1}}")
    page.get_by_role("button", name="Show the text").click()
    expect(page.locator(".bubble .text")).to_have_text(f"Dear {name}, your order is ready at {at}.")
    assert not Message.objects.filter(kind="template").exists()
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".bubble.outbound", has_text=f"Dear {name}")).to_be_visible()


class TestAFreeTextThatFailed:
    @pytest.mark.parametrize("has_scripts", [True, False], ids=["scripts", "plain"])
    def test_says_why_and_goes_out_as_a_template(
        self,
        open_browser: Open,
        complaints: list[str],
        twilio: RunningFake,
        channel: Channel,
        sachi: User,
        has_scripts: bool,  # noqa: FBT001 - a case of the test
    ) -> None:
        # WhatsApp counts by its own clock, and says no where ours said yes.
        twilio.store.closed_windows.add(f"whatsapp:{DORA}")
        talk = dora_wrote(channel, hours_ago=23.9)
        page = open_browser(sachi, java_script_enabled=has_scripts)
        page.goto(f"/admin/conversations/conversation/{talk.pk}/change/")
        page.get_by_label("Text", exact=True).fill("It is ready!")
        page.get_by_role("button", name="Send to Dora").click()
        expect(page.locator(".bubble.outbound")).to_have_count(1)
        send_all(twilio)

        page.reload()
        failed = page.locator(".bubble.outbound", has_text="It is ready!")
        expect(failed).to_contain_text("not delivered")
        expect(failed).to_contain_text("63016")
        expect(failed).to_contain_text("More than 24 hours passed")
        page.get_by_role("link", name="Send as template…").click()
        send_template(page, name="Dora", at="15:00")
        send_all(twilio)

        page.reload()
        sent = page.locator(".bubble.outbound", has_text="Dear Dora")
        expect(sent.locator(".tick.read")).to_be_visible()
        texts = [each["body"] for each in twilio.messages]
        assert texts == ["It is ready!", "Dear Dora, your order is ready at 15:00."]
        assert twilio.messages[1]["content_sid"] == READY["sid"]
        assert complaints == []


class TestAfterTheTwentyFourHours:
    def test_the_box_offers_the_template_in_place_of_a_text(
        self,
        open_browser: Open,
        complaints: list[str],
        twilio: RunningFake,
        channel: Channel,
        sachi: User,
    ) -> None:
        talk = dora_wrote(channel, hours_ago=30)
        page = open_browser(sachi, viewport=PHONE)
        page.goto(f"/admin/conversations/conversation/{talk.pk}/change/")
        expect(page.get_by_text("that time is over (error 63016)").first).to_be_visible()
        page.get_by_role("link", name="Send a template…").click()
        send_template(page, name="Dora", at="16:00")
        send_all(twilio)

        page.reload()
        sent = page.locator(".bubble.outbound", has_text="Dear Dora")
        expect(sent.locator(".tick.read")).to_be_visible()
        assert len(twilio.messages) == 1
        assert complaints == []
