"""A survey in a browser: asked, answered, credited and followed up; or not asked, and why."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from channels.greetings import TextKind
from channels.models import Channel, Provider, Template
from channels.services import channels, survey_templates, texts
from conversations.models import Conversation, Survey
from conversations.states import Status
from teams.models import Role, User
from tests.doors import customer_writes
from tests.factories import make_agent, make_rule, make_team, make_template
from tests.settle import settle

pytestmark = pytest.mark.django_db(transaction=True)
Open = Callable[..., Page]
SCRIPTS = pytest.mark.parametrize(
    "options", [{}, {"java_script_enabled": False}], ids=["js", "none"]
)
ADDRESS = "+819000000001"
RATINGS = "/admin/conversations/survey/"


@pytest.fixture
def sachi() -> User:
    return make_agent(name="Sachi", role=Role.SUPERVISOR, presence="offline")


@pytest.fixture
def channel(sachi: User) -> Channel:
    """A number whose conversations are Bruno's, in Support, and that asks how it was, and why."""
    bruno = make_agent(name="Bruno")
    make_rule(team=make_team(name="Support", members=(bruno, sachi)))
    made = channels.create(
        provider=Provider.SIMULATOR, name="WhatsApp Tokyo", now=timezone.now(), has_survey=True
    )
    for kind, text in (
        (TextKind.SURVEY_QUESTION, "How was it, from 1 to 5?"),
        (TextKind.SURVEY_COMMENT, "What can we do better?"),
        (TextKind.SURVEY_THANKS, "Thank you for telling us."),
    ):
        texts.replace(made, kind=kind, texts={"en": text})
    return made


def page_of(conversation: Conversation) -> str:
    return f"/admin/conversations/conversation/{conversation.pk}/change/"


def say(channel: Channel, text: str) -> None:
    assert customer_writes(channel, text, address=ADDRESS).status_code == 200
    settle(now=timezone.now())


def resolve(page: Page, conversation: Conversation) -> None:
    """Resolve it on its page; the list says so afterwards."""
    page.goto(page_of(conversation))
    page.get_by_role("button", name="Resolve").first.click()
    expect(page.locator("ul.messagelist")).to_contain_text("is resolved")


@SCRIPTS
class TestASurvey:
    def test_is_answered_credited_and_followed_up(
        self,
        open_browser: Open,
        complaints: list[str],
        channel: Channel,
        sachi: User,
        options: dict[str, Any],
    ) -> None:
        page = open_browser(sachi, **options)
        say(channel, "Where is my order?")
        conversation = Conversation.objects.get()
        resolve(page, conversation)
        settle(now=timezone.now())

        for text in ("2", "I waited for an hour."):
            say(channel, text)
        page.goto(page_of(conversation))
        chat = page.get_by_role("log")
        for text in (
            "How was it, from 1 to 5?",
            "What can we do better?",
            "I waited for an hour.",
            "Thank you for telling us.",
        ):
            expect(chat.locator(".bubble").filter(has_text=text)).to_have_count(1)

        page.goto(RATINGS)
        rows = page.locator("#result_list tbody tr")
        expect(rows).to_have_count(1)
        for text in ("2 poor", "I waited for an hour.", "Bruno", "Support", "WhatsApp Tokyo"):
            expect(rows.first).to_contain_text(text)

        rows.get_by_role("link", name="Follow up…").click()
        page.get_by_label("Person").select_option(str(sachi.pk))
        page.get_by_label("Note").fill("Call her, please.")
        page.get_by_role("button", name="Follow up", exact=True).click()
        expect(page.locator("ul.messagelist .success")).to_contain_text("Sachi has the")
        expect(page.get_by_role("log")).to_contain_text("Call her, please.")

        conversation.refresh_from_db()
        assert (conversation.status, conversation.assignee) == (Status.NEW, sachi)
        assert Survey.objects.get().agent != sachi
        assert complaints == []

    def test_has_its_comment_hidden_and_shown_again(
        self, open_browser: Open, channel: Channel, sachi: User, options: dict[str, Any]
    ) -> None:
        page = open_browser(sachi, **options)
        say(channel, "Where is my order?")
        resolve(page, Conversation.objects.get())
        for text in ("2", "Ask my sister."):
            say(channel, text)

        page.goto(RATINGS)
        page.get_by_role("link", name="Hide the comment…").click()
        page.get_by_label("Reason").fill("Names a third person.")
        page.get_by_role("button", name="Hide the comment").click()
        hidden = page.get_by_text("Hidden from agents by Sachi")
        expect(hidden).to_contain_text("Names a third person.")
        page.get_by_role("link", name="Show the comment…").click()
        page.get_by_role("button", name="Show the comment").click()
        expect(page.get_by_role("link", name="Hide the comment…")).to_be_visible()
        expect(hidden).to_have_count(0)

    def test_that_could_not_be_asked_says_why(
        self, open_browser: Open, channel: Channel, sachi: User, options: dict[str, Any]
    ) -> None:
        page = open_browser(sachi, **options)
        say(channel, "Where is my order?")
        conversation = Conversation.objects.get()
        Conversation.objects.update(last_inbound_at=timezone.now() - timedelta(days=2))
        template = make_template(channel=channel, name="csat", body="How was it?", variables=[])
        survey_templates.replace(channel, rows=[(template, {})])
        Template.objects.update(status="rejected", reason="Too salesy")
        resolve(page, conversation)

        why = "the template could not be used (csat (en): Too salesy)"
        page.goto(page_of(conversation))
        expect(page.locator("[data-live='numbers']")).to_contain_text(why)
        page.goto(RATINGS)
        expect(page.locator("#result_list tbody tr")).to_contain_text(why)
