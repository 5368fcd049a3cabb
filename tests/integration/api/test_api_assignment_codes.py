"""Every code with which the Assignment API is documented to refuse can be heard."""

import re
from pathlib import Path

import pytest

from conversations.states import Status
from teams.models import ApiKey
from tests.factories import make_agent, make_channel, make_conversation, make_supervisor, make_team

pytestmark = pytest.mark.django_db

PAPER = Path(__file__).resolve().parents[3] / "docs/api.md"
NOWHERE = "01990000-0000-7000-8000-000000000000"
#: Somebody would have to be faster a dozen times; the service has its own test for that.
BY_BAD_LUCK = {"assignment.contention"}
#: What is wrong -> status and code; `{}` is a body that would be fine but for the target.
WRONG = [
    ({"conversation_id": NOWHERE, "team_code": "cs"}, 404, "conversation.not_found"),
    ({"contact": {"id": NOWHERE}, "team_code": "cs"}, 404, "contact.not_found"),
    (
        {"contact": {"channel_id": NOWHERE, "external_id": "+1"}, "team_code": "cs"},
        404,
        "channel.not_found",
    ),
    ({"team_code": "nothing"}, 404, "team.not_found"),
    ({"team": {"id": NOWHERE}}, 404, "team.not_found"),
    ({"member": {"external_id": "nobody"}}, 404, "member.not_found"),
    ({"member": {"code": "gone"}}, 409, "member.inactive"),
    ({"team_code": "shut"}, 409, "team.inactive"),
    ({"resolved": True, "team_code": "cs"}, 409, "conversation.resolved"),
    ({"team_code": "cs", "expected_version": 99}, 412, "version_conflict"),
    ({}, 422, "assignment.target_required"),
    ({"team_code": "cs", "member": {"code": "other"}}, 422, "member.not_in_team"),
    ({"team_code": 7}, 422, "validation"),
    ({"team_cod": "cs"}, 422, "unknown_field"),
]
BY_KEY = {
    "auth.invalid_api_key": 401,
    "auth.api_key_disabled": 403,
    "auth.scope_missing": 403,
    "auth.role_insufficient": 403,
}
CALLS = ("manual", "individual", "bulk")


@pytest.fixture
def body():
    """Return the body for what is wrong, with a conversation unless it names something else."""
    make_agent(code="gone", is_active=False)
    make_agent(code="other")
    make_team(code="cs")
    make_team(code="shut", is_active=False)

    def build(wrong):
        status = Status.RESOLVED if wrong.pop("resolved", False) else Status.NEW
        if {"contact", "conversation_id"} & set(wrong):
            return wrong
        chat = make_conversation(channel=make_channel(), status=status)
        return {"conversation_id": str(chat.public_id), **wrong}

    return build


class TestCodes:
    @pytest.mark.parametrize(("wrong", "status", "code"), WRONG)
    def test_come_with_their_status(self, api, body, wrong, status, code):
        answer = api.post("assignments/manual/", body(dict(wrong)))

        problem = answer.json()
        assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code)
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert problem["detail"]

    @pytest.mark.parametrize("call_name", CALLS)
    def test_of_keys_are_the_same_at_every_call(self, call, ada, call_name):
        nobodys, revoked = call(), call(ada)
        ApiKey.objects.update(revoked=True)
        small = call(ada, scopes=["read"])

        answers = [
            caller.post(f"assignments/{call_name}/", {}) for caller in (nobodys, revoked, small)
        ]

        nobodys.headers = {"apikey": "unknown"}
        answers.append(nobodys.post(f"assignments/{call_name}/", {}))
        assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
            (401, "not_authenticated"),
            (403, "auth.api_key_disabled"),
            (403, "auth.scope_missing"),
            (401, "auth.invalid_api_key"),
        ]

    def test_of_roles_are_told_from_what_is_not_there(self, call, body):
        foreign = make_team(code="foreign")

        answer = call(make_supervisor()).post(
            "assignments/manual/", body({"team_code": foreign.code})
        )

        assert (answer.status_code, answer.json()["code"]) == (403, "auth.role_insufficient")

    def test_are_those_of_the_paper(self):
        table = PAPER.read_text().split("codes of these three")[1].split("**Why it waits.**")[0]
        told = set(re.findall(r"`([a-z_]+(?:\.[a-z_]+)?)`", table))

        assert told == {code for _, _, code in WRONG} | set(BY_KEY) | BY_BAD_LUCK
