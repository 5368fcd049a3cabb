"""The whole story in a browser: a customer writes, somebody answers, everybody can see why."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from channels.greetings import TextKind
from channels.models import Channel, Provider
from channels.services import channels, texts
from conversations.models import Conversation, Survey
from conversations.states import Status
from teams.models import Role, Strategy, User
from tests.factories import make_agent, make_rule, make_team
from tests.settle import settle

pytestmark = pytest.mark.django_db(transaction=True)
CUSTOMER = "佐藤 美咲"
QUESTION = "返金できますか?"
ANSWER = "はい、すぐに手配いたします。"


@pytest.fixture
def sachi() -> User:
    return make_agent(name="Sachi", role=Role.ADMINISTRATOR, presence="offline")


@pytest.fixture
def shop(sachi: User) -> Channel:
    """Two colleagues in Support, a rule for refunds, and a number that anybody can write to."""
    bruno = make_agent(name="Bruno", capacity=5)
    make_agent(name="Chen")
    support = make_team(strategy=Strategy.LEAST_BUSY, members=(bruno,))
    vip = make_team(name="VIP", members=(bruno,))
    make_rule(name="VIP", team=vip, conditions=(("contact.tag", "in", "vip"),), position=0)
    make_rule(
        name="Refunds",
        team=support,
        conditions=(("message.text", "contains", "refund, 返金"),),
        position=1,
    )
    channel = channels.create(
        provider=Provider.SIMULATOR, name="WhatsApp Tokyo", now=timezone.now(), has_survey=True
    )
    texts.replace(channel, kind=TextKind.SURVEY_THANKS, texts={"ja": "ありがとうございました。"})
    return channel


class TestTheStory:
    def test_from_the_first_message_to_the_rating(
        self,
        open_browser: Callable[..., Page],
        complaints: list[str],
        shop: Channel,
        sachi: User,
    ) -> None:
        phone = open_browser(sachi)
        desk = phone.context.new_page()

        # The customer writes; a rule matches, and its team's strategy chooses Bruno.
        phone.goto("/simulator/")
        phone.get_by_role("button", name=QUESTION).click()
        expect(phone.locator("#sim-chat")).to_contain_text(QUESTION)
        expect(phone.locator("#sim-desk")).to_contain_text("Why Bruno?")

        # Everybody can read why.
        conversation = Conversation.objects.get()
        desk.goto("/admin/conversations/conversation/?view=open")
        desk.get_by_role("link", name=CUSTOMER).click()
        expect(desk.get_by_role("heading", name="Why Bruno?")).to_be_visible()
        expect(desk.locator(".trail")).to_contain_text("Rule “VIP” did not match")
        expect(desk.locator(".trail")).to_contain_text("Rule “Refunds” matched")
        expect(desk.locator(".talk-facts")).to_contain_text("Bruno")

        # An answer is written in the console; it is sent, and its ticks come back.
        desk.get_by_label("Text", exact=True).fill(ANSWER)
        desk.get_by_role("button", name=f"Send to {CUSTOMER}").click()
        tick = desk.locator(".bubble.outbound").filter(has_text=ANSWER).locator(".tick")
        expect(tick).to_contain_text("queued")
        settle(now=timezone.now())
        desk.reload()
        # The phone that stands open beside it may have reported more by now.
        expect(tick).to_contain_text(re.compile("sent|delivered|read"))
        expect(phone.locator("#sim-chat")).to_contain_text(ANSWER, timeout=20_000)
        _until(lambda: _status_of(ANSWER, conversation) == "read", phone)
        desk.reload()
        expect(tick).to_contain_text("read")

        # It is resolved; the customer is asked, and rates it with a five.
        desk.get_by_role("button", name="Resolve").click()
        expect(desk.get_by_text("The customer is asked for a rating.")).to_be_visible()
        settle(now=timezone.now())
        phone.goto("/simulator/")
        phone.get_by_role("button", name="5", exact=True).click()
        expect(phone.locator("#sim-desk")).to_contain_text("Closed")

        conversation.refresh_from_db()
        assert conversation.status == Status.CLOSED
        assert Survey.objects.get().rating == 5
        desk.goto("/admin/conversations/survey/")
        expect(desk.locator("#result_list").get_by_text("5 great")).to_be_visible()
        expect(desk.locator("#result_list")).to_contain_text("Bruno")
        assert complaints == []


def _status_of(body: str, conversation: Conversation) -> str:
    return str(conversation.messages.get(body=body).delivery_status)


def _until(is_true: Callable[[], Any], page: Page, *, tries: int = 100) -> None:
    """Wait for what happens behind the page, as the phone looks again every few seconds."""
    for _ in range(tries):
        if is_true():
            return
        page.wait_for_timeout(200)
    pytest.fail("it did not happen in time")
