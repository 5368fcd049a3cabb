"""Flows over the API: drawn, published, started, stopped."""

import pytest

from conversations.states import Status
from routing.models import Flow, FlowRun, RunProblem
from routing.services import flows
from tests.factories import (
    make_administrator,
    make_agent,
    make_api_key,
    make_channel,
    make_contact,
    make_conversation,
    make_flow,
)
from tests.moments import WEDNESDAY_MORNING as MORNING
from tests.settle import settle

pytestmark = pytest.mark.django_db
ASK = {"name": "Ask", "kind": "question", "text": {"": "Which order?"}, "answer_as": "order"}


@pytest.fixture
def api(client):
    key = make_api_key(user=make_administrator())

    def call(method, path, body=None):
        return getattr(client, method)(
            f"/api/v1/{path}",
            data=body,
            content_type="application/json",
            headers={"Authorization": f"Bearer {key}"},
        )

    return call


@pytest.fixture
def flow():
    return make_flow(steps=[ASK], trigger="none")


class TestANewFlow:
    def test_is_a_draft_that_customers_do_not_meet(self, api):
        body = {"name": "Orders", "trigger": "contains", "words": ["order"]}
        answer = api("post", "flows/", {**body, "document": {"steps": [ASK]}})
        assert answer.status_code == 201
        shown = answer.json()
        assert (shown["words"], shown["version"], shown["is_active"]) == (["order"], None, False)
        assert shown["document"]["steps"][0]["name"] == "Ask"

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"name": ""}, "name"),
            ({"name": "Taken"}, "name"),
            ({"trigger": "luck"}, "trigger"),
            ({"document": {"steps": [{"name": "A", "kind": "dance"}]}}, "document.steps.0.kind"),
            ({"document": []}, "document"),
            ({"colour": "red"}, "colour"),
        ],
    )
    def test_is_refused_by_what_is_wrong_with_it(self, api, wrong, field):
        make_flow(name="Taken", trigger="none", steps=[ASK])
        answer = api("post", "flows/", {"name": "Orders", **wrong})
        assert answer.status_code in (400, 422)
        assert field in answer.json()["fields"]
        assert Flow.objects.count() == 1

    def test_goes_as_long_as_it_never_ran(self, api, flow):
        new = api("post", "flows/", {"name": "Orders"}).json()
        assert api("delete", f"flows/{new['id']}/").status_code == 204
        conversation = make_conversation(status=Status.CLOSED)
        contact = {
            "id": str(conversation.contact.public_id),
            "channel_id": str(conversation.channel.public_id),
        }
        assert api("post", f"flows/{flow.public_id}/run/", {"contact": contact}).status_code == 201
        answer = api("delete", f"flows/{flow.public_id}/")
        assert (answer.status_code, answer.json()["code"]) == (409, "flow.in_use")


class TestAVersion:
    def test_becomes_the_draft_again(self, api, flow):
        path = f"flows/{flow.public_id}"
        api("put", f"{path}/draft/", {"document": {"steps": []}})
        answer = api("post", f"{path}/restore/", {"number": 1}).json()
        assert (len(answer["document"]["steps"]), answer["is_changed"]) == (1, False)
        missing = api("post", f"{path}/restore/", {"number": 7})
        assert missing.json()["fields"]["number"][0]["code"] == "unknown_version"


class TestDrawing:
    def test_keeps_a_draft_and_says_that_customers_meet_something_else(self, api, flow):
        steps = [ASK, {"name": "Thanks", "kind": "message", "text": {"": "Thanks."}}]
        path = f"flows/{flow.public_id}/draft/"
        body = {"document": {"steps": steps}, "name": "Orders", "seen": flow.draft_number}
        answer = api("put", path, body).json()
        assert (answer["name"], answer["is_changed"], answer["version"]) == ("Orders", True, 1)
        assert [step["name"] for step in answer["document"]["steps"]] == ["Ask", "Thanks"]
        again = api("put", path, body)
        assert (again.status_code, again.json()["code"]) == (409, "flow.conflict")

    def test_names_every_step_that_cannot_be_kept(self, api, flow):
        steps = [{"name": "A", "kind": "delay", "seconds": 0}, {"name": "B", "kind": "?"}]
        answer = api("put", f"flows/{flow.public_id}/draft/", {"document": {"steps": steps}})
        assert answer.status_code == 422
        fields = answer.json()["fields"]
        assert set(fields) == {"document.steps.0.seconds", "document.steps.1.kind"}

    def test_publishes_and_lists_versions(self, api, flow):
        bye = {"steps": [{"name": "Bye", "kind": "message", "text": "Bye"}]}
        flows.save_draft(flow, document=bye, author=None, now=MORNING)
        answer = api("post", f"flows/{flow.public_id}/publish/", {"note": "Shorter"})
        assert (answer.status_code, answer.json()["number"]) == (200, 2)
        listed = api("get", f"flows/{flow.public_id}/versions/").json()["data"]
        assert [(row["number"], row["note"]) for row in listed] == [(2, "Shorter"), (1, "")]

    def test_is_refused_with_every_problem(self, api, flow):
        steps = [
            {"name": "Team", "kind": "team", "next": "Nowhere"},
            {"name": "Team", "kind": "message"},
        ]
        flows.save_draft(flow, document={"steps": steps}, author=None, now=MORNING)
        refused = api("post", f"flows/{flow.public_id}/publish/", {})
        assert (refused.status_code, refused.json()["code"]) == (409, "flow.problems")
        assert {"document.steps.0.team", "document.steps.0.next", "document.steps.1.name"} <= set(
            refused.json()["fields"]
        )

    def test_switches(self, api, flow):
        assert not api("post", f"flows/{flow.public_id}/switch-off/").json()["is_active"]
        assert not Flow.objects.get().is_active
        assert api("post", f"flows/{flow.public_id}/switch-on/").json()["is_active"]


class TestStarting:
    def start(self, api, flow, **body):
        return api("post", f"flows/{flow.public_id}/run/", body)

    def test_begins_a_conversation_with_a_contact(self, api, flow):
        channel, contact = make_channel(provider="simulator", medium="sms"), make_contact()
        contact.identities.update(medium="sms")
        where = {"id": str(contact.public_id), "channel_id": str(channel.public_id)}
        answer = self.start(api, flow, contact=where)
        assert answer.status_code == 201
        run = FlowRun.objects.get()
        assert run.conversation.status == Status.BOT
        settle(now=run.started_at)
        shown = api("get", f"flow-runs/{run.public_id}/").json()
        assert (shown["status"], shown["step"]) == ("waiting", "Ask")
        assert [step["outcome"] for step in shown["log"]] == ["asked"]
        assert shown["contact_id"] == str(contact.public_id)

    def test_is_refused_where_a_conversation_is_open(self, api, flow):
        alice = make_agent()
        conversation = make_conversation(channel=make_channel(agents=(alice,)))
        key = str(conversation.public_id)
        refused = self.start(api, flow, conversation_id=key)
        assert (refused.status_code, refused.json()["code"]) == (409, "conversation.open")
        taken = self.start(api, flow, conversation_id=key, has_priority=True)
        assert taken.status_code == 201
        conversation.refresh_from_db()
        assert conversation.status == Status.BOT

    def test_with_priority_ends_the_flow_that_runs(self, api, flow):
        conversation = make_conversation()
        for _again in range(2):
            key = str(conversation.public_id)
            self.start(api, flow, conversation_id=key, has_priority=True)
        problems = FlowRun.objects.order_by("pk").values_list("problem", flat=True)
        assert list(problems) == [RunProblem.REPLACED, ""]

    @pytest.mark.parametrize(("status", "code"), [("closed", "conversation.closed")])
    def test_is_refused_where_it_is_over(self, api, flow, status, code):
        conversation = make_conversation(status=status)
        answer = self.start(api, flow, conversation_id=str(conversation.public_id))
        assert (answer.status_code, answer.json()["code"]) == (409, code)

    def test_is_refused_for_a_flow_that_is_off(self, api, flow):
        flows.switch_off(flow, now=MORNING)
        key = str(make_conversation(status="resolved").public_id)
        answer = self.start(api, flow, conversation_id=key)
        assert (answer.status_code, answer.json()["code"]) == (409, "flow.off")
        assert not FlowRun.objects.exists()

    def test_needs_one_place(self, api, flow):
        assert self.start(api, flow).status_code == 422

    def test_is_stopped_and_people_go_on(self, api, flow):
        key = str(make_conversation().public_id)
        self.start(api, flow, conversation_id=key, has_priority=True)
        run = FlowRun.objects.get()
        answer = api("post", f"flow-runs/{run.public_id}/stop/")
        assert (answer.json()["status"], answer.json()["problem"]) == ("canceled", "stopped")
        run.conversation.refresh_from_db()
        assert run.conversation.status == Status.NEW
        listed = api("get", "flow-runs/?status=canceled").json()["data"]
        assert [row["id"] for row in listed] == [str(run.public_id)]
