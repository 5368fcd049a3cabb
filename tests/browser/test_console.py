"""The console in a browser: it looks whole, works without scripts, and does things once."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from conversations.models import Conversation, Message
from conversations.models.message import Direction
from routing.models import Rule
from teams.models import Role, User
from tests.browser.conftest import PHONE
from tests.factories import (
    make_agent,
    make_channel,
    make_contact,
    make_conversation,
    make_message,
    make_rule,
    make_team,
)

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "/admin/conversations/conversation/"
Open = Callable[..., Page]


@pytest.fixture
def ada() -> User:
    return make_agent(name="Ada", role=Role.ADMINISTRATOR)


@pytest.fixture
def conversation() -> Conversation:
    now = timezone.now()
    row = make_conversation(
        channel=make_channel(has_survey=True),
        contact=make_contact(name="Dora"),
        last_inbound_at=now,
        waiting_since=now,
    )
    make_message(conversation=row, body="Where is my order?", now=now)
    return row


def change(row: Any) -> str:
    model = type(row)._meta
    return f"/admin/{model.app_label}/{model.model_name}/{row.pk}/change/"


class TestEveryPage:
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    @pytest.mark.parametrize("viewport", [None, PHONE], ids=["wide", "narrow"])
    def test_fits_its_window_and_breaks_no_rule(
        self,
        open_browser: Open,
        complaints: list[str],
        ada: User,
        conversation: Conversation,
        scheme: str,
        viewport: Any,
    ) -> None:
        team = make_team(members=(ada,))
        rule = make_rule(team=team, conditions=(("message.text", "contains", "refund"),))
        options = {"viewport": viewport} if viewport else {}
        page = open_browser(ada, color_scheme=scheme, **options)
        rows = (conversation, team, rule, ada, conversation.channel)
        lists = {change(row).split(str(row.pk))[0] for row in rows}
        others = ("/admin/", "/admin/conversations/survey/", "/admin/teams/apikey/add/")
        for address in (*map(change, rows), *sorted(lists), *others, "/simulator/"):
            page.goto(address)
            wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wider <= 0, address
        assert complaints == []

    def test_runs_nothing_that_a_stranger_wrote(
        self, open_browser: Open, complaints: list[str], ada: User, conversation: Conversation
    ) -> None:
        hostile = '"><svg/onload=alert(1)></script><script>alert(1)</script>'
        conversation.contact.name = hostile
        conversation.contact.save()
        make_message(conversation=conversation, body=hostile, now=timezone.now())
        page = open_browser(ada)
        page.on("dialog", lambda dialog: complaints.append(dialog.message))
        for address in (LIST, change(conversation)):
            page.goto(address)
            expect(page.get_by_text("svg/onload").first).to_be_visible()
        assert complaints == []


class TestThePhone:
    def test_shows_five_conversations_at_once(self, open_browser: Open, ada: User) -> None:
        channel = make_channel()
        for number in range(8):
            row = make_conversation(
                channel=channel, contact=make_contact(name=f"Customer {number}")
            )
            make_message(conversation=row, body="Where is my order? " * 8)
        page = open_browser(ada, viewport=PHONE)
        page.goto(LIST)
        bottoms = [
            box["y"] + box["height"]
            for row in page.locator("#result_list tbody tr").all()
            if (box := row.bounding_box())
        ]
        assert sum(bottom <= PHONE["height"] for bottom in bottoms) >= 5

    def test_keeps_its_menu_closed_until_asked(self, open_browser: Open, ada: User) -> None:
        page = open_browser(ada, viewport=PHONE)
        page.goto("/admin/")
        link = page.get_by_role("link", name="Rules")
        expect(link).to_be_hidden()
        page.get_by_text("Menu", exact=True).click()
        expect(link).to_be_visible()


class TestAnswering:
    def test_sends_once_on_a_double_click(
        self, open_browser: Open, ada: User, conversation: Conversation
    ) -> None:
        page = open_browser(ada)
        page.goto(change(conversation))
        page.get_by_label("Text", exact=True).fill("On its way.")
        page.get_by_role("button", name="Send to Dora").dblclick()
        expect(page.locator(".bubble.outbound")).to_have_count(1)
        assert Message.objects.filter(direction=Direction.OUTBOUND).count() == 1

    def test_says_on_its_button_where_the_text_goes(
        self, open_browser: Open, ada: User, conversation: Conversation
    ) -> None:
        page = open_browser(ada)
        page.goto(change(conversation))
        page.get_by_label("Text", exact=True).fill("Third order this year")
        page.get_by_label("Internal note").check()
        expect(page.get_by_role("button", name="Send to Dora")).to_be_hidden()
        expect(page.get_by_label("Text", exact=True)).to_have_value("Third order this year")
        page.get_by_role("button", name="Add note").click()
        expect(page.locator(".bubble.note")).to_contain_text("Third order this year")
        assert not Message.objects.filter(direction=Direction.OUTBOUND).exists()

    def test_keeps_a_draft_until_it_is_sent(
        self, open_browser: Open, ada: User, conversation: Conversation
    ) -> None:
        page = open_browser(ada)
        page.goto(change(conversation))
        page.get_by_label("Text", exact=True).fill("Half a sent")
        page.goto(LIST)
        page.goto(change(conversation))
        expect(page.get_by_label("Text", exact=True)).to_have_value("Half a sent")
        page.keyboard.press("Tab")
        page.get_by_label("Text", exact=True).press("Control+Enter")
        expect(page.locator(".bubble.outbound")).to_have_count(1)
        expect(page.get_by_label("Text", exact=True)).to_have_value("")

    def test_shows_the_newest_message_first(
        self, open_browser: Open, ada: User, conversation: Conversation
    ) -> None:
        for number in range(40):
            make_message(conversation=conversation, body=f"Text {number}", now=timezone.now())
        page = open_browser(ada)
        page.goto(change(conversation))
        expect(page.get_by_text("Text 39", exact=True)).to_be_in_viewport()


class TestAssigning:
    def test_opens_as_a_dialog_and_gives_the_focus_back(
        self, open_browser: Open, ada: User, conversation: Conversation
    ) -> None:
        page = open_browser(ada)
        page.goto(change(conversation))
        button = page.get_by_role("link", name="Assign…")
        button.click()
        dialog = page.get_by_role("dialog", name="Assign")
        expect(dialog).to_be_visible()
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
        expect(button).to_be_focused()
        button.click()
        dialog.get_by_label("Person").select_option(str(ada.pk))
        dialog.get_by_role("button", name="Assign").click()
        expect(page.get_by_text("Ada has this conversation now.")).to_be_visible()


class TestWithoutScripts:
    def test_answers_assigns_and_resolves(
        self, open_browser: Open, ada: User, conversation: Conversation
    ) -> None:
        page = open_browser(ada, java_script_enabled=False)
        page.goto(change(conversation))
        page.get_by_label("Text", exact=True).fill("On its way.")
        page.get_by_role("button", name="Send to Dora").click()
        expect(page.locator(".bubble.outbound")).to_contain_text("On its way.")
        page.get_by_role("link", name="Assign…").click()
        page.get_by_label("Person").select_option(str(ada.pk))
        page.get_by_role("button", name="Assign", exact=True).click()
        page.get_by_role("button", name="Resolve").click()
        expect(page.get_by_text("is resolved")).to_be_visible()

    def test_moves_rules_and_adds_conditions(self, open_browser: Open, ada: User) -> None:
        team = make_team(members=(ada,))
        make_rule(name="One", team=team, position=0)
        make_rule(name="Two", team=team, position=1)
        page = open_browser(ada, java_script_enabled=False)
        page.goto("/admin/routing/rule/")
        page.get_by_role("button", name="Move “Two” up").click()
        expect(page.get_by_text("“Two” is number 1 now.")).to_be_visible()
        page.get_by_role("link", name="Add a rule").click()
        page.get_by_label("Name:").fill("Refunds")
        page.locator("#id_conditions-0-value").fill("refund")
        page.get_by_label("Team:").select_option(str(team.pk))
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_text("If the message contains refund")).to_be_visible()
        assert list(Rule.objects.values_list("name", flat=True)) == ["Two", "One", "Refunds"]

    def test_opens_the_menus(self, open_browser: Open, ada: User) -> None:
        page = open_browser(ada, java_script_enabled=False, viewport=PHONE)
        page.goto("/admin/")
        page.get_by_text("Menu", exact=True).click()
        page.get_by_role("link", name="Teams").click()
        expect(page.get_by_role("heading", name="Teams")).to_be_visible()


class TestTheList:
    def test_shows_its_actions_once_something_is_chosen(
        self, open_browser: Open, ada: User, conversation: Conversation
    ) -> None:
        page = open_browser(ada)
        page.goto(LIST)
        resolve = page.get_by_role("button", name="Resolve…")
        expect(resolve).to_be_hidden()
        page.locator("input.action-select").check()
        expect(page.get_by_text("1 selected")).to_be_visible()
        resolve.click()
        page.get_by_role("button", name="Resolve 1").click()
        expect(page.get_by_text("1 conversation is resolved.")).to_be_visible()

    def test_is_walked_by_the_keyboard(
        self, open_browser: Open, ada: User, conversation: Conversation
    ) -> None:
        page = open_browser(ada)
        page.goto(LIST)
        page.keyboard.press("/")
        expect(page.locator("#find")).to_be_focused()
        page.locator("#find").blur()
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Dora")).to_be_visible()


class TestARuleMoved:
    def test_keeps_the_focus_on_its_button(self, open_browser: Open, ada: User) -> None:
        team = make_team(members=(ada,))
        rules = [
            make_rule(name=name, team=team, position=place)
            for place, name in enumerate(("One", "Two", "Three"))
        ]
        page = open_browser(ada)
        page.goto("/admin/routing/rule/")
        page.get_by_role("button", name="Move “Three” up").click()
        expect(page.locator(f"#move-up-{rules[2].pk}")).to_be_focused()
