"""An AI agent in a browser: set up, tried, talked to as a customer, and handed over to a person."""

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from channels.models import Channel, Provider
from channels.services import channels
from conversations.models import Conversation
from teams.models import Role, User
from tests.factories import make_agent
from tests.settle import settle

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sachi() -> User:
    return make_agent(name="Sachi", role=Role.ADMINISTRATOR, presence="offline")


@pytest.fixture
def line() -> Channel:
    """A number that Bruno answers."""
    now = timezone.now()
    line = channels.create(provider=Provider.SIMULATOR, name="WhatsApp Tokyo", now=now)
    channels.join(line, user=make_agent(name="Bruno", capacity=5), now=now)
    return line


class TestAnAiAgent:
    def test_from_its_form_to_the_person_who_goes_on(
        self,
        open_browser: Callable[..., Page],
        complaints: list[str],
        line: Channel,
        sachi: User,
    ) -> None:
        desk = open_browser(sachi)

        # It is set up: no network, one answer, and a word that means a person.
        desk.goto("/admin/routing/aiagent/add/")
        desk.get_by_label("Name").fill("Fay")
        desk.get_by_label("Kind").select_option("faq")
        desk.get_by_label("WhatsApp Tokyo").check()
        desk.get_by_label("Words that mean a person").fill("human")
        desk.locator("#id_entries-0-question").fill("When are you open?")
        desk.locator("#id_entries-0-answer").fill("From 9 to 18.")
        desk.locator("#id_entries-0-keywords").fill("open")
        desk.get_by_role("button", name="Save", exact=True).click()
        desk.get_by_role("link", name="Fay", exact=True).click()

        # Nobody is needed to try it.
        desk.get_by_role("link", name="Try it").first.click()
        desk.get_by_role("textbox", name="Message").fill("Are you open?")
        desk.get_by_role("button", name="Ask").click()
        expect(desk.locator(".log")).to_contain_text("From 9 to 18.")
        desk.get_by_role("textbox", name="Message").fill("My kettle exploded")
        desk.get_by_role("button", name="Ask").click()
        expect(desk.locator(".log")).to_contain_text("It knew no answer")
        assert not Conversation.objects.exists()
        desk.get_by_role("link", name="Fay", exact=True).click()
        desk.get_by_role("button", name="Start").click()
        expect(desk.get_by_text("it answers from the next message on")).to_be_visible()

        # A customer asks it, and then for a person.
        phone = desk.context.new_page()
        phone.goto("/simulator/")
        self._write(phone, "Are you open?")
        expect(phone.locator("#sim-desk")).to_contain_text("Why Fay?")
        settle(now=timezone.now())
        expect(phone.locator("#sim-chat")).to_contain_text("From 9 to 18.", timeout=20_000)
        self._write(phone, "A human please")
        settle(now=timezone.now())
        expect(phone.locator("#sim-desk")).to_contain_text("Why Bruno?", timeout=20_000)

        # The console says why, and what was said before.
        conversation = Conversation.objects.get()
        desk.goto(f"/admin/conversations/conversation/{conversation.pk}/change/")
        expect(desk.locator(".trail").first).to_contain_text(
            "The customer asked AI agent Fay for a person."
        )
        expect(desk.locator(".bubble.note")).to_contain_text("Handed over by AI agent Fay.")
        expect(desk.locator(".bubble.outbound.automatic")).to_contain_text("From 9 to 18.")
        expect(desk.locator(".talk-facts")).to_contain_text("Bruno")
        assert complaints == []

    @staticmethod
    def _write(phone: Page, text: str) -> None:
        phone.locator("#sim-text").fill(text)
        phone.get_by_role("button", name="Send as the customer").click()
        expect(phone.locator("#sim-chat")).to_contain_text(text)
