"""A whole conversation outside business hours, in a browser: told once, answered in the morning."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time

import pytest
import time_machine
from django.utils import timezone
from playwright.sync_api import Page, expect
from time_machine import Traveller

from channels.greetings import TextKind
from channels.models import Channel, Provider
from channels.services import channels, texts
from conversations.models import Conversation
from teams.hours import Interval
from teams.models import Role, User
from teams.services import hours
from tests.factories import make_agent, make_rule, make_team
from tests.settle import settle

pytestmark = pytest.mark.django_db(transaction=True)
CUSTOMER = "佐藤 美咲"
CLOSED = "We are closed. We open Thursday, November 19, 09:00 (Tokyo)."
ANSWER = "Good morning! It left yesterday."


def tokyo(day: int, hour: int) -> datetime:
    return datetime(2026, 11, day, hour - 9, 10, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[Traveller]:
    with time_machine.travel(tokyo(18, 22)) as clock:
        yield clock


@pytest.fixture
def sachi(clock: Traveller) -> User:
    """A supervisor of the team that gets everything, in Tokyo."""
    sachi = make_agent(name="Sachi", role=Role.SUPERVISOR)
    User.objects.filter(pk=sachi.pk).update(time_zone="Asia/Tokyo")
    make_rule(team=make_team(members=(sachi, make_agent(name="Bruno"))))
    return sachi


@pytest.fixture
def channel(sachi: User) -> Channel:
    """Open on weekdays from nine to six; the greeting is off."""
    office = [Interval(time(9), time(18))]
    calendar = hours.create(
        code="tokyo", name="Tokyo", time_zone="Asia/Tokyo", week=[*[office] * 5, [], []]
    )
    channel = channels.create(
        provider=Provider.SIMULATOR,
        name="WhatsApp Tokyo",
        now=timezone.now(),
        hours=calendar,
        has_unavailable_message=True,
    )
    text = {"en": "We are closed. We open {next_opening}."}
    texts.replace(channel, kind=TextKind.UNAVAILABLE, texts=text)
    return channel


def write(phone: Page, *, count: int) -> None:
    """Let the customer press the first suggestion; `count` is how many messages there are then."""
    phone.goto("/simulator/")
    phone.locator(".sim-suggestions button").first.click()
    expect(phone.locator("#sim-chat .sim-mine")).to_have_count(count)


@pytest.mark.parametrize("has_scripts", [True, False], ids=["scripts", "plain"])
def test_from_the_night_to_the_next_evening(
    open_browser: Callable[..., Page],
    complaints: list[str],
    clock: Traveller,
    channel: Channel,
    sachi: User,
    has_scripts: bool,  # noqa: FBT001 - a case of the test
) -> None:
    phone = open_browser(sachi, java_script_enabled=has_scripts)
    desk = phone.context.new_page()
    theirs = phone.locator("#sim-chat .sim-theirs")

    # At night the customer writes twice, and is told once.
    write(phone, count=1)
    write(phone, count=2)
    phone.goto("/simulator/")
    expect(theirs).to_have_count(1)
    expect(theirs).to_contain_text(CLOSED)

    # Whoever looks can read why.
    conversation = Conversation.objects.get()
    page = f"/admin/conversations/conversation/{conversation.pk}/change/"
    desk.goto(page)
    panel = desk.get_by_role("region", name="Automatic messages")
    told = panel.locator("li").filter(has_text="Sent, in this language: English.")
    expect(told).to_have_count(1)
    expect(told).to_contain_text("Closed since Wed November 18 18:00, until Thu November 19 09:00.")
    expect(told).to_contain_text("Not sent again to 1 later message")
    expect(panel).to_contain_text("Greeting")
    expect(panel).to_contain_text("Not sent: it was switched off.")

    # In the morning the customer asks again, and a person answers.
    clock.move_to(tokyo(19, 9))
    write(phone, count=3)
    desk.goto(page)
    expect(told).to_contain_text("Not sent again to 1 later message")
    desk.get_by_label("Text").fill(ANSWER)
    desk.get_by_role("button", name=f"Send to {CUSTOMER}").click()
    expect(desk.locator(".bubble.outbound").filter(has_text=ANSWER)).to_be_visible()
    settle(now=timezone.now())
    phone.goto("/simulator/")
    expect(theirs).to_have_count(2)
    expect(theirs.last).to_contain_text(ANSWER)

    # In the evening it is another closure.
    clock.move_to(tokyo(19, 19))
    write(phone, count=4)
    phone.goto("/simulator/")
    expect(theirs).to_have_count(3)
    expect(theirs.last).to_contain_text("We open Friday, November 20, 09:00 (Tokyo).")
    desk.goto(page)
    expect(told).to_have_count(2)
    assert complaints == []
