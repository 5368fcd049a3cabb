"""A dry run says what would happen, in the shape of the real answer, and writes nothing."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations.models import Assignment, Contact, Conversation, Event
from routing.models import Decision
from teams.models import Strategy, Team, User
from tests.factories import make_agent, make_contact, make_conversation, make_team

pytestmark = pytest.mark.django_db

TABLES = (Assignment, Contact, Conversation, Decision, Event, Team, User)
#: What the stored decision has and a dry run cannot.
STORED_ONLY = ("version",)


def chat(conversation):
    return {"conversation_id": str(conversation.public_id)}


def member(person):
    return {"member": {"id": str(person.public_id)}}


def everything():
    return [list(table.objects.order_by("pk").values()) for table in TABLES]


def without_ids(answer):
    shown = {name: value for name, value in answer.items() if name not in ("dry_run", "version")}
    if shown["decision"] is not None:
        shown["decision"] = {**shown["decision"], "id": None}
    return shown


@pytest.fixture
def bodies():
    """Every kind of assignment, each about a conversation of its own."""
    alice, bob, chen = make_agent(), make_agent(name="Bob"), make_agent(name="Chen", capacity=0)
    team = make_team(code="cs", members=(alice, bob), cursor_member=alice)
    make_team(name="Full", code="full", members=(chen,))
    by_hand = make_team(code="by-hand", strategy=Strategy.MANUAL)
    pinned = make_contact(permanent_agent=bob)
    return {
        "a team": ("manual", chat(make_conversation()) | {"team": {"id": str(team.public_id)}}),
        "a full team": ("manual", chat(make_conversation()) | {"team_code": "full"}),
        "a team by hand": ("manual", chat(make_conversation()) | {"team_code": by_hand.code}),
        "a person": ("manual", chat(make_conversation()) | member(chen) | {"reason": "VIP"}),
        "theirs already": ("manual", chat(make_conversation(assignee=bob)) | member(bob)),
        "somebody's": (
            "manual",
            chat(make_conversation(assignee=bob)) | member(chen) | {"only_if_unassigned": True},
        ),
        "take back": ("manual", chat(make_conversation(assignee=bob)) | {"action": "unassign"}),
        "clear": (
            "manual",
            chat(make_conversation(contact=pinned)) | member(chen) | {"clear_individual": True},
        ),
        "pin": ("individual", chat(make_conversation()) | member(chen)),
        "unpin": ("individual", {"contact": {"id": str(pinned.public_id)}, "action": "unassign"}),
    }


KINDS = (
    "a team",
    "a full team",
    "a team by hand",
    "a person",
    "theirs already",
    "somebody's",
    "take back",
    "clear",
    "pin",
    "unpin",
)


class TestDryRun:
    @pytest.mark.parametrize("kind", KINDS)
    def test_answers_as_the_real_call_does(self, api, bodies, kind):
        call, body = bodies[kind]

        dry = api.post(f"assignments/{call}/?dry_run=true", body).json()
        real = api.post(f"assignments/{call}/", body).json()

        assert (dry["dry_run"], real["dry_run"]) == (True, False)
        assert without_ids(dry) == without_ids(real)

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("way", ["address", "body"])
    def test_changes_nothing(self, api, bodies, kind, way):
        call, body = bodies[kind]
        address = f"assignments/{call}/" + ("?dry_run=true" if way == "address" else "")
        more = {"dry_run": True} if way == "body" else {}
        before = everything()

        with CaptureQueriesContext(
            connection,
        ) as seen:
            answer = api.post(address, body | more)

        assert (answer.status_code, answer.json()["dry_run"]) == (200, True)
        assert everything() == before
        writes = ("INSERT", "UPDATE conv", 'UPDATE "conv', 'UPDATE "routing', "DELETE")
        made = [each["sql"] for each in seen if each["sql"].startswith(writes)]
        assert not made
        assert not [each for each in seen if "FOR UPDATE" in each["sql"]]

    def test_says_the_same_twice_because_no_circle_moved(self, api, bodies):
        call, body = bodies["a team"]

        names = [
            api.post(f"assignments/{call}/?dry_run=true", body).json()["member"]["name"]
            for _ in range(3)
        ]

        assert names == ["Bob"] * 3

    @pytest.mark.parametrize(
        ("more", "status", "code"),
        [
            ({}, 422, "assignment.target_required"),
            ({"team_code": "nothing"}, 404, "team.not_found"),
            ({"member": {"code": "gone"}}, 409, "member.inactive"),
            ({"team_code": "cs", "member": {"code": "other"}}, 422, "member.not_in_team"),
            ({"team_code": "cs", "expected_version": 99}, 412, "version_conflict"),
        ],
    )
    def test_is_refused_as_the_real_call_is(self, api, more, status, code):
        make_agent(code="gone", is_active=False)
        make_agent(code="other")
        make_team(code="cs")

        answer = api.post("assignments/manual/?dry_run=true", chat(make_conversation()) | more)

        assert (answer.status_code, answer.json()["code"]) == (status, code)

    def test_of_nonsense_is_refused(self, api, bodies):
        call, body = bodies["a team"]

        answer = api.post(f"assignments/{call}/?dry_run=perhaps", body)

        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_query")

    def test_of_many_lets_each_see_what_went_before(self, api):
        people = [make_agent(name=name, capacity=1) for name in ("Alice", "Bob", "Chen")]
        make_team(code="cs", members=tuple(people), strategy=Strategy.LEAST_BUSY)
        items = [chat(make_conversation()) | {"team_code": "cs"} for _ in range(4)]
        before = everything()

        dry = api.post("assignments/bulk/?dry_run=true", {"items": items}).json()
        assert everything() == before
        real = api.post("assignments/bulk/", {"items": items}).json()

        def names(answer):
            return [(result["answer"]["member"] or {}).get("name") for result in answer["results"]]

        assert names(dry) == names(real) == ["Alice", "Bob", "Chen", None]
        assert (dry["dry_run"], real["dry_run"]) == (True, False)

    def test_of_many_remembers_who_would_have_lost_one(self, api):
        alice, bob = make_agent(capacity=1), make_agent(name="Bob", presence="away")
        make_team(code="cs", members=(alice,))
        theirs = make_conversation()
        api.post("assignments/manual/", chat(theirs) | member(alice))
        items = [
            chat(theirs) | member(bob),
            chat(make_conversation()) | {"team_code": "cs"},
            chat(theirs) | member(alice),
        ]

        results = api.post("assignments/bulk/", {"items": items, "dry_run": True}).json()["results"]

        names = [result["answer"]["member"]["name"] for result in results]
        assert names == ["Bob", "Alice", "Alice"]
