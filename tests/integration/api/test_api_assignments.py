"""The Assignment API, and what it says about its decisions."""

import pytest

from conversations.models import Assignment, Event
from conversations.states import Status
from teams.models import Strategy
from tests.factories import (
    make_agent,
    make_channel,
    make_contact,
    make_conversation,
    make_rule,
    make_supervisor,
    make_team,
)

pytestmark = pytest.mark.django_db


def chat(conversation):
    return {"conversation_id": str(conversation.public_id)}


def member(person):
    return {"member": {"id": str(person.public_id)}}


class TestManual:
    def test_to_a_team_lets_its_strategy_pick(self, api):
        alice, bob = make_agent(load=2), make_agent(name="Bob")
        make_team(code="cs", members=(alice, bob), strategy=Strategy.LEAST_BUSY)
        conversation = make_conversation()

        answer = api.post("assignments/manual/", chat(conversation) | {"team_code": "cs"})

        body = answer.json()
        assert answer.status_code == 200
        assert (body["type"], body["changed"]) == ("manual", True)
        assert body["team"]["code"] == "cs"
        assert body["member"]["id"] == str(bob.public_id)
        assert body["assigned_at"] == "2026-11-18T09:00:00Z"
        assert (body["decision"]["trigger"], body["decision"]["outcome"]) == ("manual", "assigned")
        assert body["decision"]["explanation"][-1]["code"] == "least_busy"

    @pytest.mark.parametrize(
        "key",
        [
            {"email": "ALICE@e.example"},
            {"code": "E-1042"},
            {"external_id": "crm-7"},
        ],
    )
    def test_to_a_person_by_any_of_their_keys(self, api, key):
        alice = make_agent(
            email="alice@e.example", code="E-1042", external_id="crm-7", presence="offline"
        )

        answer = api.post("assignments/manual/", chat(make_conversation()) | {"member": key})

        assert answer.json()["member"]["id"] == str(alice.public_id)

    @pytest.mark.parametrize("key", ["id", "code"])
    def test_to_a_team_by_either_of_its_keys(self, api, key):
        team = make_team(code="cs", members=(make_agent(),))
        reference = {"team": {key: str(team.public_id) if key == "id" else "cs"}}

        answer = api.post("assignments/manual/", chat(make_conversation()) | reference)

        assert answer.json()["team"]["code"] == "cs"

    def test_of_a_contact_by_our_id_takes_the_conversation_that_is_open(self, api, ada):
        contact, channel = make_contact(), make_channel()
        running = make_conversation(contact=contact, channel=channel)
        make_conversation(contact=contact, status=Status.CLOSED)

        answer = api.post(
            "assignments/manual/", {"contact": {"id": str(contact.public_id)}} | member(ada)
        )

        assert answer.json()["conversation_id"] == str(running.public_id)

    def test_of_a_contact_by_their_address(self, api, ada):
        contact, channel = make_contact(address="+819012345678"), make_channel()
        conversation = make_conversation(contact=contact, channel=channel)
        who = {"channel_id": str(channel.public_id), "external_id": "+819012345678"}

        answer = api.post("assignments/manual/", {"contact": who} | member(ada))

        assert answer.json()["conversation_id"] == str(conversation.public_id)

    def test_twice_changes_nothing_the_second_time(self, api, ada):
        body = chat(make_conversation()) | member(ada)

        answers = [api.post("assignments/manual/", body).json() for _ in range(2)]

        assert [answer["changed"] for answer in answers] == [True, False]
        assert Assignment.objects.count() == 1

    def test_takes_it_back(self, api, ada):
        conversation = make_conversation()
        api.post("assignments/manual/", chat(conversation) | member(ada))
        body = chat(conversation) | {"action": "unassign", "reason": "Wrong team"}

        answers = [api.post("assignments/manual/", body).json() for _ in range(2)]

        assert [answer["changed"] for answer in answers] == [True, False]
        assert (answers[0]["team"], answers[0]["member"]) == (None, None)
        ada.refresh_from_db()
        assert ada.load == 0

    def test_only_if_unassigned_takes_nothing_away(self, api, ada):
        conversation = make_conversation()
        api.post("assignments/manual/", chat(conversation) | member(make_agent()))
        body = chat(conversation) | member(ada) | {"only_if_unassigned": True}

        answer = api.post("assignments/manual/", body)

        assert answer.status_code == 200
        assert (answer.json()["changed"], answer.json()["reason"]) == (False, "already_assigned")
        assert answer.json()["member"]["name"] == "Alice"

    def test_of_a_version_that_is_over_is_refused(self, api, ada):
        conversation = make_conversation(version=4)
        body = chat(conversation) | member(ada)

        stale = api.post("assignments/manual/", body | {"expected_version": 3})
        fresh = api.post("assignments/manual/", body | {"expected_version": 4})

        assert (stale.status_code, stale.json()["code"]) == (412, "version_conflict")
        assert fresh.status_code == 200

    def test_keeps_the_permanent_agent_unless_told_otherwise(self, api, ada):
        alice = make_agent()
        contact = make_contact(permanent_agent=alice)
        body = chat(make_conversation(contact=contact)) | member(ada)

        first = api.post("assignments/manual/", body).json()
        second = api.post("assignments/manual/", body | {"clear_individual": True}).json()

        assert first["permanent_agent"]["id"] == str(alice.public_id)
        assert (second["permanent_agent"], second["changed"]) == (None, True)

    @pytest.mark.parametrize(
        ("more", "status", "code"),
        [
            ({}, 422, "assignment.target_required"),
            ({"team_code": "nothing"}, 404, "team.not_found"),
            ({"member": {"email": "nobody@e.example"}}, 404, "member.not_found"),
            ({"member": {"code": "gone"}}, 409, "member.inactive"),
            ({"team_code": "cs", "member": {"code": "other"}}, 422, "member.not_in_team"),
            ({"team_code": "shut"}, 409, "team.inactive"),
            ({"action": "give"}, 422, "validation"),
            ({"action": "unassign", "team_code": "cs"}, 422, "validation"),
            ({"member": {}}, 422, "validation"),
            ({"member": {"code": "a", "email": "a@e.example"}}, 422, "validation"),
            ({"member": "alice"}, 422, "validation"),
            ({"team": {}}, 422, "validation"),
            ({"team": {"id": "cs"}}, 422, "validation"),
            ({"team": {"code": "cs"}, "team_code": "cs"}, 422, "validation"),
            ({"contact": {"channel_id": "1"}}, 422, "validation"),
            ({"expected_version": 0}, 422, "validation"),
            ({"load": 0}, 422, "unknown_field"),
        ],
    )
    def test_that_cannot_be_done_says_why(self, api, more, status, code):
        make_agent(code="gone", is_active=False)
        make_agent(code="other")
        make_team(code="cs")
        make_team(code="shut", is_active=False)

        answer = api.post("assignments/manual/", chat(make_conversation()) | more)

        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert not Assignment.objects.exists()

    @pytest.mark.parametrize("action", ["assign", "unassign"])
    def test_of_a_resolved_conversation_is_a_conflict(self, api, ada, action):
        conversation = make_conversation(status=Status.RESOLVED, assignee=ada)
        target = member(ada) if action == "assign" else {}

        answer = api.post("assignments/manual/", chat(conversation) | {"action": action} | target)

        assert (answer.status_code, answer.json()["code"]) == (409, "conversation.resolved")

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ({"conversation_id": "01990000-0000-7000-8000-000000000000"}, "conversation.not_found"),
            (
                {
                    "contact": {
                        "channel_id": "01990000-0000-7000-8000-000000000000",
                        "external_id": "+8190",
                    }
                },
                "channel.not_found",
            ),
        ],
    )
    def test_of_what_is_not_there_is_not_found(self, api, ada, body, code):
        answer = api.post("assignments/manual/", body | member(ada))

        assert (answer.status_code, answer.json()["code"]) == (404, code)

    def test_of_an_address_that_never_wrote_is_not_found(self, api, ada):
        who = {"channel_id": str(make_channel().public_id), "external_id": "+819012345678"}

        answer = api.post("assignments/manual/", {"contact": who} | member(ada))

        assert (answer.status_code, answer.json()["code"]) == (404, "contact.not_found")

    def test_needs_the_scope(self, ada, call):
        answer = call(ada, scopes=["read", "messages"]).post("assignments/manual/", {})

        assert answer.json()["code"] == "auth.scope_missing"


class TestReach:
    """Whom a role may assign to."""

    def test_of_agents_is_themselves(self, call):
        alice, bob = make_agent(), make_agent(name="Bob")
        team = make_team(code="cs", members=(alice, bob))
        targets = [member(alice), member(bob), {"team_code": "cs"}, {"action": "unassign"}]

        codes = [
            call(alice)
            .post("assignments/manual/", chat(make_conversation(team=team)) | target)
            .status_code
            for target in targets
        ]

        assert codes == [200, 403, 403, 200]

    def test_of_agents_ends_where_a_colleague_works(self, call):
        alice, bob = make_agent(), make_agent(name="Bob")
        team = make_team(members=(alice, bob))
        conversation = make_conversation(team=team, assignee=bob)

        answers = [
            call(alice).post("assignments/manual/", chat(conversation) | target)
            for target in (member(alice), {"action": "unassign"})
        ]

        assert [answer.status_code for answer in answers] == [403, 403]

    def test_of_supervisors_is_their_teams(self, call):
        sachi, bob, chen = make_supervisor(), make_agent(name="Bob"), make_agent(name="Chen")
        make_team(code="own", members=(sachi, bob))
        make_team(code="foreign", members=(chen,))
        targets = [{"team_code": "own"}, member(bob), {"team_code": "foreign"}, member(chen)]

        codes = [
            call(sachi).post("assignments/manual/", chat(make_conversation()) | target).status_code
            for target in targets
        ]

        assert codes == [200, 200, 403, 403]


class TestIndividual:
    def test_pins_the_contact_and_moves_the_conversation(self, api):
        alice = make_agent(presence="offline", capacity=0)
        conversation = make_conversation()

        answer = api.post(
            "assignments/individual/", chat(conversation) | member(alice) | {"reason": "VIP"}
        )

        body = answer.json()
        assert (answer.status_code, body["type"], body["changed"]) == (200, "individual", True)
        assert body["permanent_agent"]["id"] == body["member"]["id"] == str(alice.public_id)
        assert body["decision"]["outcome"] == "assigned"
        conversation.contact.refresh_from_db()
        assert conversation.contact.permanent_agent == alice

    def test_of_a_resolved_conversation_pins_the_contact_only(self, api):
        alice = make_agent()
        conversation = make_conversation(status=Status.RESOLVED)

        body = api.post("assignments/individual/", chat(conversation) | member(alice)).json()

        assert body["permanent_agent"]["id"] == str(alice.public_id)
        assert (body["member"], body["decision"], body["changed"]) == (None, None, True)

    def test_of_a_contact_without_a_conversation_here_pins_the_contact(self, api):
        alice, channel = make_agent(), make_channel()
        make_contact(address="+819012345678")
        who = {"channel_id": str(channel.public_id), "external_id": "+819012345678"}

        body = api.post("assignments/individual/", {"contact": who} | member(alice)).json()

        assert (body["conversation_id"], body["changed"]) == (None, True)

    def test_of_somebody_who_left_is_a_conflict(self, api):
        alice = make_agent(is_active=False)

        answer = api.post("assignments/individual/", chat(make_conversation()) | member(alice))

        assert (answer.status_code, answer.json()["code"]) == (409, "member.inactive")

    def test_is_lifted_without_moving_anything(self, api):
        alice = make_agent()
        conversation = make_conversation()
        api.post("assignments/individual/", chat(conversation) | member(alice))
        body = {"contact": {"id": str(conversation.contact.public_id)}, "action": "unassign"}

        answers = [
            api.post("assignments/individual/", body | {"reason": "Moved"}).json() for _ in range(2)
        ]

        assert [answer["changed"] for answer in answers] == [True, False]
        assert (answers[0]["permanent_agent"], answers[0]["member"]["name"]) == (None, "Alice")
        event = Event.objects.get(type="contact.permanent_agent_released")
        assert event.data == {"user_id": alice.pk, "reason": "Moved"}
        assert event.actor_label == "CRM"

    def test_twice_is_written_down_once(self, api):
        body = chat(make_conversation()) | member(make_agent())

        answers = [api.post("assignments/individual/", body).json() for _ in range(2)]

        assert [answer["changed"] for answer in answers] == [True, False]
        assert Event.objects.filter(type="contact.permanent_agent_set").count() == 1

    @pytest.mark.parametrize(
        ("more", "status", "code"),
        [
            ({}, 422, "assignment.target_required"),
            ({"member": {"code": "nobody"}}, 404, "member.not_found"),
            ({"member": {"code": "E-1"}, "expected_version": 9}, 412, "version_conflict"),
            ({"member": {"code": "E-1"}, "action": "unassign"}, 422, "validation"),
            ({"member": {"code": "E-1"}, "team_code": "cs"}, 422, "unknown_field"),
            ({"contact": {}}, 422, "validation"),
        ],
    )
    def test_that_cannot_be_done_says_why(self, api, more, status, code):
        make_agent(code="E-1")
        conversation = make_conversation()

        answer = api.post("assignments/individual/", chat(conversation) | more)

        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert not Event.objects.exists()

    def test_is_for_those_who_may_edit_contacts(self, call):
        alice = make_agent()

        answer = call(alice).post(
            "assignments/individual/", chat(make_conversation()) | member(alice)
        )

        assert answer.status_code == 403


class TestExplanation:
    def test_has_codes_facts_and_a_text(self, api):
        alice = make_agent()
        make_team(code="cs", name="Customer service", members=(alice,))
        conversation = make_conversation()
        api.post("assignments/manual/", chat(conversation) | {"team_code": "cs"})

        body = api.get(f"conversations/{conversation.public_id}/decision/").json()

        step = body["explanation"][-1]
        assert step["seq"] == len(body["explanation"])
        assert (step["stage"], step["code"]) == ("strategy", "round_robin")
        assert step["facts"]["chosen_id"] == str(alice.public_id)
        assert step["facts"]["candidates"][0]["user_id"] == str(alice.public_id)
        assert step["text"]
        assert step["details"]
        assert "Alice" in body["heading"]
        other = api.get(f"conversations/{conversation.public_id}/explanation/").json()
        assert other == body

    def test_names_no_internal_key(self, api):
        support = make_team(members=(make_agent(),))
        make_rule(team=support)
        conversation = make_conversation()
        api.post("assignments/manual/", chat(conversation) | {"team_code": support.code})

        body = api.get(f"conversations/{conversation.public_id}/assignment/").json()

        assert list(_integer_ids(body)) == []

    def test_of_a_conversation_without_a_decision_is_not_found(self, api):
        answer = api.get(f"conversations/{make_conversation().public_id}/decision/")

        assert (answer.status_code, answer.json()["code"]) == (404, "decision.not_found")


class TestWaiting:
    def test_is_explained_as_things_are_now(self, api):
        alice = make_agent(presence="offline")
        make_team(code="cs", name="Customer service", members=(alice,))
        conversation = make_conversation()
        api.post("assignments/manual/", chat(conversation) | {"team_code": "cs"})
        alice.presence, alice.capacity = "online", 0
        alice.save(update_fields=["presence", "capacity"])

        body = api.get(f"conversations/{conversation.public_id}/explanation/").json()

        stored, fresh = body["explanation"], body["as_of_now"]
        assert "all_away" in [step["code"] for step in stored]
        assert [step["code"] for step in fresh["explanation"]] == ["all_full", "queued"]
        assert (fresh["id"], fresh["trigger"], fresh["outcome"]) == (None, "waiting", "waiting")
        shown = api.get(f"conversations/{conversation.public_id}/assignment/").json()
        assert shown["as_of_now"] == fresh

    def test_is_over_where_somebody_has_it(self, api):
        conversation = make_conversation()
        api.post("assignments/manual/", chat(conversation) | member(make_agent()))

        body = api.get(f"conversations/{conversation.public_id}/decision/").json()

        assert body["as_of_now"] is None

    def test_gives_the_reason_of_whoever_took_it_back(self, api, ada):
        conversation = make_conversation()
        api.post("assignments/manual/", chat(conversation) | member(ada))
        body = chat(conversation) | {"action": "unassign", "reason": "Wrong team"}
        api.post("assignments/manual/", body)

        event = Event.objects.get(type="conversation.unassigned")

        assert event.data["note"] == "Wrong team"


class TestAssignment:
    def test_shows_owner_history_and_decision(self, api):
        alice, bob = make_agent(), make_agent(name="Bob")
        conversation = make_conversation()
        for person in (alice, bob):
            api.post("assignments/manual/", chat(conversation) | member(person))

        body = api.get(f"conversations/{conversation.public_id}/assignment/").json()

        assert (body["type"], body["member"]["name"]) == ("manual", "Bob")
        assert [stretch["member"]["name"] for stretch in body["history"]] == ["Bob", "Alice"]
        assert [stretch["end_reason"] for stretch in body["history"]] == [None, "replaced"]
        assert body["decision"]["id"] == body["history"][0]["decision_id"]
        decisions = api.get(f"conversations/{conversation.public_id}/decisions/").json()["data"]
        assert [row["id"] for row in decisions] == [
            stretch["decision_id"] for stretch in body["history"]
        ]

    def test_of_a_conversation_that_nobody_has_is_empty(self, api):
        body = api.get(f"conversations/{make_conversation().public_id}/assignment/").json()

        assert (body["type"], body["member"], body["history"]) == (None, None, [])


class TestRules:
    def test_are_listed_in_their_order(self, api):
        support = make_team(code="support")
        make_rule(name="Second", team=support, position=2)
        make_rule(
            name="First", team=support, position=1, conditions=(("text", "contains", "返金"),)
        )

        rows = api.get("rules/").json()["data"]

        assert [row["name"] for row in rows] == ["First", "Second"]
        assert rows[0]["team"]["code"] == "support"
        asked = {"field": "text", "operator": "contains", "value": "返金", "group": None}
        assert rows[0]["conditions"] == [asked]
        assert api.get(f"rules/{rows[0]['id']}/").json() == rows[0]


def _integer_ids(value):
    if isinstance(value, list):
        for inner in value:
            yield from _integer_ids(inner)
    elif isinstance(value, dict):
        for name, inner in value.items():
            if (name == "id" or name.endswith("_id")) and isinstance(inner, int):
                yield name
            yield from _integer_ids(inner)
