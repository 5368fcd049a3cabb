"""What a flow needs stays: a team, a person; wherever somebody wants to be rid of it."""

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from channels.models import Template
from conversations.actors import Actor
from routing.flow_uses import NeededByFlowError, find_flows, find_flows_of
from routing.models import FlowRun
from routing.services import flows, leaving, retiring
from teams.csv_plan import Subject
from teams.services import imports
from tests.console import sign_in
from tests.factories import (
    make_administrator,
    make_agent,
    make_ai_agent,
    make_api_key,
    make_channel,
    make_conversation,
    make_flow,
    make_supervisor,
    make_team,
    make_template,
)
from tests.integration.console.flow_forms import fields_of
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = pytest.mark.django_db


HI = {"name": "Hi", "kind": "message", "text": {"": "Hi"}}


def to(kind, target):
    return {"name": "to", "kind": kind, kind: str(target.public_id)}


def of(template):
    return {"template": str(template.public_id), "values": {"1": "Dora"}}


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
        other = {"steps": [HI]}
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


class TestStoppingAnAiAgent:
    """It may be urgent, so it is asked rather than refused."""

    @pytest.fixture
    def fay(self):
        fay = make_ai_agent(name="Fay", channels=(make_channel(),))
        make_flow(name="Refunds", steps=[to("ai_agent", fay)])
        return fay

    def test_asks_first_in_the_console(self, fay):
        ada = sign_in(make_administrator())
        address = reverse("admin:routing_aiagent_switch", args=[fay.pk])
        page = ada.post(address).content.decode()
        assert "A flow sends conversations there: Refunds." in page
        fay.refresh_from_db()
        assert fay.is_running
        assert ada.post(address, {"anyway": "1"}).status_code == 302
        fay.refresh_from_db()
        assert not fay.is_running

    def test_asks_first_over_the_api(self, fay, client):
        headers = {"Authorization": f"Bearer {make_api_key(user=make_administrator())}"}
        address = f"/api/v1/ai-agents/{fay.public_id}/stop/"
        answer = client.post(address, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (409, "ai_agent.in_use")
        assert "Refunds" in answer.json()["detail"]
        answer = client.post(f"{address}?anyway=true", headers=headers)
        assert (answer.status_code, answer.json()["is_running"]) == (200, False)

    def test_does_not_ask_when_no_flow_needs_it(self):
        gus = make_ai_agent(name="Gus", channels=(make_channel(),))
        ada = sign_in(make_administrator())
        ada.post(reverse("admin:routing_aiagent_switch", args=[gus.pk]))
        gus.refresh_from_db()
        assert not gus.is_running


class TestSwitchingAChannelOff:
    @pytest.fixture
    def channel(self):
        channel = make_channel(name="Shop")
        make_flow(name="Refunds", steps=[HI], channels=(channel,))
        return channel

    def test_names_the_flows_that_are_for_it_in_the_console(self, channel):
        ada = sign_in(make_administrator())
        address = reverse("admin:channels_channel_change", args=[channel.pk])
        sent = {**fields_of(ada.get(address).content, "channel_form"), "save": "1"}
        sent.pop("is_active")
        page = ada.post(address, sent).content.decode()
        assert "A flow is for this channel: Refunds." in page
        channel.refresh_from_db()
        assert channel.is_active

    def test_is_refused_over_the_api(self, channel, client):
        headers = {"Authorization": f"Bearer {make_api_key(user=make_administrator())}"}
        answer = client.patch(
            f"/api/v1/channels/{channel.public_id}/",
            {"is_active": False},
            content_type="application/json",
            headers=headers,
        )
        assert (answer.status_code, answer.json()["code"]) == (409, "channel.in_use")
        assert "Refunds" in answer.json()["detail"]

    def test_is_free_where_a_flow_serves_every_channel(self, client):
        channel = make_channel(name="Desk")
        make_flow(name="Welcome", steps=[HI])
        assert find_flows_of(channel) == []


class TestATemplateThatIsGone:
    """The provider takes it away, and nobody is asked: whoever needs it is named."""

    @pytest.fixture
    def template(self):
        return make_template(channel=make_channel(), name="order_update")

    def test_names_its_flows_on_its_page(self, template):
        make_flow(name="Refunds", steps=[{"name": "t", "kind": "message", **of(template)}])
        ada = sign_in(make_administrator())
        page = ada.get(reverse("admin:channels_template_change", args=[template.pk]))
        assert "Refunds" in page.content.decode()

    def test_is_said_on_the_overview_and_in_the_list_of_flows(self, template):
        flow = make_flow(name="Refunds", steps=[{"name": "t", "kind": "message", **of(template)}])
        sara = sign_in(make_supervisor(name="Sara"))
        trouble = "t: Its template is not approved, so that it cannot be sent."
        pages = (reverse("admin:index"), reverse("admin:routing_flow_changelist"))
        assert [trouble in sara.get(page).content.decode() for page in pages] == [False, False]

        Template.objects.update(removed_at=MORNING)
        assert [trouble in sara.get(page).content.decode() for page in pages] == [True, True]

        flows.switch_off(flow, now=MORNING)
        assert [trouble in sara.get(page).content.decode() for page in pages] == [False, False]


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
