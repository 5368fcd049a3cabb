"""Calendar feeds: made in the console, read by calendar programs, taken back."""

from datetime import timedelta
from typing import Any

import icalendar
import pytest
import time_machine
from django.test import Client

from callbacks.models import CalendarFeed, Callback
from callbacks.services import feeds
from callbacks.services.scheduling import Claim
from teams.models import Team, User
from tests.console import sign_in
from tests.factories import make_agent, make_contact, make_conversation, make_supervisor, make_team
from tests.moments import WEDNESDAY_MORNING as MORNING
from tests.promises import promise, set_due

pytestmark = pytest.mark.django_db
LIST = "/admin/callbacks/calendarfeed/"


@pytest.fixture(autouse=True)
def _clock() -> Any:
    with time_machine.travel(MORNING, tick=False):
        yield


@pytest.fixture
def sachi() -> User:
    return make_supervisor(language="en")


@pytest.fixture
def team(sachi: User) -> Team:
    return make_team(name="Support", members=(sachi,))


def dora(team: Team) -> Any:
    return make_conversation(team=team, contact=make_contact(name="Dora", address="+81312345678"))


def read(feed: CalendarFeed) -> Any:
    return Client().get(f"/calendar/{feed.token}.ics")


def entries(feed: CalendarFeed) -> list[Any]:
    return list(icalendar.Calendar.from_ical(read(feed).content).walk("VEVENT"))


class TestAFeed:
    def test_is_a_calendar_of_the_teams_callbacks(self, sachi: User, team: Team) -> None:
        callback = promise(dora(team))
        promise()  # another team's
        feed = feeds.make(created_by=sachi, team=team, now=MORNING)
        answer = read(feed)
        assert answer.headers["Content-Type"].startswith("text/calendar")
        (entry,) = entries(feed)
        assert entry["summary"] == "Call Dora"
        assert entry["uid"] == f"{callback.public_id}@relaydesk"
        assert entry["dtstart"].dt == callback.due_at
        assert f"/admin/callbacks/callback/{callback.pk}/change/" in entry["url"]
        # Whoever has the address reads it: the number stays in the house.
        assert b"12345678" not in answer.content

    def test_has_what_is_a_persons_own(self, sachi: User, team: Team) -> None:
        own = promise(dora(team), agent=sachi, claim=Claim.PREFERRED)
        promise(make_conversation(team=team))
        offered = set_due(promise(make_conversation(team=team)), status="offered", offered_to=sachi)
        feed = feeds.make(created_by=sachi, person=sachi, now=MORNING)
        found = {str(entry["uid"]) for entry in entries(feed)}
        assert found == {f"{row.public_id}@relaydesk" for row in (own, offered)}

    def test_leaves_out_what_was_cancelled_or_is_long_ago(self, sachi: User, team: Team) -> None:
        cancelled, old = (promise(make_conversation(team=team)) for _ in range(2))
        set_due(cancelled, status="cancelled", look_due_at=None)
        Callback.objects.filter(pk=old.pk).update(due_at=MORNING - timedelta(days=8))
        assert entries(feeds.make(created_by=sachi, team=team, now=MORNING)) == []

    def test_notes_that_it_was_read(self, sachi: User, team: Team) -> None:
        feed = feeds.make(created_by=sachi, team=team, now=MORNING)
        read(feed)
        feed.refresh_from_db()
        assert feed.last_read_at == MORNING

    def test_is_gone_once_revoked(self, sachi: User, team: Team) -> None:
        feed = feeds.make(created_by=sachi, team=team, now=MORNING)
        feeds.revoke(feed, now=MORNING)
        assert read(feed).status_code == 404

    def test_shows_no_more_than_its_maker_may_see(self, sachi: User, team: Team) -> None:
        feed = feeds.make(created_by=sachi, team=team, now=MORNING)
        team.memberships.filter(user=sachi).delete()
        assert read(feed).status_code == 404

    def test_ends_with_whoever_made_it(self, sachi: User, team: Team) -> None:
        feed = feeds.make(created_by=sachi, team=team, now=MORNING)
        User.objects.filter(pk=sachi.pk).update(is_active=False)
        assert read(feed).status_code == 404


class TestTheConsole:
    def test_makes_shows_and_revokes_one(self, sachi: User, team: Team) -> None:
        client = sign_in(sachi)
        answer = client.post(f"{LIST}add/", {"person": "", "team": team.pk}, follow=True)
        feed = CalendarFeed.objects.get()
        assert f"/calendar/{feed.token}.ics" in answer.content.decode()
        client.post(f"{LIST}{feed.pk}/revoke/")
        feed.refresh_from_db()
        assert feed.revoked_at == MORNING
        assert feed.token not in client.get(f"{LIST}{feed.pk}/change/").content.decode()

    def test_wants_one_of_the_two(self, sachi: User, team: Team) -> None:
        client = sign_in(sachi)
        for form in ({}, {"person": sachi.pk, "team": team.pk}):
            assert client.post(f"{LIST}add/", form).status_code == 200
        assert not CalendarFeed.objects.exists()

    def test_shows_no_address_of_another_team(self, sachi: User) -> None:
        feed = feeds.make(created_by=make_agent(name="Chen"), team=make_team(), now=MORNING)
        client = sign_in(sachi)
        assert feed.token not in client.get(LIST).content.decode()
        assert client.get(f"{LIST}{feed.pk}/change/").status_code == 302
