"""Conversations, their messages, notes, tags, states and events."""

from datetime import timedelta

import pytest
from django.utils import timezone

from conversations.models import AutomaticText, Conversation, Event, Identity, Message, Survey
from conversations.models.automatic_text import LONG_AGO
from conversations.states import Status
from tests import moments
from tests.factories import (
    make_agent,
    make_channel,
    make_contact,
    make_conversation,
    make_message,
    make_supervisor,
    make_team,
)

pytestmark = pytest.mark.django_db
NOW = moments.WEDNESDAY_MORNING


def address_of(conversation, *, below=""):
    return f"conversations/{conversation.public_id}/{below}"


def fields_of(answer):
    return {name: found[0]["code"] for name, found in answer.json()["fields"].items()}


class TestConversation:
    def test_is_shown_with_its_company(self, api):
        alice, support = make_agent(code="E-1"), make_team(code="support")
        conversation = make_conversation(assignee=alice, team=support, tags=["vip"])

        body = api.get(address_of(conversation)).json()

        assert body["id"] == str(conversation.public_id)
        assert (body["status"], body["tags"], body["version"]) == ("new", ["vip"], 1)
        assert body["assignee"]["code"] == "E-1"
        assert body["team"]["code"] == "support"
        assert body["contact"]["name"] == "Dora"
        assert body["channel"]["medium"] == "whatsapp"
        assert body["opened_at"] == "2026-11-18T09:00:00Z"
        assert body["window_closes_at"] == "2026-11-19T09:00:00Z"
        assert body["survey"] is None

    def test_is_shown_with_its_rating(self, api):
        conversation = make_conversation(status=Status.CLOSED)
        Survey.objects.create(
            conversation=conversation, resolution=1, status="answered", rating=5, created_at=NOW
        )

        assert api.get(address_of(conversation)).json()["survey"]["rating"] == 5

    def test_is_shown_with_what_was_written_by_itself(self, api):
        conversation = make_conversation()
        told = make_message(conversation=conversation, direction="outbound", body="Closed.")
        AutomaticText.objects.create(
            conversation=conversation, kind="greeting", reason="other_text", created_at=NOW
        )
        AutomaticText.objects.create(
            conversation=conversation,
            kind="unavailable",
            message=told,
            language="en",
            closed_since=LONG_AGO,
            closed_until=NOW + timedelta(hours=3),
            created_at=NOW,
        )

        shown = api.get(address_of(conversation)).json()["automatic_texts"]

        assert shown[0] == {
            "kind": "greeting",
            "reason": "other_text",
            "language": None,
            "message": None,
            "closed_since": None,
            "closed_until": None,
            "decided_at": "2026-11-18T09:00:00Z",
        }
        assert shown[1]["message"] == str(told.public_id)
        assert (shown[1]["reason"], shown[1]["language"]) == (None, "en")
        assert (shown[1]["closed_since"], shown[1]["closed_until"]) == (
            None,
            "2026-11-18T12:00:00Z",
        )


class TestList:
    def test_is_narrowed(self, api, ada):
        support = make_team(code="support")
        new = make_conversation(team=support)
        working = make_conversation(status=Status.IN_PROGRESS, assignee=ada)
        closed = make_conversation(status=Status.CLOSED)
        names = {str(new.public_id): "new", str(working.public_id): "working"}
        names[str(closed.public_id)] = "closed"
        queries = {
            "status=open": {"new", "working"},
            "status=open,closed": {"new", "working", "closed"},
            "status=closed": {"closed"},
            "team=support": {"new"},
            f"team={support.public_id}": {"new"},
            "assignee=none": {"new", "closed"},
            "assignee=me": {"working"},
            f"assignee={ada.public_id}&status=open": {"working"},
            f"channel={new.channel.public_id}": {"new"},
            f"contact={closed.contact.public_id}": {"closed"},
            "team=nothing": set(),
        }

        found = {
            query: {names[row["id"]] for row in api.get(f"conversations/?{query}").json()["data"]}
            for query in queries
        }

        assert found == queries


class TestMessages:
    def test_are_listed_in_order(self, api):
        conversation = make_conversation()
        for body in ("Hello", "Anybody there?"):
            make_message(conversation=conversation, body=body)

        rows = api.get(address_of(conversation, below="messages/")).json()["data"]

        assert [(row["sequence"], row["body"]) for row in rows] == [
            (1, "Hello"),
            (2, "Anybody there?"),
        ]
        assert rows[0]["conversation_id"] == str(conversation.public_id)
        assert (rows[0]["author_kind"], rows[0]["delivery_status"]) == ("contact", None)

    def test_are_answered(self, api, ada):
        conversation = make_conversation()

        answer = api.post(address_of(conversation, below="messages/"), {"body": "  Hello!  "})

        assert answer.status_code == 202
        body = answer.json()
        assert (body["body"], body["direction"]) == ("Hello!", "outbound")
        assert (body["delivery_status"], body["author"]["id"]) == ("queued", str(ada.public_id))
        conversation.refresh_from_db()
        assert (conversation.status, conversation.assignee) == (Status.IN_PROGRESS, ada)
        assert api.get(f"messages/{body['id']}/").json() == body
        assert Event.objects.get(type="message.queued").actor_label == "CRM"

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ({"body": ""}, "blank"),
            ({"body": " "}, "blank"),
            ({"body": "x" * 10_001}, "max_length"),
            ({"body": 1}, "invalid"),
            ({"body": None}, "null"),
            ({}, "required"),
        ],
    )
    def test_need_a_text_that_fits(self, api, body, code):
        answer = api.post(address_of(make_conversation(), below="messages/"), body)

        assert (answer.status_code, fields_of(answer)) == (422, {"body": code})

    @pytest.mark.parametrize(
        ("fields", "code"),
        [
            ({"last_inbound_at": NOW - timedelta(hours=24)}, "message.template_required"),
            ({"status": Status.CLOSED}, "conversation.closed"),
        ],
    )
    def test_may_not_be_sent_always(self, api, fields, code):
        conversation = make_conversation(**fields)

        answer = api.post(address_of(conversation, below="messages/"), {"body": "Hello"})

        assert (answer.status_code, answer.json()["code"]) == (409, code)
        assert not Message.objects.exists()

    def test_may_not_be_sent_to_who_opted_out(self, api):
        conversation = make_conversation()
        Identity.objects.update(opted_out_at=NOW)

        answer = api.post(address_of(conversation, below="messages/"), {"body": "Hello"})

        assert answer.json()["code"] == "contact.opted_out"


class TestNotes:
    def test_stay_inside(self, api):
        conversation = make_conversation()

        answer = api.post(address_of(conversation, below="notes/"), {"body": "Call her"})

        assert (answer.status_code, answer.json()["direction"]) == (201, "note")
        assert answer.json()["delivery_status"] is None
        conversation.refresh_from_db()
        assert conversation.status == Status.NEW


class TestStatus:
    def test_is_resolved_and_opened_again(self, api):
        conversation = make_conversation(channel=make_channel(has_survey=True))
        address = address_of(conversation, below="status/")

        resolved = api.post(address, {"status": "resolved"})
        opened = api.post(address, {"status": "open"})

        assert (resolved.status_code, resolved.json()["status"]) == (200, "resolved")
        assert resolved.json()["survey"]["status"] == "sent"
        assert (opened.status_code, opened.json()["status"]) == (200, "new")

    @pytest.mark.parametrize(
        ("status", "wanted"),
        [
            (Status.NEW, "closed"),
            (Status.CLOSED, "resolved"),
            (Status.CLOSED, "snoozed"),
            (Status.NEW, "new"),
            (Status.IN_PROGRESS, "new"),
        ],
    )
    def test_follows_the_table(self, api, status, wanted):
        conversation = make_conversation(status=status)

        answer = api.post(address_of(conversation, below="status/"), {"status": wanted})

        assert (answer.status_code, answer.json()["code"]) == (
            409,
            "conversation.illegal_transition",
        )
        assert status in answer.json()["detail"]
        assert wanted in answer.json()["detail"]

    @pytest.mark.parametrize("wanted", ["in_progress", "bot", "asleep", 1])
    def test_is_not_made_up(self, api, wanted):
        answer = api.post(address_of(make_conversation(), below="status/"), {"status": wanted})

        assert answer.status_code == 422

    def test_of_a_colleagues_conversation_is_not_an_agents_affair(self, call):
        alice, bob, sachi = make_agent(), make_agent(name="Bob"), make_supervisor()
        team = make_team(members=(alice, bob, sachi))
        conversation = make_conversation(assignee=bob, team=team)
        address = address_of(conversation, below="status/")

        codes = [
            call(person).post(address, {"status": "resolved"}).status_code
            for person in (alice, sachi)
        ]

        assert codes == [403, 200]


class TestSnoozing:
    def test_lasts_until_an_instant(self, api):
        conversation = make_conversation()
        address, until = address_of(conversation, below="status/"), soon()

        answer = api.post(address, {"status": "snoozed", "snoozed_until": until})

        assert answer.status_code == 200
        assert (answer.json()["status"], answer.json()["snoozed_until"]) == ("snoozed", until)

    @pytest.mark.parametrize("more", [{}, {"snoozed_until": None}])
    def test_lasts_until_the_customer_writes_where_no_instant_is_named(self, api, more):
        address = address_of(make_conversation(), below="status/")

        answer = api.post(address, {"status": "snoozed", **more})

        assert (answer.json()["status"], answer.json()["snoozed_until"]) == ("snoozed", None)

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ({"status": "snoozed", "snoozed_until": "2020-01-01T00:00:00Z"}, "bad_snooze"),
            ({"status": "snoozed", "snoozed_until": "2999-01-01T00:00:00Z"}, "bad_snooze"),
            ({"status": "snoozed", "snoozed_until": 1715000000}, "validation"),
            ({"status": "snoozed", "snoozed_until": "soon"}, "validation"),
            ({"status": "resolved", "snoozed_until": "2999-01-01T00:00:00Z"}, "validation"),
        ],
    )
    def test_refuses_what_is_no_time_to_wake_at(self, api, body, code):
        answer = api.post(address_of(make_conversation(), below="status/"), body)

        assert answer.status_code == 422
        assert answer.json()["code"].endswith(code)

    def test_of_what_a_bot_has_and_back_to_people(self, api):
        conversation = make_conversation(status=Status.BOT)
        address = address_of(conversation, below="status/")

        answer = api.post(address, {"status": "open"})

        assert answer.json()["status"] == "new"
        assert Event.objects.get().type == "conversation.handed_to_people"


def soon() -> str:
    return f"{timezone.now() + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"


class TestPriority:
    def test_is_changed_and_told(self, api):
        conversation = make_conversation()

        answer = api.patch(address_of(conversation), {"priority": 10, "expected_version": 1})

        assert (answer.status_code, answer.json()["priority"]) == (200, 10)
        event = Event.objects.get()
        assert (event.type, event.data) == (
            "conversation.priority_changed",
            {"from": 0, "to": 10},
        )

    def test_is_not_changed_over_somebody_elses_change(self, api):
        conversation = make_conversation(version=2)

        answer = api.patch(address_of(conversation), {"priority": 10, "expected_version": 1})

        assert (answer.status_code, answer.json()["code"]) == (412, "version_conflict")
        conversation.refresh_from_db()
        assert conversation.priority == 0

    @pytest.mark.parametrize("priority", [101, -101, "1", None, 1.5])
    def test_is_a_number_of_a_hundred_either_way(self, api, priority):
        answer = api.patch(address_of(make_conversation()), {"priority": priority})

        assert answer.status_code == 422


class TestTags:
    def test_are_replaced(self, api):
        conversation = make_conversation(tags=["old"])

        answer = api.put(address_of(conversation, below="tags/"), {"tags": ["vip", "返金", "vip"]})

        assert (answer.status_code, answer.json()["tags"]) == (200, ["vip", "返金"])
        assert answer.json()["version"] == 2
        event = Event.objects.get()
        assert (event.type, event.data["from"]) == ("conversation.tags_changed", ["old"])

    def test_that_are_there_already_change_nothing(self, api):
        conversation = make_conversation(tags=["vip"])

        answer = api.put(address_of(conversation, below="tags/"), {"tags": ["vip"]})

        assert answer.json()["version"] == 1
        assert not Event.objects.exists()

    def test_of_a_closed_conversation_are_locked(self, api):
        conversation = make_conversation(status=Status.CLOSED)

        answer = api.put(address_of(conversation, below="tags/"), {"tags": ["vip"]})

        assert (answer.status_code, answer.json()["code"]) == (409, "conversation.closed")

    @pytest.mark.parametrize("tags", ["vip", None, [1], [""], ["x" * 65], [["vip"]], {"a": "b"}])
    def test_are_a_list_of_short_texts(self, api, tags):
        answer = api.put(address_of(make_conversation(), below="tags/"), {"tags": tags})

        assert answer.status_code == 422
        assert next(iter(answer.json()["fields"])).startswith("tags")


class TestEvents:
    def test_tell_what_happened_and_who_did_it(self, api, ada):
        conversation = make_conversation()
        api.post(address_of(conversation, below="notes/"), {"body": "Call her"})
        body = {
            "conversation_id": str(conversation.public_id),
            "member": {"id": str(ada.public_id)},
        }
        api.post("assignments/manual/", body)

        rows = api.get(address_of(conversation, below="events/")).json()["data"]

        assert [row["type"] for row in rows] == ["note.added", "conversation.assigned"]
        assert rows[0]["actor"] == {"kind": "api", "id": str(ada.public_id), "label": "CRM"}
        assert rows[1]["data"]["user_id"] == str(ada.public_id)


class TestContacts:
    def test_are_shown_with_their_addresses(self, api):
        contact = make_contact(address="+819012345678", tags=["vip"])

        body = api.get(f"contacts/{contact.public_id}/").json()

        assert body["identities"] == [
            {
                "medium": "whatsapp",
                "address": "+819012345678",
                "opted_out_at": None,
                "opted_out_reason": None,
            }
        ]
        assert body["tags"] == ["vip"]

    def test_are_found_by_their_number(self, api):
        make_contact(name="Dora", address="+819012345678")
        make_contact(name="Emi")

        rows = api.get("contacts/", {"phone": "+819012345678"}).json()["data"]

        assert [row["name"] for row in rows] == ["Dora"]

    def test_are_changed(self, api):
        contact = make_contact()

        answer = api.patch(f"contacts/{contact.public_id}/", {"name": "Dora K", "tags": ["vip"]})

        assert (answer.status_code, answer.json()["name"]) == (200, "Dora K")
        event = Event.objects.get()
        assert (event.type, event.data) == ("contact.updated", {"changed": ["name", "tags"]})

    def test_get_and_lose_properties_that_rules_ask_for(self, api):
        contact = make_contact()

        def change(**attributes):
            return api.patch(f"contacts/{contact.public_id}/", {"attributes": attributes})

        change(plan="gold", age=41, is_member=True, shops=["Tokyo", "Osaka"], old="x")
        answer = change(plan="silver", old=None)

        assert answer.status_code == 200
        assert answer.json()["attributes"] == {
            "plan": "silver",
            "age": 41,
            "is_member": True,
            "shops": ["Tokyo", "Osaka"],
        }

    def test_get_a_language(self, api):
        contact = make_contact()
        answer = api.patch(f"contacts/{contact.public_id}/", {"language": "ja"})
        assert answer.json()["language"] == "ja"

    @pytest.mark.parametrize(
        "said",
        [
            {"attributes": []},
            {"attributes": {"": "x"}},
            {"attributes": {" plan": "x"}},
            {"attributes": {"x" * 65: "x"}},
            {"attributes": {"plan": "x" * 501}},
            {"attributes": {"plan": {"a": 1}}},
            {"attributes": {"plan": [1]}},
            {"attributes": {"plan": ["a"] * 21}},
            {"attributes": {"plan": "a\x00"}},
            {"attributes": {f"p{n}": 1 for n in range(51)}},
            {"language": "klingon"},
        ],
    )
    def test_refuse_properties_that_nobody_can_read(self, api, said):
        contact = make_contact()
        answer = api.patch(f"contacts/{contact.public_id}/", said)
        assert answer.status_code in {400, 422}
        assert "".join(answer.json()["fields"]) in {"attributes", "language"}

    def test_have_no_more_properties_than_a_page_can_show(self, api):
        contact = make_contact()
        for half in (range(30), range(30, 60)):
            said = {"attributes": {f"p{n}": n for n in half}}
            answer = api.patch(f"contacts/{contact.public_id}/", said)
        assert answer.status_code in {400, 422}
        contact.refresh_from_db()
        assert len(contact.attributes) == 30

    def test_are_changed_by_senior_agents_and_above(self, call):
        contact = make_contact()
        make_conversation(contact=contact)
        codes = [
            call(make_agent(role=role)).patch(f"contacts/{contact.public_id}/", {"name": "X"})
            for role in (1, 2)
        ]

        assert [answer.status_code for answer in codes] == [403, 200]


class TestScope:
    """What the caller may not see is not there."""

    @pytest.fixture
    def foreign(self):
        conversation = make_conversation(team=make_team(name="Sales"), assignee=make_agent())
        make_message(conversation=conversation)
        return conversation

    @pytest.mark.parametrize("person", [make_agent, make_supervisor])
    def test_hides_other_teams(self, call, foreign, person):
        caller = call(person(name="Bob"))
        paths = [
            address_of(foreign),
            *(
                address_of(foreign, below=below)
                for below in ("messages/", "events/", "assignment/", "decision/", "decisions/")
            ),
            f"messages/{foreign.messages.get().public_id}/",
            f"contacts/{foreign.contact.public_id}/",
        ]

        answers = [caller.get(path) for path in paths]

        assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {
            (404, "not_found")
        }
        assert caller.get("conversations/").json()["data"] == []
        assert caller.get("contacts/").json()["data"] == []

    def test_refuses_to_touch_other_teams(self, call, foreign):
        caller = call(make_supervisor())
        who = {"conversation_id": str(foreign.public_id)}

        answers = [
            caller.post(address_of(foreign, below="messages/"), {"body": "Hello"}),
            caller.post(address_of(foreign, below="notes/"), {"body": "Hello"}),
            caller.post(address_of(foreign, below="status/"), {"status": "resolved"}),
            caller.put(address_of(foreign, below="tags/"), {"tags": []}),
            caller.patch(f"contacts/{foreign.contact.public_id}/", {"name": "X"}),
            caller.post("assignments/manual/", who | {"action": "unassign"}),
        ]

        assert [answer.status_code for answer in answers] == [404] * 6
        assert Conversation.objects.get().version == 1

    def test_shows_own_teams_own_work_and_what_is_nobodys(self, call):
        alice = make_agent()
        seen = [
            make_conversation(team=make_team(members=(alice,))),
            make_conversation(team=make_team(name="Sales"), assignee=alice),
            make_conversation(),
        ]

        rows = call(alice).get("conversations/").json()["data"]

        assert {row["id"] for row in rows} == {str(c.public_id) for c in seen}


class TestRetrying:
    def make_answer(self, status):
        return make_message(
            conversation=make_conversation(),
            author=make_agent(),
            direction="outbound",
            delivery_status=status,
            error_code="30008",
        )

    def address(self, message):
        return address_of(message.conversation, below=f"messages/{message.public_id}/retry/")

    def test_queues_a_failed_message(self, api):
        message = self.make_answer("failed")

        answer = api.post(self.address(message), {})

        assert answer.status_code == 202
        assert answer.json()["delivery_status"] == "queued"
        assert answer.json()["error_code"] is None
        assert Event.objects.get(type="message.retried").actor_kind == "api"

    def test_asks_back_in_doubt(self, api):
        address = self.address(self.make_answer("unknown"))

        refused = api.post(address, {})
        answer = api.post(address, {"may_arrive_twice": True})

        assert (refused.status_code, refused.json()["code"]) == (409, "message.in_doubt")
        assert answer.status_code == 202

    @pytest.mark.parametrize("status", ["queued", "sent", "read"])
    def test_refuses_what_did_not_fail(self, api, status):
        answer = api.post(self.address(self.make_answer(status)), {"may_arrive_twice": True})

        assert (answer.status_code, answer.json()["code"]) == (409, "message.not_failed")

    def test_refuses_outside_the_window(self, api):
        message = self.make_answer("failed")
        Conversation.objects.update(last_inbound_at=NOW - timedelta(hours=25))

        answer = api.post(self.address(message), {})

        assert (answer.status_code, answer.json()["code"]) == (409, "message.template_required")

    def test_knows_no_message_of_another_conversation(self, api):
        message = self.make_answer("failed")

        elsewhere = address_of(make_conversation(), below=f"messages/{message.public_id}/retry/")

        assert api.post(elsewhere, {}).status_code == 404

    def test_needs_the_scope_of_those_who_write(self, call, ada):
        message = self.make_answer("failed")

        answer = call(ada, scopes=["read"]).post(self.address(message), {})

        assert answer.status_code == 403
