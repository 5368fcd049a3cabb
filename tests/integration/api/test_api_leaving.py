"""Somebody leaves, as another system says it."""

import pytest

from conversations.actors import Actor
from conversations.models import Conversation
from routing.services import assignment
from tests import moments
from tests.factories import make_agent, make_contact, make_conversation, make_team

NOW = moments.WEDNESDAY_MORNING


def fields_of(answer):
    return {name: found[0]["code"] for name, found in answer.json()["fields"].items()}


@pytest.fixture
def alice(db):
    return make_agent(code="alice")


@pytest.fixture
def hers(alice):
    conversation = make_conversation()
    assignment.assign_to(conversation, person=alice, actor=Actor.system(), now=NOW)
    return conversation


class TestSomebodyWithOpenWork:
    def test_stays_until_it_is_said_where_that_goes(self, api, alice, hers):
        answer = api.patch("users/alice/", {"is_active": False})

        assert (answer.status_code, answer.json()["code"]) == (409, "agent_has_active_work")
        alice.refresh_from_db()
        assert alice.is_active

    @pytest.mark.parametrize(
        "hand_over",
        [
            {"to": "member", "member": {"code": "bob"}},
            {"to": "team", "team_code": "support"},
        ],
    )
    def test_leaves_it_to_somebody_else(self, api, hers, hand_over):
        bob = make_agent(name="Bob", code="bob")
        make_team(code="support", members=(bob,))

        answer = api.patch("users/alice/", {"is_active": False, "hand_over": hand_over})

        assert (answer.status_code, answer.json()["is_active"]) == (200, False)
        assert Conversation.objects.get(pk=hers.pk).assignee == bob

    def test_leaves_it_to_the_queue(self, api, hers):
        body = {"is_active": False, "name": "Alice (left)", "hand_over": {"to": "own_team"}}

        answer = api.patch("users/alice/", body)

        assert (answer.status_code, answer.json()["name"]) == (200, "Alice (left)")
        assert Conversation.objects.get(pk=hers.pk).assignee is None

    def test_leaves_once_for_one_key(self, api, alice, hers):
        body = {"is_active": False, "hand_over": {"to": "own_team"}}

        answers = [api.patch("users/alice/", body, Idempotency_Key="leave") for _ in range(2)]

        assert [answer.status_code for answer in answers] == [200, 200]
        assert answers[1].headers["Idempotent-Replayed"] == "true"

    @pytest.mark.parametrize(
        ("hand_over", "fields"),
        [
            ({"to": "member"}, {"hand_over": "target_mismatch"}),
            ({"to": "own_team", "team_code": "support"}, {"hand_over": "target_mismatch"}),
            ({"to": "team", "member": {"code": "bob"}}, {"hand_over": "target_mismatch"}),
        ],
    )
    def test_is_told_what_does_not_fit(self, api, hers, hand_over, fields):
        answer = api.patch("users/alice/", {"is_active": False, "hand_over": hand_over})

        assert (answer.status_code, fields_of(answer)) == (422, fields)

    def test_cannot_leave_it_to_somebody_who_left(self, api, hers):
        make_agent(name="Bob", code="bob", is_active=False)
        hand_over = {"to": "member", "member": {"code": "bob"}}

        answer = api.patch("users/alice/", {"is_active": False, "hand_over": hand_over})

        assert (answer.status_code, answer.json()["code"]) == (409, "member.inactive")

    def test_hands_over_only_when_leaving(self, api, alice):
        answer = api.patch("users/alice/", {"hand_over": {"to": "own_team"}})

        assert (answer.status_code, fields_of(answer)) == (422, {"hand_over": "only_when_leaving"})


class TestSomebodyWithoutOpenWork:
    def test_lets_go_of_their_contacts(self, api, alice):
        dora = make_contact(permanent_agent=alice)

        assert api.delete("users/alice/").status_code == 204

        dora.refresh_from_db()
        assert dora.permanent_agent is None

    def test_comes_back(self, api, alice):
        api.patch("users/alice/", {"is_active": False})

        answer = api.patch("users/alice/", {"is_active": True})

        assert (answer.json()["is_active"], answer.json()["presence"]) == (True, "offline")
