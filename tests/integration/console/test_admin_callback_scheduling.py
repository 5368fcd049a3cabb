"""Promising a call on the page of a conversation, and what a team allows."""

from datetime import UTC, datetime, time
from typing import Any

import pytest
import time_machine
from django.test import Client

from callbacks.models import Callback, CallbackSettings
from callbacks.services import team_settings
from conversations.models import Conversation
from teams.models import Team, User
from teams.services import hours
from tests.console import sign_in
from tests.factories import (
    make_administrator,
    make_agent,
    make_contact,
    make_conversation,
    make_supervisor,
    make_team,
)
from tests.moments import WEDNESDAY_MORNING as MORNING
from tests.promises import promise, set_due

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock() -> Any:
    with time_machine.travel(MORNING, tick=False):  # 18:00 on a Wednesday in Tokyo
        yield


@pytest.fixture
def sachi() -> User:
    return make_supervisor(time_zone="Europe/Paris")


@pytest.fixture
def team(sachi: User) -> Team:
    return make_team(name="Support", members=(sachi, make_agent(name="Bob")))


@pytest.fixture
def talk(team: Team) -> Conversation:
    return make_conversation(team=team, contact=make_contact(name="Dora", address="+81312345678"))


@pytest.fixture
def client(sachi: User) -> Client:
    return sign_in(sachi)


def page(talk: Conversation, name: str = "callback") -> str:
    return f"/admin/conversations/conversation/{talk.pk}/{name}/"


def form_of(**changes: Any) -> dict[str, Any]:
    form = {
        "day": "2026-11-18",
        "clock": "19:00",
        "zone": "Asia/Tokyo",
        "number": "+81312345678",
        "whom": "any",
        "note": "",
    }
    return {**form, **changes}


class TestTheForm:
    def test_offers_half_an_hour_from_now_by_the_customers_clock(
        self, client: Client, talk: Conversation
    ) -> None:
        answer = client.get(page(talk))
        form = answer.context["form"]
        shown = {name: str(form[name].value()) for name in ("day", "clock", "zone", "number")}
        assert shown == {
            "day": "2026-11-18",
            "clock": "18:30:00",
            "zone": "Asia/Tokyo",
            "number": "+81312345678",
        }
        text = answer.content.decode()
        assert "Customer&#x27;s time: Wed November 18 18:30 (Asia/Tokyo)." in text
        assert "Your time: Wed November 18 10:30." in text
        assert "Support is open then." in text

    def test_promises_the_call(self, client: Client, talk: Conversation, team: Team) -> None:
        answer = client.post(page(talk), form_of(note="Ask for Ms Doe"), follow=True)
        callback = Callback.objects.get()
        assert callback.due_at == datetime(2026, 11, 18, 10, 0, tzinfo=UTC)
        assert (callback.team, callback.note, callback.conversation) == (
            team,
            "Ask for Ms Doe",
            talk,
        )
        assert "A call is promised for Wed November 18 11:00." in answer.content.decode()
        # The conversation's page shows it from now on.
        assert "callbacks-title" in client.get(page(talk, "change")).content.decode()

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"day": "2026-12-19"}, "Not more than 30 days ahead."),
            ({"clock": "17:00"}, "That time has passed."),
            ({"number": "12"}, "This is not a telephone number."),
            ({"clock": "25:00"}, "Enter a valid time."),
            ({"zone": "Mars/Olympus"}, "not one of the available choices"),
        ],
    )
    def test_refuses_what_cannot_be_promised(
        self, client: Client, talk: Conversation, changes: dict[str, str], said: str
    ) -> None:
        answer = client.post(page(talk), form_of(**changes))
        assert answer.status_code == 200
        assert said in answer.content.decode()
        assert not Callback.objects.exists()

    def test_refuses_a_time_that_the_clocks_leave_out(
        self, client: Client, talk: Conversation
    ) -> None:
        with time_machine.travel(datetime(2026, 3, 20, 9, 0, tzinfo=UTC), tick=False):
            late = form_of(day="2026-03-29", clock="02:30", zone="Europe/Paris")
            answer = client.post(page(talk), late)
        assert "does not exist" in answer.content.decode()

    def test_says_that_a_time_comes_twice(self, client: Client, talk: Conversation) -> None:
        with time_machine.travel(datetime(2026, 10, 20, 9, 0, tzinfo=UTC), tick=False):
            query = {"day": "2026-10-25", "clock": "02:30", "zone": "Europe/Paris"}
            text = client.get(page(talk), query).content.decode()
        assert "the earlier one is meant" in text

    def test_warns_and_goes_on_with_a_reason(
        self, client: Client, talk: Conversation, team: Team
    ) -> None:
        office = hours.create(code="o", name="Office", time_zone="Asia/Tokyo")
        Team.objects.filter(pk=team.pk).update(hours=office)
        late = form_of(clock="22:30")
        text = client.post(page(talk), late).content.decode()
        assert "at which the team does not call" in text
        assert "The team is closed then." in text
        assert "Schedule anyway" in text
        assert not Callback.objects.exists()
        client.post(page(talk), {**late, "override_reason": "She asked for it"})
        assert Callback.objects.get().override_reason == "She asked for it"

    def test_points_to_the_one_there_is(self, client: Client, talk: Conversation) -> None:
        first = promise(talk)
        text = client.get(page(talk)).content.decode()
        assert "This conversation already has a callback on Wed November 18 11:00." in text
        assert f"/admin/callbacks/callback/{first.pk}/reschedule/" in text
        again = client.post(page(talk), form_of()).content.decode()
        assert "already has a callback" in again
        assert Callback.objects.count() == 1
        set_due(first)
        assert "reschedule" not in client.get(page(talk)).content.decode()

    def test_offers_owning_where_the_team_allows_it(
        self, client: Client, talk: Conversation, team: Team, sachi: User
    ) -> None:
        assert "owns it" not in client.get(page(talk)).content.decode()
        team_settings.change(team, is_owning_enabled=True, owned_ahead_s=7 * 86400)
        text = client.get(page(talk)).content.decode()
        assert "at most 7 days ahead" in text
        far = form_of(day="2026-11-27", whom="owned", agent=sachi.pk)
        assert "at most 7 days ahead" in client.post(page(talk), far).content.decode()
        client.post(page(talk), form_of(whom="owned", agent=sachi.pk))
        assert Callback.objects.get().owner == sachi

    def test_writes_the_line_for_what_is_being_typed(
        self, client: Client, talk: Conversation
    ) -> None:
        query = {"day": "2026-12-24", "clock": "10:00", "zone": "Asia/Tokyo"}
        line = client.get(page(talk), query).context["line"]
        assert line.problem == "Not more than 30 days ahead."
        line = client.get(page(talk), {**query, "day": "2026-11-20"}).context["line"]
        assert line.sentences[1] == "Your time: Fri November 20 02:00."


class TestTheTeamsSettings:
    def address(self, team: Team) -> str:
        return f"/admin/teams/team/{team.pk}/callbacks/"

    def form(self, **changes: Any) -> dict[str, Any]:
        form = {
            "is_owning_enabled": "on",
            "owned_ahead_s": "48",
            "owned_hold_s": "1.5",
            "on_expiry": "release",
            "alerting_s": "30",
            "late_after_s": "10",
            "call_from": "09:00",
            "call_until": "20:00",
            "dialling": "by_hand",
            "ring_s": "30",
            "most_retries": "2",
            "retry_after_s": "5",
        }
        return {**form, **changes}

    def test_are_kept_in_seconds(self, team: Team) -> None:
        client = sign_in(make_administrator())
        client.post(self.address(team), self.form())
        kept = CallbackSettings.objects.get(team=team)
        assert (kept.owned_ahead_s, kept.owned_hold_s, kept.late_after_s) == (172800, 5400, 600)
        assert (kept.is_owning_enabled, kept.call_from) == (True, time(9))
        shown = client.get(self.address(team)).context["form"]
        assert [shown[name].value() for name in ("owned_hold_s", "late_after_s")] == ["1.5", "10"]

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"owned_ahead_s": "721"}, "From 1 to 720."),
            ({"owned_hold_s": "0.5"}, "From 1 to 168."),
            ({"owned_hold_s": "1e999"}, "Enter a number."),
            ({"alerting_s": "6"}, "greater than or equal to 7"),
            ({"dialling": "agent_first"}, "Choose the account to call with."),
            ({"call_until": "08:00"}, "Choose a time after the first one."),
        ],
    )
    def test_refuse_what_is_out_of_range(
        self, team: Team, changes: dict[str, str], said: str
    ) -> None:
        client = sign_in(make_administrator())
        assert said in client.post(self.address(team), self.form(**changes)).content.decode()
        assert not CallbackSettings.objects.exists()

    def test_are_read_by_supervisors_and_changed_by_administrators(
        self, client: Client, team: Team
    ) -> None:
        answer = client.get(self.address(team))
        assert "Administrators change these settings." in answer.content.decode()
        assert client.post(self.address(team), self.form()).status_code == 403
        assert not CallbackSettings.objects.exists()


def test_the_hours_of_quiet_are_the_customers(client: Client, talk: Conversation) -> None:
    """20:59 is fine in Tokyo, and 21:00 is not, wherever the reader is."""
    for clock, is_fine in (("20:59", True), ("21:00", False)):
        query = {"day": "2026-11-19", "clock": clock, "zone": "Asia/Tokyo"}
        assert (client.get(page(talk), query).context["line"].warnings == ()) is is_fine
