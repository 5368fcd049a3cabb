"""Other systems assign at the same moment, over HTTP, and do not trust that they were heard."""

import json
import random
from collections import Counter

import pytest

from conversations.models import Assignment, Conversation, Event
from routing.models import Decision
from teams.models import Strategy
from tests.factories import (
    make_administrator,
    make_agent,
    make_api_key,
    make_channel,
    make_conversation,
    make_team,
)
from tests.faults.crowd import Request, ask_all, server
from tests.faults.promises import broken_promises, deadlocks, different_decisions
from tests.processes import database_url

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

AT_ONCE, WORKERS = 20, 4
MANUAL, INDIVIDUAL, BULK = (
    f"/api/v1/assignments/{call}/" for call in ("manual", "individual", "bulk")
)
TEAM = {"team_code": "cs"}


@pytest.fixture(autouse=True)
def _everything_holds():
    before = deadlocks()
    yield
    assert not broken_promises()
    assert deadlocks() == before
    assert not different_decisions()


@pytest.fixture
def key() -> str:
    return make_api_key(user=make_administrator())


@pytest.fixture
def people():
    return tuple(make_agent(name=name) for name in ("Alice", "Bob", "Chen", "Dai"))


@pytest.fixture
def channel():
    return make_channel()


def request_of(path: str, body: object, *, key: str, once: str = "") -> Request:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    if once:
        headers["Idempotency-Key"] = once
    return path, json.dumps(body).encode(), headers


def chat(conversation: Conversation) -> dict[str, str]:
    return {"conversation_id": str(conversation.public_id)}


def owners() -> Counter[str]:
    return Counter(Conversation.objects.values_list("assignee__name", flat=True))


class TestTwentyAtOnce:
    @pytest.mark.parametrize("strategy", [Strategy.ROUND_ROBIN, Strategy.LEAST_BUSY])
    def test_give_each_of_four_exactly_five(self, key, people, channel, strategy):
        make_team(code="cs", members=people, strategy=strategy)
        requests = [
            request_of(MANUAL, chat(make_conversation(channel=channel)) | TEAM, key=key)
            for _ in range(20)
        ]

        with server(database_url(), workers=WORKERS) as port:
            answers = ask_all(port, requests, at_once=AT_ONCE)

        assert Counter(status for status, _ in answers) == {200: 20}
        assert owners() == {"Alice": 5, "Bob": 5, "Chen": 5, "Dai": 5}
        assert Decision.objects.count() == 20


class TestOnlyIfUnassigned:
    def test_changes_it_for_exactly_one_of_two(self, key, people, channel):
        conversations = [make_conversation(channel=channel) for _ in range(15)]
        requests = [
            request_of(
                MANUAL,
                chat(conversation)
                | {"member": {"email": person.email}, "only_if_unassigned": True},
                key=key,
            )
            for conversation in conversations
            for person in people[:2]
        ]

        with server(database_url(), workers=WORKERS) as port:
            answers = ask_all(port, requests, at_once=AT_ONCE)

        bodies = [json.loads(body) for _, body in answers]
        assert Counter(status for status, _ in answers) == {200: 30}
        changed = Counter(body["conversation_id"] for body in bodies if body["changed"])
        assert changed == {str(each.public_id): 1 for each in conversations}
        refused = [body for body in bodies if not body["changed"]]
        assert {body["reason"] for body in refused} == {"already_assigned"}
        for body in refused:
            winner = Conversation.objects.get(public_id=body["conversation_id"]).assignee
            assert body["member"]["id"] == str(winner.public_id)


class TestEveryCall:
    def test_repeated_with_its_key_has_one_effect(self, key, people, channel):
        make_team(code="cs", members=people)
        calls = [
            *[(MANUAL, chat(make_conversation(channel=channel)) | TEAM) for _ in range(4)],
            *[
                (INDIVIDUAL, chat(make_conversation(channel=channel)) | {"member": {"email": each}})
                for each in (people[0].email, people[1].email)
            ],
            *[
                (
                    BULK,
                    {"items": [chat(make_conversation(channel=channel)) | TEAM for _ in range(3)]},
                )
                for _ in range(2)
            ],
        ]
        requests = [
            request_of(path, body, key=key, once=f"call-{number}")
            for number, (path, body) in enumerate(calls)
        ]
        repeated = requests * 4
        random.Random(7).shuffle(repeated)

        with server(database_url(), workers=WORKERS) as port:
            tried = ask_all(port, repeated, at_once=AT_ONCE)
            last = ask_all(port, requests, at_once=1)
            again = ask_all(port, requests, at_once=1)

        assert {status for status, _ in tried} <= {200, 207, 409}
        for status, body in tried:
            assert status != 409 or json.loads(body)["code"] == "idempotency_in_progress"
        assert [status for status, _ in last] == [200] * 6 + [207] * 2
        assert last == again
        assert Assignment.objects.count() == Decision.objects.count() == 12
        assert Event.objects.filter(type="conversation.assigned").count() == 12
        assert Event.objects.filter(type="contact.permanent_agent_set").count() == 2
        # Twelve went out, of which two were for somebody by name: ten went round the team of four.
        assert sum(person.assignments.count() for person in people) == 12


class TestPinningAndMoving:
    def test_from_all_sides_locks_nobody_out(self, key, people, channel):
        make_team(code="cs", members=people)
        conversations = [make_conversation(channel=channel) for _ in range(4)]
        chance = random.Random(3)
        bodies = [
            lambda: (INDIVIDUAL, {"member": {"email": chance.choice(people).email}}),
            lambda: (INDIVIDUAL, {"action": "unassign"}),
            lambda: (MANUAL, TEAM | {"clear_individual": True}),
            lambda: (MANUAL, {"member": {"email": chance.choice(people).email}}),
            lambda: (MANUAL, {"action": "unassign", "clear_individual": True}),
        ]
        requests = []
        for _ in range(120):
            path, more = chance.choice(bodies)()
            requests.append(request_of(path, chat(chance.choice(conversations)) | more, key=key))

        with server(database_url(), workers=WORKERS) as port:
            answers = ask_all(port, requests, at_once=AT_ONCE)

        assert {status for status, _ in answers} == {200}
