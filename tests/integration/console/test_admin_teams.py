"""Teams in the console: who is in them, in which order, and how a person is chosen."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from teams.models import Strategy, Team, User
from teams.services import hours
from tests.console import sign_in
from tests.factories import (
    make_administrator,
    make_agent,
    make_conversation,
    make_supervisor,
    make_team,
)
from tests.promises import promise

pytestmark = pytest.mark.django_db
LIST = "/admin/teams/team/"


def rows(*people: tuple[User | None, int | None], team: Team | None = None) -> dict[str, Any]:
    """Return the member rows of the form, each a person and their number."""
    kept = {m.user_id: m.pk for m in team.memberships.all()} if team else {}
    form: dict[str, Any] = {
        "memberships-TOTAL_FORMS": len(people),
        "memberships-INITIAL_FORMS": len(kept),
    }
    ordered = sorted(people, key=lambda row: row[0] is None or row[0].pk not in kept)
    for index, (user, place) in enumerate(ordered):
        form[f"memberships-{index}-user"] = user.pk if user else ""
        form[f"memberships-{index}-place"] = "" if place is None else place
        form[f"memberships-{index}-id"] = kept.get(user.pk, "") if user else ""
    return form


def form_of(team: Team, **changes: Any) -> dict[str, Any]:
    form = {
        "name": team.name,
        "code": team.code,
        "description": team.description,
        "is_active": "on",
        "strategy": team.strategy,
        "default_user": team.default_user_id or "",
        "reassign_minutes": team.reassign_after_s // 60,
    }
    return {**form, **changes}


def page(team: Team) -> str:
    return reverse("admin:teams_team_change", args=[team.pk])


def order_of(team: Team) -> list[str]:
    return [m.user.name for m in team.memberships.select_related("user")]


@pytest.fixture
def client() -> Client:
    return sign_in(make_administrator())


class TestATeam:
    def test_is_added_with_its_members_in_order(self, client: Client) -> None:
        alice, bob = make_agent(), make_agent(name="Bob")
        form = form_of(Team(name="Repairs", code="repairs", strategy=Strategy.LEAST_BUSY))
        answer = client.post(f"{LIST}add/", {**form, **rows((alice, 2), (bob, 1))})
        assert answer.status_code == 302
        team = Team.objects.get(code="repairs")
        assert team.strategy == Strategy.LEAST_BUSY
        assert order_of(team) == ["Bob", "Alice"]

    def test_keeps_its_code_for_good(self, client: Client) -> None:
        team = make_team(code="support")
        client.post(page(team), form_of(team, code="other", **rows(team=team)))
        assert Team.objects.get(pk=team.pk).code == "support"

    def test_takes_minutes_and_stores_seconds(self, client: Client) -> None:
        team = make_team(members=(make_agent(), make_agent(name="Bob")))
        members = [(m.user, m.position + 1) for m in team.memberships.all()]
        form = form_of(
            team, is_reassigning="on", reassign_minutes="10", **rows(*members, team=team)
        )
        assert client.post(page(team), form).status_code == 302
        team.refresh_from_db()
        assert (team.is_reassigning, team.reassign_after_s) == (True, 600)

    @pytest.mark.parametrize("minutes", ["0", "-1", "10081", "abc", "9" * 30])
    def test_refuses_a_delay_out_of_range(self, client: Client, minutes: str) -> None:
        team = make_team()
        form = form_of(team, is_reassigning="on", reassign_minutes=minutes, **rows(team=team))
        answer = client.post(page(team), form)
        assert "reassign_minutes" in answer.context["adminform"].form.errors

    def test_that_is_to_call_somebody_is_not_switched_off(self, client: Client) -> None:
        team = make_team(members=(make_agent(),))
        promise(make_conversation(team=team))
        going = {**form_of(team), **rows(team=team)}
        del going["is_active"]
        answer = client.post(page(team), going)
        assert "1 callback is to be made by this team." in answer.content.decode()
        team.refresh_from_db()
        assert team.is_active

    def test_warns_when_nobody_is_in_it(self, client: Client) -> None:
        team = make_team()
        answer = client.post(page(team), form_of(team, **rows(team=team)), follow=True)
        assert "has no members" in answer.content.decode()

    def test_warns_when_there_is_nobody_to_reassign_to(self, client: Client) -> None:
        alice = make_agent()
        team = make_team(members=(alice,))
        form = form_of(team, is_reassigning="on", **rows((alice, 1), team=team))
        answer = client.post(page(team), form, follow=True)
        assert "there is nobody to reassign to" in answer.content.decode()

    def test_cannot_be_deleted(self, client: Client) -> None:
        team = make_team()
        address = reverse("admin:teams_team_delete", args=[team.pk])
        assert client.post(address, {"post": "yes"}).status_code == 403


class TestTheDefaultUser:
    def test_must_be_a_member(self, client: Client) -> None:
        alice, bob = make_agent(), make_agent(name="Bob")
        team = make_team(members=(alice,))
        changes = {"strategy": Strategy.DEFAULT_USER, "default_user": bob.pk}
        answer = client.post(page(team), form_of(team, **changes, **rows((alice, 1), team=team)))
        assert answer.status_code == 200
        assert "needs Bob as a member" in answer.content.decode()

    def test_may_be_added_as_a_member_with_the_same_save(self, client: Client) -> None:
        alice, bob = make_agent(), make_agent(name="Bob")
        team = make_team(members=(alice,))
        changes = {"strategy": Strategy.DEFAULT_USER, "default_user": bob.pk}
        people = rows((alice, 1), (bob, 2), team=team)
        assert client.post(page(team), form_of(team, **changes, **people)).status_code == 302
        assert Team.objects.get(pk=team.pk).default_user == bob

    def test_is_asked_for_where_the_strategy_needs_one(self, client: Client) -> None:
        team = make_team()
        form = form_of(team, strategy=Strategy.DEFAULT_USER, **rows(team=team))
        errors = client.post(page(team), form).context["adminform"].form.errors
        assert "default_user" in errors


class TestMembers:
    def test_change_their_order_and_keep_the_circle(self, client: Client) -> None:
        alice, bob = make_agent(), make_agent(name="Bob")
        team = make_team(members=(alice, bob), cursor_member=alice)
        client.post(page(team), form_of(team, **rows((alice, 2), (bob, 1), team=team)))
        team.refresh_from_db()
        assert order_of(team) == ["Bob", "Alice"]
        assert team.cursor_member == alice

    def test_leave_by_the_box_in_their_row(self, client: Client) -> None:
        alice, bob = make_agent(), make_agent(name="Bob")
        team = make_team(members=(alice, bob))
        form = form_of(team, **rows((alice, 1), (bob, 2), team=team))
        client.post(page(team), {**form, "memberships-0-DELETE": "on"})
        assert order_of(team) == ["Bob"]

    def test_are_not_taken_twice(self, client: Client) -> None:
        alice = make_agent()
        team = make_team()
        answer = client.post(page(team), form_of(team, **rows((alice, 1), (alice, 2), team=team)))
        assert answer.status_code == 200
        assert order_of(team) == []

    def test_are_looked_after_by_supervisors_who_change_nothing_else(self) -> None:
        alice, sachi = make_agent(), make_supervisor()
        team = make_team(members=(sachi,))
        form = form_of(team, name="Mine", **rows((sachi, 1), (alice, 2), team=team))
        answer = sign_in(sachi).post(page(team), form)
        assert answer.status_code == 302
        team.refresh_from_db()
        assert team.name == "Support"
        assert order_of(team) == ["Sachi", "Alice"]

    def test_of_another_team_are_only_shown_to_supervisors(self) -> None:
        sachi, team = make_supervisor(), make_team(members=(make_agent(),))
        browser = sign_in(sachi)
        shown = browser.get(page(team))
        assert (shown.status_code, b"memberships-0-user" in shown.content) == (200, False)
        answer = browser.post(page(team), form_of(team, **rows((sachi, 1), team=team)))
        assert answer.status_code == 403
        assert order_of(team) == ["Alice"]

    def test_are_noted_in_the_history(self, client: Client) -> None:
        team = make_team()
        client.post(page(team), form_of(team, **rows((make_agent(), 1), team=team)))
        history = client.get(reverse("admin:teams_team_history", args=[team.pk]))
        assert "Person" in history.content.decode()


class TestATeamThatHandsOn:
    def test_takes_hours_escalation_and_a_limit(self, client: Client) -> None:
        team = make_team(members=(make_agent(), make_agent(name="Bob")))
        managers = make_team(name="Managers")
        office = hours.create(code="office", name="Office")
        members = [(m.user, m.position + 1) for m in team.memberships.all()]

        form = form_of(
            team,
            strategy="shift",
            hours=office.pk,
            capacity=3,
            is_reassigning="on",
            reassign_clock="open_hours",
            is_returning_when_offline="on",
            escalation_team=managers.pk,
            escalate_minutes="60",
            escalate_after_tries="2",
            **rows(*members, team=team),
        )
        answer = client.post(page(team), form)

        assert answer.status_code == 302
        team.refresh_from_db()
        assert (team.strategy, team.hours, team.capacity) == (Strategy.SHIFT, office, 3)
        assert (team.escalation_team, team.escalate_after_s) == (managers, 3600)
        assert (team.reassign_clock, team.is_returning_when_offline) == ("open_hours", True)

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"is_reassigning": "on", "reassign_clock": "open_hours"}, "Choose the business hours"),
            ({"escalate_minutes": "60"}, "Choose the team that gets it."),
            ({"escalation_team": "managers"}, "Say after how many people, or after how long."),
            (
                {"escalation_team": "managers", "escalate_after_tries": "2"},
                "switch that on",
            ),
        ],
    )
    def test_is_told_what_does_not_go_together(
        self, client: Client, changes: dict[str, Any], sentence: str
    ) -> None:
        team = make_team(members=(make_agent(), make_agent(name="Bob")))
        managers = make_team(name="Managers")
        if "escalation_team" in changes:
            changes = {**changes, "escalation_team": managers.pk}

        answer = client.post(page(team), form_of(team, **changes, **rows(team=team)))

        assert sentence in answer.content.decode()

    def test_drops_its_timer_with_a_strategy_that_has_none(self, client: Client) -> None:
        team = make_team(members=(make_agent(),), is_reassigning=True)
        members = [(m.user, m.position + 1) for m in team.memberships.all()]

        form = form_of(team, strategy="manual", is_reassigning="on", **rows(*members, team=team))
        client.post(page(team), form)

        team.refresh_from_db()
        assert (team.strategy, team.is_reassigning) == (Strategy.MANUAL, False)


class TestTheNextPerson:
    def test_is_shown_with_the_reasons_of_the_others(self, client: Client) -> None:
        away = make_agent(name="Bob", presence="away")
        team = make_team(members=(away, make_agent(name="Chen")))

        text = client.get(page(team)).content.decode()

        assert "If a message arrived now" in text
        assert "Chen" in text
        assert "Bob is away" in text
        assert Team.objects.get(pk=team.pk).cursor_member is None

    def test_is_nobody_where_nobody_is_there(self, client: Client) -> None:
        text = client.get(page(make_team())).content.decode()

        assert "If a message arrived now" in text
