"""What a flow needs stays: a team, a person; wherever somebody wants to be rid of it."""

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from conversations.actors import Actor
from routing.flow_uses import NeededByFlowError, find_flows
from routing.models import FlowRun
from routing.services import flows, leaving, retiring
from teams.csv_plan import Subject
from teams.services import imports
from tests.console import sign_in
from tests.factories import (
    make_administrator,
    make_agent,
    make_api_key,
    make_conversation,
    make_flow,
    make_team,
)
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = pytest.mark.django_db


def to(kind, target):
    return {"name": "to", "kind": kind, kind: str(target.public_id)}


@pytest.fixture
def team():
    return make_team(name="Support")


class TestAFlow:
    def test_needs_what_it_names_while_it_is_on(self, team):
        flow = make_flow(name="Refunds", steps=[to("team", team)])
        assert find_flows(team) == ["Refunds"]
        flows.switch_off(flow, now=MORNING)
        assert find_flows(team) == []

    def test_needs_what_an_older_version_names_while_somebody_is_in_it(self, team):
        flow = make_flow(name="Refunds", steps=[to("team", team)])
        FlowRun.objects.create(
            conversation=make_conversation(),
            flow=flow,
            version=flow.published,
            actor_kind="system",
            due_at=MORNING,
            started_at=MORNING,
        )
        other = {"steps": [{"name": "Hi", "kind": "message", "text": {"": "Hi"}}]}
        flows.save_draft(flow, document=other, author=None, now=MORNING)
        flows.publish(flow, author=None, now=MORNING)
        assert find_flows(team) == ["Refunds"]
        FlowRun.objects.update(status="completed", ended_at=MORNING, due_at=None)
        assert find_flows(team) == []

    def test_keeps_its_team(self, team):
        make_flow(name="Refunds", steps=[to("team", team)])
        with pytest.raises(NeededByFlowError, match="Refunds"):
            retiring.retire(team)

    def test_keeps_its_person(self):
        bob = make_agent(name="Bob")
        make_flow(name="Refunds", steps=[to("person", bob)])
        with pytest.raises(ValidationError, match="Refunds"):
            leaving.leave(bob, actor=Actor.system(), now=MORNING)
        bob.refresh_from_db()
        assert bob.is_active


class TestSwitchingATeamOff:
    def test_names_the_flows_in_the_console(self, team):
        make_flow(name="Refunds", steps=[to("team", team)])
        ada = sign_in(make_administrator())
        address = reverse("admin:teams_team_change", args=[team.pk])
        sent = {
            "name": team.name,
            "strategy": team.strategy,
            "memberships-TOTAL_FORMS": 0,
            "memberships-INITIAL_FORMS": 0,
        }
        page = ada.post(address, sent).content.decode()
        assert "A flow sends conversations there: Refunds." in page
        team.refresh_from_db()
        assert team.is_active

    def test_is_refused_over_the_api(self, team, client):
        make_flow(name="Refunds", steps=[to("team", team)])
        key = make_api_key(user=make_administrator())
        address = f"/api/v1/teams/{team.public_id}/"
        for answer in (
            client.patch(
                address,
                {"is_active": False},
                content_type="application/json",
                headers={"Authorization": f"Bearer {key}"},
            ),
            client.delete(address, headers={"Authorization": f"Bearer {key}"}),
        ):
            assert answer.status_code == 409
            assert answer.json()["code"] == "team.in_use"
            assert "Refunds" in answer.json()["detail"]

    @pytest.mark.parametrize("subject", ["teams", "users"])
    def test_is_refused_in_a_file(self, team, subject):
        bob = make_agent(name="Bob", email="bob@e.example")
        make_flow(name="Refunds", steps=[to("team", team), {**to("person", bob), "name": "b"}])
        ada = make_administrator()
        rows = {
            "teams": f"team_code,is_active\n{team.code},no\n",
            "users": "email,is_active\nbob@e.example,no\n",
        }
        upload = imports.plan(
            rows[subject].encode(), subject=Subject(subject), uploaded_by=ada, now=MORNING
        )
        assert upload.status == "planned", upload.faults
        address = reverse("admin:teams_import_apply", args=[upload.pk])
        page = sign_in(ada).post(address, {"digest": upload.digest}, follow=True).content.decode()
        assert "A flow sends conversations there: Refunds." in page
        bob.refresh_from_db()
        team.refresh_from_db()
        assert bob.is_active
        assert team.is_active
