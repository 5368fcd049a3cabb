"""Callbacks in the console: the list and its views, the week, one page, and what is done there."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from callbacks.models import Callback
from callbacks.services import team_settings
from callbacks.services.scheduling import Claim
from conversations.models import Conversation, Event
from teams.models import Team, User
from tests.console import sign_in
from tests.factories import make_agent, make_contact, make_conversation, make_supervisor, make_team
from tests.moments import WEDNESDAY_MORNING as MORNING
from tests.promises import promise, set_due

pytestmark = pytest.mark.django_db
LIST = "/admin/callbacks/callback/"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _clock() -> Any:
    with time_machine.travel(MORNING, tick=False):  # 18:00 on a Wednesday in Tokyo
        yield


@pytest.fixture
def sachi() -> User:
    return make_supervisor(time_zone="Asia/Tokyo")


@pytest.fixture
def team(sachi: User) -> Team:
    return make_team(name="Support", members=(sachi, make_agent(name="Bob")))


@pytest.fixture
def client(sachi: User) -> Client:
    return sign_in(sachi)


def talk(team: Team, name: str = "Dora") -> Conversation:
    return make_conversation(team=team, contact=make_contact(name=name))


def shown(client: Client, **query: Any) -> list[Callback]:
    return list(client.get(LIST, query).context["cl"].result_list)


def page(callback: Callback, name: str = "change") -> str:
    return f"{LIST}{callback.pk}/{name}/"


def read(callback: Callback) -> Callback:
    return Callback.objects.get(pk=callback.pk)


class TestTheViews:
    def test_open_on_what_is_due(self, client: Client, team: Team) -> None:
        later = promise(talk(team), ahead=2 * HOUR)
        assert client.get(LIST).context["tabs"][1].is_current  # today: nothing is due
        due = set_due(promise(talk(team), ahead=HOUR))
        assert shown(client) == [due]
        assert shown(client, view="today") == [due, later]

    def test_narrow_to_what_they_say(self, client: Client, team: Team, sachi: User) -> None:
        team_settings.change(team, is_owning_enabled=True)
        tomorrow = promise(talk(team), ahead=DAY, agent=sachi, claim=Claim.OWNED)
        missed = set_due(promise(talk(team)), status="missed", look_due_at=None)
        cancelled = set_due(promise(talk(team)), status="cancelled", look_due_at=None)
        expected = {
            "due": [],
            "today": [missed],
            "list": [tomorrow, cancelled, missed],
            "missed": [missed],
            "mine": [tomorrow],
        }
        assert {view: shown(client, view=view) for view in expected} == expected

    def test_hold_only_what_one_may_see(self, client: Client, team: Team) -> None:
        own = promise(talk(team))
        promise()
        assert shown(client, view="list") == [own]

    def test_today_is_the_readers_own(self, client: Client, team: Team) -> None:
        promise(talk(team), ahead=7 * HOUR)  # 01:00 on Thursday in Tokyo, still Wednesday in UTC
        evening = promise(talk(team), ahead=5 * HOUR)
        assert shown(client, view="today") == [evening]

    def test_take_no_more_queries_for_more_rows(self, client: Client, team: Team) -> None:
        counts = []
        for _ in range(2):
            promise(talk(team))
            with CaptureQueriesContext(
                connection,
            ) as queries:
                client.get(LIST, {"view": "list"})
            counts.append(len(queries))
        assert counts[0] == counts[1] <= 40


class TestTheFilters:
    def test_find_by_any_part_of_the_number(self, client: Client, team: Team) -> None:
        found = promise(talk(team), number="+81312345678")
        promise(talk(team), number="+81399999999")
        for text in ("123456", "03-1234", "+81 3 1234 5678", "#" + str(found.conversation_id)):
            assert shown(client, view="list", q=text) == [found], text
        assert shown(client, view="list", q="Nobody") == []

    def test_tell_whose_they_are(self, client: Client, team: Team, sachi: User) -> None:
        team_settings.change(team, is_owning_enabled=True)
        free = promise(talk(team))
        preferred = promise(talk(team), agent=sachi, claim=Claim.PREFERRED)
        owned = promise(talk(team), agent=sachi, claim=Claim.OWNED)
        found = {
            value: set(shown(client, view="list", owner=value))
            for value in ("any", "owned", str(sachi.pk), "no such")
        }
        assert found == {
            "any": {free},
            "owned": {owned},
            str(sachi.pk): {preferred, owned},
            "no such": {free, preferred, owned},
        }

    def test_pick_a_day(self, client: Client, team: Team) -> None:
        today, tomorrow = promise(talk(team)), promise(talk(team), ahead=DAY)
        assert shown(client, view="list", day="today") == [today]
        assert shown(client, view="list", day="2026-11-19") == [tomorrow]
        assert shown(client, view="list", day="2026-99-99") == [tomorrow, today]


class TestARow:
    def test_says_when_on_both_clocks(self, client: Client, team: Team) -> None:
        promise(talk(team), ahead=timedelta(minutes=12), zone="Europe/Paris")
        text = client.get(LIST, {"view": "list"}).content.decode()
        assert "Wed November 18 18:12" in text
        assert "10:12 Europe/Paris" in text
        assert "in 12 min" in text

    def test_is_late_after_what_the_team_says(self, client: Client, team: Team) -> None:
        set_due(promise(talk(team)), due_at=MORNING - timedelta(minutes=7))
        assert "late 7 min" in client.get(LIST).content.decode()
        team_settings.change(team, late_after_s=600)
        text = client.get(LIST).content.decode()
        assert "late 7 min" not in text
        assert "since 7 min" in text

    def test_hides_the_number(self, client: Client, team: Team) -> None:
        callback = promise(talk(team), number="+81312345678")
        assert "+81312345678" not in client.get(LIST, {"view": "list"}).content.decode()
        # Whoever calls has to read it.
        assert "+81312345678" in client.get(page(callback)).content.decode()


class TestTheWeek:
    def test_puts_each_into_its_hour_and_day(self, client: Client, team: Team) -> None:
        promise(talk(team, "Dora"), ahead=HOUR)
        promise(talk(team, "Erin"), ahead=12 * DAY)
        answer = client.get(LIST, {"view": "week"})
        week = answer.context["week"]
        rows = dict(week.rows)
        assert [card.name for card in rows["19:00"][2].cards] == ["Dora"]
        assert [card.name for day in week.days for card in day.cards] == ["Dora"]
        assert "Erin" not in answer.content.decode()
        later = client.get(LIST, {"view": "week", "week": "2026-11-30"}).content.decode()
        assert "Erin" in later
        assert "Dora" not in later

    def test_folds_all_but_three_of_an_hour(self, client: Client, team: Team) -> None:
        for name in ("Ann", "Bea", "Cid", "Dan", "Eve"):
            promise(talk(team, name), ahead=HOUR)
        answer = client.get(LIST, {"view": "week"})
        cell = dict(answer.context["week"].rows)["19:00"][2]
        assert (len(cell.shown), len(cell.folded)) == (3, 2)
        assert "2 more" in answer.content.decode()

    def test_shows_what_the_filters_leave(self, client: Client, team: Team, sachi: User) -> None:
        sales = make_team(name="Sales", members=(sachi,))
        promise(talk(team, "Dora"))
        promise(talk(sales, "Erin"))
        answer = client.get(LIST, {"view": "week", "team__id__exact": sales.pk})
        assert [card.name for day in answer.context["week"].days for card in day.cards] == ["Erin"]

    @pytest.mark.parametrize("week", ["", "soon", "2026-13-40", "9999-12-31", "0001-01-01"])
    def test_is_this_one_for_any_other_address(self, client: Client, week: str) -> None:
        shown = client.get(LIST, {"view": "week", "week": week}).context["week"]
        assert f"{shown.first:%Y-%m-%d}" == "2026-11-16"


class TestThePage:
    def test_tells_the_history(self, client: Client, team: Team) -> None:
        callback = promise(talk(team), note="Asks for Ms Doe")
        client.post(page(callback, "cancel"), {"reason": "Answered by message"})
        answer = client.get(page(callback))
        text = answer.content.decode()
        assert "Asks for Ms Doe" in text
        assert [line.type for line in answer.context["lines"]] == [
            "callback.cancelled",
            "callback.scheduled",
        ]
        assert "Answered by message" in text
        assert "p.m.." not in text

    def test_offers_what_can_be_done(self, client: Client, team: Team) -> None:
        callback = promise(talk(team))
        offered = {
            status: [
                item["deed"].key
                for item in client.get(page(set_due(callback, status=status))).context["deeds"]
            ]
            for status in ("scheduled", "due", "calling")
        }
        assert offered == {
            "scheduled": ["start", "done", "reschedule", "reassign", "edit", "cancel"],
            "due": ["start", "done", "reassign", "cancel"],
            "calling": ["done"],
        }
        set_due(callback, status="missed", look_due_at=None)
        assert client.get(page(callback)).context["deeds"] == []

    def test_leads_to_forms_and_posts_only_what_asks_nothing(
        self, client: Client, team: Team
    ) -> None:
        callback = promise(talk(team))
        text = client.get(page(callback)).content.decode()
        assert f'action="{page(callback, "start")}"' in text
        for name in ("done", "reschedule", "reassign", "edit", "cancel"):
            assert f'href="{page(callback, name)}"' in text, name

    def test_of_another_team_is_not_there(self, client: Client, team: Team) -> None:
        foreign = promise()
        for name in ("change", "cancel", "start"):
            answer = (
                client.post(page(foreign, name))
                if name == "start"
                else client.get(page(foreign, name))
            )
            assert answer.status_code == 302
            assert answer.headers["Location"] == "/admin/"
        assert read(foreign).status == "scheduled"


class TestDoing:
    def test_starts_and_marks_done(self, client: Client, team: Team, sachi: User) -> None:
        callback = promise(talk(team))
        client.post(page(callback, "start"))
        started = read(callback)
        assert (started.status, started.offered_to) == ("calling", sachi)
        client.post(page(callback, "done"), {"outcome": "no_answer", "note": "Rang for long"})
        done = read(callback)
        assert (done.status, done.outcome, done.end_note) == (
            "completed",
            "no_answer",
            "Rang for long",
        )
        assert Event.objects.latest("pk").actor_label == "Sachi"

    def test_reschedules_by_the_customers_clock(self, client: Client, team: Team) -> None:
        callback = promise(talk(team))
        form = {"day": "2026-11-20", "clock": "10:30", "zone": "Europe/Paris", "reason": "Asked"}
        answer = client.post(page(callback, "reschedule"), form, follow=True)
        assert read(callback).due_at == datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
        assert "Fri November 20 18:30" in answer.content.decode()

    def test_asks_why_where_something_speaks_against_the_time(
        self, client: Client, team: Team
    ) -> None:
        callback = promise(talk(team))
        form = {"day": "2026-11-20", "clock": "05:00", "zone": "Asia/Tokyo", "reason": ""}
        answer = client.post(page(callback, "reschedule"), form)
        assert "at which the team does not call" in answer.content.decode()
        assert read(callback).due_at == callback.due_at
        client.post(page(callback, "reschedule"), {**form, "override_reason": "Works at night"})
        assert f"{read(callback).due_at:%d %H:%M}" == "19 20:00"

    def test_reassigns(self, client: Client, team: Team) -> None:
        callback, bob = promise(talk(team)), User.objects.get(name="Bob")
        form = {"team": team.pk, "whom": "preferred", "agent": bob.pk, "reason": "Knows her"}
        answer = client.post(page(callback, "reassign"), form, follow=True)
        assert read(callback).preferred_agent == bob
        assert "Bob calls if possible" in answer.content.decode()
        client.post(page(callback, "reassign"), {**form, "whom": "any"})
        assert read(callback).preferred_agent is None
        answer = client.post(page(callback, "reassign"), {**form, "agent": ""})
        assert "Say who." in answer.content.decode()

    def test_corrects_the_number(self, client: Client, team: Team) -> None:
        callback = promise(talk(team))
        form = {"number": "+81 3-1234-5678", "name": "Ms Doe", "note": "Ask for her"}
        client.post(page(callback, "edit"), form)
        changed = read(callback)
        assert (changed.number, changed.name) == ("+81312345678", "Ms Doe")
        answer = client.post(page(callback, "edit"), {**form, "number": "12"}, follow=True)
        assert "not a telephone number" in answer.content.decode()

    def test_cancels_with_a_reason_only(self, client: Client, team: Team) -> None:
        callback = promise(talk(team))
        assert client.post(page(callback, "cancel"), {"reason": ""}).status_code == 200
        assert read(callback).status == "scheduled"
        client.post(page(callback, "cancel"), {"reason": "Answered by message"})
        assert read(callback).end_note == "Answered by message"

    def test_says_why_nothing_happened(self, client: Client, team: Team) -> None:
        callback = set_due(promise(talk(team)), status="calling")
        answer = client.post(page(callback, "cancel"), {"reason": "Too late"}, follow=True)
        assert "Somebody is calling the customer right now" in answer.content.decode()


class TestSeveral:
    def act(self, client: Client, rows: list[Callback], action: str, **form: Any) -> Any:
        asked = {"action": action, "_selected_action": [row.pk for row in rows], "index": 0}
        first = client.post(f"{LIST}?view=list", asked)
        assert first.status_code == 200
        sent = {**asked, "confirmed": "1", "select_across": "0", **form}
        return client.post(f"{LIST}?view=list", sent, follow=True).content.decode()

    def test_are_cancelled_with_one_reason(self, client: Client, team: Team) -> None:
        rows = [promise(talk(team)) for _ in range(2)]
        over = set_due(promise(talk(team)), status="missed", look_due_at=None)
        text = self.act(client, [*rows, over], "cancel_selected", reason="A holiday")
        assert "2 callbacks were changed." in text
        assert {read(row).status for row in rows} == {"cancelled"}
        assert read(over).status == "missed"

    def test_are_rescheduled_each_with_its_own_answer(self, client: Client, team: Team) -> None:
        team_settings.change(team, is_owning_enabled=True, owned_ahead_s=3600)
        bob = User.objects.get(name="Bob")
        free = promise(talk(team))
        owned = promise(talk(team, "Erin"), ahead=HOUR / 2, agent=bob, claim=Claim.OWNED)
        when = {"day": "2026-11-20", "clock": "10:30", "zone": "Asia/Tokyo"}
        text = self.act(client, [free, owned], "reschedule_selected", **when)
        assert "1 callback was changed." in text
        assert "Erin: Nothing was changed" in text
        assert f"{read(free).due_at:%d %H:%M}" == "20 01:30"
        assert read(owned).due_at == owned.due_at

    def test_are_reassigned(self, client: Client, team: Team, sachi: User) -> None:
        sales = make_team(name="Sales", members=(sachi,))
        row = promise(talk(team))
        self.act(client, [row], "reassign_selected", team=sales.pk, whom="any")
        assert read(row).team == sales


class TestTheShell:
    def test_counts_what_is_due(self, client: Client, team: Team) -> None:
        promise(talk(team), ahead=2 * HOUR)
        text = client.get("/admin/").content.decode()
        assert "Callbacks due" in text
        assert "next: Wed November 18 20:00" in text
        set_due(promise(talk(team)), due_at=MORNING - HOUR)
        text = client.get("/admin/").content.decode()
        assert "1 late" in text

    def test_has_no_card_where_nobody_promises(self, client: Client, team: Team) -> None:
        assert "Callbacks due" not in client.get("/admin/").content.decode()
