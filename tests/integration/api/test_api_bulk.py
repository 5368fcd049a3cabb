"""Many assignments in one call: each stands for itself, and the call is safe to repeat."""

from typing import Any

import pytest

from conversations.models import Assignment, Event
from conversations.states import Status
from routing.models import Decision
from teams.models import StoredAnswer
from tests.factories import make_agent, make_contact, make_conversation, make_team

pytestmark = pytest.mark.django_db


def chat(conversation):
    return {"conversation_id": str(conversation.public_id)}


def bulk(api, *items: Any, **headers: str):
    return api.post("assignments/bulk/", {"items": list(items)}, **headers)


class TestBulk:
    def test_gives_each_item_the_answer_of_its_single_call(self, api):
        alice, bob = make_agent(code="E-1"), make_agent(name="Bob")
        make_team(code="cs", members=(alice, bob))
        first, second, third = (make_conversation() for _ in range(3))

        answer = bulk(
            api,
            chat(first) | {"team_code": "cs"},
            chat(second) | {"team_code": "cs"},
            chat(third) | {"type": "individual", "member": {"code": "E-1"}},
        )

        body = answer.json()
        assert (answer.status_code, body["succeeded"], body["failed"]) == (207, 3, 0)
        assert [result["index"] for result in body["results"]] == [0, 1, 2]
        assert {result["status"] for result in body["results"]} == {200}
        answers = [result["answer"] for result in body["results"]]
        assert [each["member"]["name"] for each in answers] == ["Alice", "Bob", "Alice"]
        assert [each["type"] for each in answers] == ["manual", "manual", "individual"]
        single = api.post("assignments/manual/", chat(first) | {"team_code": "cs"}).json()
        assert set(answers[0]) == set(single)

    def test_leaves_the_others_where_one_is_refused(self, api):
        alice = make_agent()
        make_team(code="cs", members=(alice,))
        resolved = make_conversation(status=Status.RESOLVED)
        free = make_conversation()
        nobody = {"email": "nobody@e.example"}

        body = bulk(
            api,
            chat(resolved) | {"team_code": "cs"},
            chat(free) | {"team_code": "nothing"},
            chat(free) | {"member": nobody},
            chat(free) | {"load": 0},
            chat(free) | {"type": "both", "team_code": "cs"},
            chat(free) | {"type": 7},
            {"team_code": "cs"},
            "nonsense",
            None,
            {},
            chat(free) | {"team_code": "cs", "expected_version": 77},
            chat(free) | {"team_code": "cs"},
        ).json()

        found = [
            (result["status"], (result["problem"] or {}).get("code")) for result in body["results"]
        ]
        assert found == [
            (409, "conversation.resolved"),
            (404, "team.not_found"),
            (404, "member.not_found"),
            (422, "unknown_field"),
            (422, "validation"),
            (422, "validation"),
            (422, "validation"),
            (422, "validation"),
            (422, "validation"),
            (422, "validation"),
            (412, "version_conflict"),
            (200, None),
        ]
        assert (body["succeeded"], body["failed"]) == (1, 11)
        assert Assignment.objects.filter(conversation=free, user=alice).count() == 1
        problem = body["results"][0]["problem"]
        assert problem["detail"]
        assert problem["request_id"]

    def test_asks_each_item_for_its_right(self, call):
        alice = make_agent()
        conversation = make_conversation()
        mine = {"member": {"id": str(alice.public_id)}}

        body = bulk(
            call(alice),
            chat(conversation) | mine | {"type": "individual"},
            chat(conversation) | mine,
        ).json()

        assert [result["status"] for result in body["results"]] == [403, 200]
        assert body["results"][0]["problem"]["code"] == "auth.role_insufficient"

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ({"items": []}, "validation"),
            ({"items": [{}] * 101}, "validation"),
            ({"items": {}}, "validation"),
            ({"items": "all"}, "validation"),
            ({}, "validation"),
            ({"items": [{}], "dry_run": "yes"}, "validation"),
            ({"items": [{}], "mode": "fast"}, "unknown_field"),
        ],
    )
    def test_that_is_no_list_of_up_to_a_hundred_is_refused(self, api, body, code):
        answer = api.post("assignments/bulk/", body)

        assert (answer.status_code, answer.json()["code"]) == (422, code)

    def test_takes_a_hundred(self, api):
        make_team(code="cs", members=tuple(make_agent(name=f"Agent {n}") for n in range(4)))
        contact = make_contact()
        items = [chat(make_conversation(contact=contact)) | {"team_code": "cs"}] * 100

        body = bulk(api, *items).json()

        assert (body["succeeded"], body["failed"]) == (100, 0)


class TestRepeating:
    def test_with_the_key_has_one_effect_and_one_answer(self, api):
        make_team(code="cs", members=(make_agent(), make_agent(name="Bob")))
        items = [chat(make_conversation()) | {"team_code": "cs"} for _ in range(3)]
        items.append({"team_code": "cs"})

        first = bulk(api, *items, idempotency_key="k")
        again = bulk(api, *items, idempotency_key="k")

        assert (first.status_code, again.status_code) == (207, 207)
        assert first.json() == again.json()
        assert again.headers["Idempotent-Replayed"] == "true"
        assert Decision.objects.count() == 3

    def test_after_a_fall_does_not_do_again_what_was_done(self, api):
        make_team(code="cs", members=(make_agent(), make_agent(name="Bob")))
        items = [chat(make_conversation()) | {"team_code": "cs"} for _ in range(3)]
        first = bulk(api, *items, idempotency_key="k").json()
        # As if it had fallen after the second item: the third and the whole were not kept.
        StoredAnswer.objects.filter(key="k").delete()
        last = first["results"][2]["answer"]
        events = Event.objects.count()

        again = bulk(api, *items, idempotency_key="k").json()

        assert again["results"][:2] == first["results"][:2]
        assert again["results"][2]["answer"]["member"] == last["member"]
        assert Event.objects.count() == events

    def test_with_another_body_under_the_same_key_is_refused(self, api):
        make_team(code="cs", members=(make_agent(),))
        item = chat(make_conversation()) | {"team_code": "cs"}
        bulk(api, item, idempotency_key="k")

        other = bulk(api, item, item, idempotency_key="k")

        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
