"""Promises to call in a browser: made, refused, owned, let go, taken back; the week on a phone."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from callbacks.models import Callback
from callbacks.services import firing, team_settings
from conversations.models import Conversation
from teams.models import Presence, Team, User
from teams.services import presence
from tests.browser.conftest import PHONE
from tests.factories import make_agent, make_contact, make_conversation, make_supervisor, make_team
from tests.promises import promise, set_due

pytestmark = pytest.mark.django_db(transaction=True)
TOKYO = ZoneInfo("Asia/Tokyo")
LIST = "/admin/callbacks/callback/"
Open = Callable[..., Page]


@pytest.fixture
def sachi() -> User:
    return make_supervisor(time_zone="Asia/Tokyo", language="en")


@pytest.fixture
def support(sachi: User) -> Team:
    team = make_team(name="Support", members=(sachi, make_agent(name="Bob")))
    team_settings.change(
        team, is_owning_enabled=True, call_from="00:00", call_until="23:59", owned_hold_s=3600
    )
    return team


@pytest.fixture
def talk(support: Team) -> Conversation:
    dora = make_contact(name="Dora", address="+81312345678")
    return make_conversation(contact=dora, team=support, now=timezone.now())


def fill(page: Page, *, days: int = 1, clock: str = "12:00") -> None:
    day = timezone.now().astimezone(TOKYO).date() + timedelta(days=days)
    page.get_by_label("Date:").fill(day.isoformat())
    page.get_by_label("Time:", exact=True).fill(clock)


def schedule(page: Page) -> None:
    page.get_by_role("button", name="Schedule", exact=True).click()


def settle(callback: Callback, *, later: timedelta) -> Callback:
    """Let the sweeps find whatever is due by then."""
    now = callback.due_at + later
    while firing.fire_next(now=now) or firing.follow_next(now=now):
        pass
    return Callback.objects.get(pk=callback.pk)


def refuse(page: Page, *, days: int, clock: str, said: str) -> None:
    """The line says at once what the server then refuses."""
    fill(page, days=days, clock=clock)
    expect(page.locator("[data-when-line]")).to_have_text(said)
    schedule(page)
    expect(page.locator(".errorlist")).to_have_text(said)
    assert not Callback.objects.exists()


def own(page: Page, sachi: User) -> Callback:
    """Promise to call tomorrow at noon, oneself."""
    fill(page)
    page.get_by_label("One person owns it, and it waits for them").check()
    expect(page.get_by_label("Person:")).to_have_value(str(sachi.pk))
    schedule(page)
    expect(page.locator(".messagelist")).to_contain_text("A call is promised for")
    callback = Callback.objects.get()
    assert (callback.owner, callback.due_at.astimezone(TOKYO).hour) == (sachi, 12)
    return callback


def refuse_second(page: Page, callback: Callback) -> None:
    """There is one for each conversation: the page leads to it, and it is put off by a day."""
    page.get_by_role("link", name="Schedule callback…").click()
    expect(page.locator(".notice")).to_contain_text("already has a callback")
    page.get_by_role("link", name="Reschedule it").click()
    fill(page, days=2, clock="13:00")
    page.get_by_role("button", name="Reschedule", exact=True).click()
    expect(page.locator(".messagelist")).to_contain_text("is promised for")
    callback.refresh_from_db()
    assert callback.due_at.astimezone(TOKYO).hour == 13


def expire(page: Page, callback: Callback, *, owner: User) -> None:
    """Its owner is away when its time comes: it waits for nobody else, and then is the team's."""
    presence.set_presence(owner, presence=Presence.AWAY, by=owner, now=timezone.now())
    assert settle(callback, later=timedelta(minutes=1)).status == "due"
    page.goto(f"{LIST}{callback.pk}/change/")
    expect(page.locator(".talk-head")).to_contain_text("waits for Sachi")
    released = settle(callback, later=timedelta(hours=2))
    assert (released.owner, released.offered_to) == (None, User.objects.get(name="Bob"))
    page.reload()
    expect(page.locator(".talk-head")).to_contain_text("to Bob")


def reassign(page: Page, *, to: str) -> None:
    """The dialog asks for a person only where one is meant."""
    page.get_by_role("link", name="Reassign…").click()
    dialog = page.locator("dialog")
    expect(dialog.get_by_label("Person:")).to_be_hidden()
    dialog.get_by_label("One person if possible, else whoever is free").check()
    dialog.get_by_label("Person:").select_option(label=to)
    dialog.get_by_role("button", name="Reassign", exact=True).click()
    expect(page.locator(".messagelist")).to_contain_text("calls if possible")


def cancel(page: Page) -> None:
    page.get_by_role("link", name="Cancel…").click()
    page.locator("dialog").get_by_label("Reason:").fill("Answered by message")
    page.locator("dialog").get_by_role("button", name="Cancel", exact=True).click()
    expect(page.locator(".messagelist")).to_contain_text("The callback is cancelled.")
    expect(page.locator(".talk-head")).to_contain_text("Cancelled")
    assert Callback.objects.get().end_note == "Answered by message"


@pytest.mark.usefixtures("support")
def test_a_promise_from_the_first_word_to_the_last(
    open_browser: Open, complaints: list[str], sachi: User, talk: Conversation
) -> None:
    page = open_browser(sachi)
    page.goto(f"/admin/conversations/conversation/{talk.pk}/change/")
    page.get_by_role("link", name="Schedule callback…").click()
    expect(page.locator("[data-when-line]")).to_contain_text("(Asia/Tokyo)")
    refuse(page, days=31, clock="12:00", said="Not more than 30 days ahead.")
    refuse(page, days=0, clock="00:00", said="That time has passed.")
    callback = own(page, sachi)
    refuse_second(page, callback)
    expire(page, callback, owner=sachi)
    reassign(page, to="Bob · Online · 1")
    cancel(page)
    assert complaints == []


def test_the_week_on_a_phone_is_an_agenda(
    open_browser: Open, complaints: list[str], sachi: User, support: Team
) -> None:
    now = timezone.now()
    for number in range(4):
        row = make_conversation(team=support, contact=make_contact(name=f"Customer {number}"))
        promise(row, ahead=timedelta(minutes=1), now=now)
    page = open_browser(sachi, viewport=PHONE)
    page.goto(f"{LIST}?view=week")
    cards: Any = page.locator(".agenda .call-card")
    expect(cards).to_have_count(4)
    expect(cards.first).to_be_visible()
    expect(page.locator(".calendar")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    cards.first.click()
    expect(page.get_by_role("heading", name="Call Customer 0")).to_be_visible()
    assert complaints == []


def test_starting_by_hand_works_without_scripts(
    open_browser: Open, sachi: User, support: Team, talk: Conversation
) -> None:
    callback = set_due(promise(talk, now=timezone.now()))
    page = open_browser(sachi, java_script_enabled=False)
    page.goto(f"{LIST}{callback.pk}/change/")
    page.get_by_role("button", name="Start now").click()
    expect(page.locator(".messagelist")).to_contain_text("You have this call now.")
    page.get_by_role("link", name="Mark done…").click()
    page.get_by_label("No answer").check()
    page.get_by_role("button", name="Mark done").click()
    expect(page.locator(".talk-head")).to_contain_text("No answer")
