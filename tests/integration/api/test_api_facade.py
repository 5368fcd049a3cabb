"""Callbacks under the names of Genesys Cloud's API."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from callbacks.api.facade.shapes import STATES
from callbacks.models import Callback, CallbackSettings
from callbacks.states import CallbackStatus
from conversations.models import Event
from tests.factories import (
    make_agent,
    make_callback,
    make_channel,
    make_conversation,
    make_supervisor,
    make_team,
)
from tests.moments import WEDNESDAY_MORNING as NOW

pytestmark = pytest.mark.django_db

ROOT = "/api/v2/conversations/callbacks"
TOMORROW = "2026-11-19T05:00:00.000Z"
NUMBER = "+6591234567"
ENVELOPE = {
    "message",
    "code",
    "status",
    "entityId",
    "entityName",
    "messageWithParams",
    "messageParams",
    "contextId",
    "details",
    "errors",
}


@pytest.fixture
def alice():
    return make_agent(name="Alice")


@pytest.fixture
def team(alice):
    return make_team(members=(alice,))


@pytest.fixture
def channel():
    return make_channel()


@pytest.fixture
def callback(channel, team):
    return make_callback(channel=channel, team=team)


def wanted(team, **more: Any) -> dict[str, Any]:
    return {
        "routingData": {"queueId": str(team.public_id)},
        "callbackNumbers": [NUMBER],
        "callbackScheduledTime": TOMORROW,
        **more,
    }


def owned_by(*people, team, score=100) -> dict[str, Any]:
    return {
        "queueId": str(team.public_id),
        "scoredAgents": [{"agent": {"id": str(p.public_id)}, "score": score} for p in people],
        "routingFlags": ["AGENT_OWNED_CALLBACK"],
    }


def let_own(team, **settings):
    CallbackSettings.objects.create(team=team, is_owning_enabled=True, **settings)


def code_of(answer) -> tuple[int, str]:
    assert answer.headers["Content-Type"] == "application/json"
    body = answer.json()
    assert set(body) >= ENVELOPE
    assert body["status"] == answer.status_code
    assert body["contextId"] == answer.headers["ININ-Correlation-Id"] != ""
    return answer.status_code, body["code"]


def participant(shown, purpose):
    return next(each for each in shown["participants"] if each["purpose"] == purpose)


class TestScheduling:
    def test_promises_a_call_without_a_conversation(self, api, channel, team):
        answer = api.post(
            ROOT,
            wanted(
                team,
                callbackUserName="Doc",
                countryCode="SG",
                validateCallbackNumbers=True,
                callerId="+6561234567",
                callerIdName="Support",
                data={"notes": "ready to close"},
            ),
        )

        assert answer.status_code == 200
        made = Callback.objects.get()
        own = {"id": str(made.public_id), "selfUri": f"{ROOT}/{made.public_id}"}
        assert answer.json() == {
            "conversation": own,
            "callbackIdentifiers": [{"type": "ACD", "id": str(made.public_id)}],
        }
        assert made.due_at == datetime(2026, 11, 19, 5, tzinfo=UTC)
        assert (made.number, made.name, made.country_code) == (NUMBER, "Doc", "SG")
        assert (made.team, made.channel, made.conversation) == (team, channel, None)
        assert (made.caller_id, made.caller_id_name) == ("+6561234567", "Support")
        assert made.data == {"notes": "ready to close"}
        # Singapore's wall, as the number says.
        assert (made.zone, made.wall_clock.isoformat()) == ("Asia/Singapore", "13:00:00")

    @pytest.mark.parametrize("absent", [{}, {"callbackScheduledTime": ""}])
    def test_without_a_time_is_at_once(self, api, channel, team, absent):
        body = {"queueId": str(team.public_id), "callbackNumbers": [NUMBER], **absent}
        assert api.post(ROOT, body).status_code == 200
        assert Callback.objects.get().due_at == NOW

    def test_takes_what_has_no_counterpart_here(self, api, channel, team):
        body = wanted(team, scriptId=str(uuid4()), customerFirstCallbackDeliveryMode=None)
        body["routingData"] |= {
            "languageId": str(uuid4()),
            "skillIds": [str(uuid4())],
            "skillExpression": "",
            "priority": 5,
            "label": "vip",
            "preferredAgentIds": [""],
        }
        assert api.post(ROOT, body).status_code == 200

    def test_names_the_queue_by_its_code_too(self, api, channel, alice):
        old_id = str(uuid4())
        team = make_team(members=(alice,), code=old_id)
        body = {"queueId": old_id, "callbackNumbers": [NUMBER]}
        assert api.post(ROOT, body).status_code == 200
        assert Callback.objects.get().team == team

    def test_keeps_further_numbers_with_the_data(self, api, channel, team):
        api.post(ROOT, wanted(team, callbackNumbers=[NUMBER, "+6598765432"], data={"a": "b"}))
        made = Callback.objects.get()
        assert (made.number, made.data) == (NUMBER, {"a": "b", "otherNumbers": "+6598765432"})
        shown = participant(api.get(f"{ROOT}/{made.public_id}").json(), "customer")
        assert shown["callbackNumbers"] == [NUMBER, "+6598765432"]
        assert shown["attributes"] == {"a": "b"}

    def test_at_night_is_done_and_says_that_nobody_was_asked(self, api, channel, team):
        api.post(ROOT, wanted(team, callbackScheduledTime="2026-11-18T19:00:00Z"))
        api.post(ROOT, wanted(team))
        night, day = Callback.objects.order_by("pk")
        assert night.override_reason
        assert not day.override_reason

    def test_under_one_key_is_done_once(self, api, channel, team):
        first = api.post(ROOT, wanted(team), Idempotency_Key="one")
        again = api.post(ROOT, wanted(team), Idempotency_Key="one")
        assert first.json() == again.json()
        assert Callback.objects.count() == 1

    @pytest.mark.parametrize(
        ("change", "code", "field"),
        [
            ({"callbackNumbers": []}, "bad.request", "callbackNumbers"),
            ({"callbackNumbers": [""]}, "bad.request", "callbackNumbers"),
            ({"callbackNumbers": "+6591234567"}, "bad.request", "callbackNumbers"),
            ({"callbackNumbers": ["12"], "validateCallbackNumbers": True},
             "callback.invalid_number", "callbackNumbers"),
            ({"callbackNumbers": [NUMBER, "12"], "validateCallbackNumbers": True},
             "callback.invalid_number", "callbackNumbers"),
            ({"callerId": "061234567"}, "callback.invalid_caller_id", "callerId"),
            ({"callbackScheduledTime": "2026-11-18T08:58:59Z"},
             "callback.time_in_past", "callbackScheduledTime"),
            ({"callbackScheduledTime": "2026-12-18T09:01:01Z"},
             "callback.beyond_max_delay", "callbackScheduledTime"),
            ({"callbackScheduledTime": "2026-11-19T05:00:00"},
             "bad.request", "callbackScheduledTime"),
            ({"callbackScheduledTime": "tomorrow"}, "bad.request", "callbackScheduledTime"),
            ({"routingData": None}, "callback.queue_required", "queueId"),
            ({"queueId": "another"}, "callback.queue_mismatch", "queueId"),
            ({"callbackTime": TOMORROW}, "bad.request", "callbackTime"),
            ({"data": {"a": 1}}, "bad.request", "data"),
            ({"data": ["a"]}, "bad.request", "data"),
        ],
    )  # fmt: skip
    def test_refuses_what_that_api_refuses(self, api, channel, team, change, code, field):
        answer = api.post(ROOT, wanted(team, **change))
        assert code_of(answer) == (400, code)
        assert [detail["fieldName"] for detail in answer.json()["details"]] == [field]
        assert not Callback.objects.exists()

    def test_reaches_thirty_days(self, api, channel, team):
        assert api.post(ROOT, wanted(team, callbackScheduledTime="2026-12-18T09:01:00Z"))
        assert Callback.objects.count() == 1

    def test_in_a_queue_that_there_is_not(self, api, channel):
        body = {"queueId": str(uuid4()), "callbackNumbers": [NUMBER]}
        assert code_of(api.post(ROOT, body)) == (404, "queue.not_found")

    def test_without_a_body(self, api):
        assert code_of(api.post(ROOT, b""))[0] == 400
        assert code_of(api.post(ROOT, b"[]"))[0] == 400
        assert code_of(api.post(ROOT, b"{"))[0] == 400


class TestOwning:
    def test_is_one_agent_who_scores_all(self, api, channel, team, alice):
        let_own(team)
        answer = api.post(ROOT, wanted(team, routingData=owned_by(alice, team=team)))
        assert answer.status_code == 200
        made = Callback.objects.get()
        assert (made.owner, made.preferred_agent) == (alice, None)
        shown = participant(api.get(f"{ROOT}/{made.public_id}").json(), "acd")
        (scored,) = shown["conversationRoutingData"]["scoredAgents"]
        assert (scored["agent"]["id"], scored["score"]) == (str(alice.public_id), 100)

    def test_without_the_flag_is_a_preference(self, api, channel, team, alice):
        routing = {**owned_by(alice, team=team), "routingFlags": []}
        api.post(ROOT, wanted(team, routingData=routing))
        made = Callback.objects.get()
        assert (made.owner, made.preferred_agent) == (None, alice)

    def test_prefers_who_scores_most(self, api, channel, team, alice):
        bob = make_agent(name="Bob")
        routing = owned_by(alice, bob, team=team) | {"routingFlags": []}
        routing["scoredAgents"][0]["score"] = 30
        api.post(ROOT, wanted(team, routingData=routing))
        assert Callback.objects.get().preferred_agent == bob

    def test_is_refused_where_the_team_does_not_want_it(self, api, channel, team, alice):
        answer = api.post(ROOT, wanted(team, routingData=owned_by(alice, team=team)))
        assert code_of(answer) == (400, "callback.owned_not_enabled")

    def test_is_refused_further_ahead_than_the_team_wants(self, api, channel, team, alice):
        let_own(team, owned_ahead_s=3600)
        answer = api.post(ROOT, wanted(team, routingData=owned_by(alice, team=team)))
        assert code_of(answer) == (400, "callback.owned_delay_exceeded")

    @pytest.mark.parametrize("wrong", ["nobody", "two", "score", "stranger", "unknown"])
    def test_is_refused_unless_one_member_scores_all(self, api, channel, team, alice, wrong):
        let_own(team)
        bob = make_agent(name="Bob")
        people = {"nobody": (), "two": (alice, alice), "stranger": (bob,)}.get(wrong, (alice,))
        routing = owned_by(*people, team=team, score=99 if wrong == "score" else 100)
        if wrong == "unknown":
            routing["scoredAgents"][0]["agent"]["id"] = str(uuid4())
        answer = api.post(ROOT, wanted(team, routingData=routing))
        assert code_of(answer) == (400, "callback.invalid_owner")


class TestFromAConversation:
    def address(self, conversation, participant):
        return (
            f"/api/v2/conversations/{conversation.public_id}"
            f"/participants/{participant.public_id}/callbacks"
        )

    def test_needs_no_body(self, api, team):
        conversation = make_conversation(team=team)
        answer = api.post(self.address(conversation, conversation.contact), b"")
        assert (answer.status_code, answer.json()) == (200, {})
        made = Callback.objects.get()
        assert (made.conversation, made.number) == (conversation, conversation.identity.address)
        assert made.team == team

    def test_is_refused_a_second_time(self, api, team):
        conversation = make_conversation(team=team)
        address = self.address(conversation, conversation.contact)
        api.post(address, {"callbackScheduledTime": TOMORROW})
        answer = api.post(address, {})
        assert code_of(answer) == (409, "callback.already_scheduled")
        assert Callback.objects.count() == 1

    def test_is_taken_by_the_agents_participant(self, api, team, alice):
        conversation = make_conversation(team=team, assignee=alice)
        assert api.post(self.address(conversation, alice), {}).status_code == 200

    def test_knows_no_other_participants(self, api, team, alice):
        conversation = make_conversation(team=team)
        answer = api.post(self.address(conversation, alice), {})
        assert code_of(answer) == (404, "participant.not_found")

    def test_is_not_told_of_what_may_not_be_seen(self, call, alice):
        conversation = make_conversation(team=make_team(name="Sales"))
        answer = call(alice).post(self.address(conversation, conversation.contact), {})
        assert code_of(answer) == (404, "conversation.not_found")


class TestReading:
    def test_shows_the_callback_with_its_participants(self, api, callback):
        shown = api.get(f"{ROOT}/{callback.public_id}").json()
        assert shown["id"] == str(callback.public_id)
        assert [each["purpose"] for each in shown["participants"]] == ["customer", "acd"]
        customer = participant(shown, "customer")
        assert customer["id"] == str(callback.identity.contact.public_id)
        assert customer["address"] == f"tel:{callback.number}"
        (media,) = customer["callbacks"]
        assert media["callbackNumbers"] == customer["callbackNumbers"] == [callback.number]
        assert media["callbackScheduledTime"] == "2026-11-18T10:00:00.000Z"
        assert (media["state"], media["initialState"]) == ("scheduled", "scheduled")
        assert "disconnectType" not in media
        assert "null" not in api.get(f"{ROOT}/{callback.public_id}").content.decode()

    def test_has_a_word_for_every_state(self):
        assert set(STATES) == set(CallbackStatus)

    @pytest.mark.parametrize(
        ("status", "state", "of_participants"),
        [
            (CallbackStatus.SCHEDULED, "scheduled", "none"),
            (CallbackStatus.DUE, "offering", "offering"),
            (CallbackStatus.OFFERED, "alerting", "alerting"),
            (CallbackStatus.CALLING, "connected", "connected"),
            (CallbackStatus.COMPLETED, "terminated", "terminated"),
            (CallbackStatus.MISSED, "disconnected", "disconnected"),
            (CallbackStatus.CANCELLED, "disconnected", "disconnected"),
        ],
    )
    def test_names_the_state(self, api, channel, status, state, of_participants):
        callback = make_callback(channel=channel, status=status)
        shown = participant(api.get(f"{ROOT}/{callback.public_id}").json(), "acd")
        assert (shown["callbacks"][0]["state"], shown["state"]) == (state, of_participants)

    @pytest.mark.parametrize(
        ("fields", "of_callback", "of_participants"),
        [
            ({"status": "cancelled", "end_reason": "cancelled"}, "client", "client"),
            ({"status": "missed", "end_reason": "ownership_expired"}, "timeout", "other"),
            ({"status": "missed", "end_reason": "retries_spent"}, "system", "system"),
            ({"status": "completed", "end_reason": "done", "outcome": "reached"},
             "client", "client"),
            ({"status": "completed", "end_reason": "done", "outcome": "wrong_number"},
             "uncallable", "other"),
        ],
    )  # fmt: skip
    def test_says_how_it_ended(self, api, channel, fields, of_callback, of_participants):
        callback = make_callback(channel=channel, ended_at=NOW, **fields)
        shown = participant(api.get(f"{ROOT}/{callback.public_id}").json(), "acd")
        said = (shown["callbacks"][0]["disconnectType"], shown["disconnectType"])
        assert said == (of_callback, of_participants)

    def test_shows_the_agent_who_has_it(self, api, channel, alice):
        callback = make_callback(
            channel=channel, status=CallbackStatus.OFFERED, offered_to=alice, offered_at=NOW
        )
        shown = participant(api.get(f"{ROOT}/{callback.public_id}").json(), "agent")
        assert (shown["userId"], shown["user"]["name"]) == (str(alice.public_id), "Alice")
        assert shown["startAlertingTime"] == "2026-11-18T09:00:00.000Z"

    @pytest.mark.parametrize("reference", ["00000000-0000-4000-8000-000000000000", "nope", "%00"])
    def test_of_nothing_says_so(self, api, reference):
        assert code_of(api.get(f"{ROOT}/{reference}")) == (404, "conversation.not_found")

    def test_of_others_looks_like_nothing(self, call, callback):
        answer = call(make_agent(name="Chen")).get(f"{ROOT}/{callback.public_id}")
        assert code_of(answer) == (404, "conversation.not_found")

    def test_lists_what_the_caller_has_to_do_with(self, call, alice, channel, team):
        own = make_callback(channel=channel, team=team, owner=alice)
        promised = make_callback(channel=channel, team=team, created_by=alice)
        make_callback(channel=channel, team=team, owner=alice, status=CallbackStatus.MISSED)
        make_callback(channel=channel, team=team)
        listed = call(alice).get(ROOT, {"pageSize": "1", "pageNumber": "2"}).json()
        assert [each["id"] for each in listed["entities"]] == [str(promised.public_id)]
        assert (listed["total"], listed["pageCount"]) == (2, 2)
        assert call(alice).get(ROOT).json()["entities"][0]["id"] == str(own.public_id)

    def test_lists_without_asking_for_each(
        self, api, ada, channel, team, django_assert_max_num_queries
    ):
        for _ in range(10):
            make_callback(channel=channel, team=team, created_by=ada)
        with django_assert_max_num_queries(8):
            assert len(api.get(ROOT).json()["entities"]) == 10


class TestChanging:
    def change(self, callback, agent, **more):
        return {
            "conversationId": str(callback.public_id),
            "agentId": str(agent.public_id),
            **more,
        }

    def test_puts_it_off(self, api, callback, alice):
        answer = api.patch(ROOT, self.change(callback, alice, callbackScheduledTime=TOMORROW))
        assert answer.status_code == 200
        assert answer.json()["conversation"]["id"] == str(callback.public_id)
        callback.refresh_from_db()
        assert callback.due_at == datetime(2026, 11, 19, 5, tzinfo=UTC)
        # The customer is where they were.
        assert (callback.zone, callback.wall_clock.isoformat()) == ("Asia/Tokyo", "14:00:00")

    def test_ties_it_to_the_agent(self, api, callback, alice):
        api.patch(ROOT, self.change(callback, alice))
        callback.refresh_from_db()
        assert (callback.owner, callback.preferred_agent) == (None, alice)

    def test_hands_ownership_over(self, api, channel, team, alice):
        let_own(team)
        bob = make_agent(name="Bob")
        team.memberships.create(user=bob, position=9)
        callback = make_callback(channel=channel, team=team, owner=alice)
        api.patch(ROOT, self.change(callback, bob))
        callback.refresh_from_db()
        assert (callback.owner, callback.preferred_agent) == (bob, None)

    def test_leaves_whom_it_is_tied_to(self, api, channel, team, alice):
        callback = make_callback(channel=channel, team=team, preferred_agent=alice)
        api.patch(ROOT, self.change(callback, alice, callbackScheduledTime=TOMORROW))
        types = Event.objects.values_list("type", flat=True)
        assert sorted(types) == ["callback.rescheduled"]

    def test_moves_it_to_another_queue_and_number(self, api, callback, alice):
        sales = make_team(name="Sales", members=(alice,))
        body = self.change(
            callback,
            alice,
            queueId=str(sales.public_id),
            callbackNumbers=["9123 4567"],
            countryCode="SG",
            validateCallbackNumbers=True,
        )
        assert api.patch(ROOT, body).status_code == 200
        callback.refresh_from_db()
        assert (callback.team, callback.number) == (sales, NUMBER)

    def test_is_all_or_nothing(self, api, callback, alice):
        body = self.change(
            callback,
            alice,
            callbackNumbers=[NUMBER],
            callbackScheduledTime="2026-11-18T08:00:00Z",
        )
        assert code_of(api.patch(ROOT, body)) == (400, "callback.time_in_past")
        callback.refresh_from_db()
        assert (callback.number != NUMBER, callback.preferred_agent) == (True, None)

    @pytest.mark.parametrize("status", [s for s in CallbackStatus if s != "scheduled"])
    def test_is_too_late_once_its_time_has_come(self, api, channel, team, alice, status):
        callback = make_callback(channel=channel, team=team, status=status)
        answer = api.patch(ROOT, self.change(callback, alice))
        assert code_of(answer) == (409, "callback.not_scheduled_state")

    @pytest.mark.parametrize("name", ["conversationId", "agentId"])
    def test_needs_both_names(self, api, callback, alice, name):
        body = self.change(callback, alice)
        del body[name]
        answer = api.patch(ROOT, body)
        assert code_of(answer) == (400, "bad.request")
        assert answer.json()["details"][0]["fieldName"] == name

    def test_of_a_colleagues_is_for_supervisors(self, call, callback, alice):
        bob = make_agent(name="Bob")
        callback.team.memberships.create(user=bob, position=9)
        answer = call(bob).patch(ROOT, self.change(callback, alice))
        assert code_of(answer) == (403, "permission.missing")
        sachi = make_supervisor()
        callback.team.memberships.create(user=sachi, position=10)
        assert call(sachi).patch(ROOT, self.change(callback, alice)).status_code == 200

    def test_of_many_tells_of_each(self, api, callback, channel, team, alice):
        over = make_callback(channel=channel, team=team, status=CallbackStatus.MISSED)
        items = [
            self.change(callback, alice, callbackScheduledTime=TOMORROW),
            {"conversationId": "nope", "agentId": str(alice.public_id)},
            self.change(over, alice),
            {"agentId": str(alice.public_id)},
            "nonsense",
        ]
        answer = api.post(f"{ROOT}/bulk/update", {"patchCallbackRequests": items})
        assert answer.status_code == 200
        told = answer.json()
        assert (told["errorCount"], told["errorIndexes"]) == (4, [1, 2, 3, 4])
        assert told["results"][0]["entity"]["conversation"]["id"] == str(callback.public_id)
        assert [result["error"]["code"] for result in told["results"][1:]] == [
            "not.found",
            "callback.not_scheduled_state",
            "bad.request",
            "bad.request",
        ]
        callback.refresh_from_db()
        assert callback.due_at == datetime(2026, 11, 19, 5, tzinfo=UTC)

    def test_of_too_many_at_once_is_refused(self, api):
        items = [{"conversationId": "nope", "agentId": "a"}] * 101
        answer = api.post(f"{ROOT}/bulk/update", {"patchCallbackRequests": items})
        assert code_of(answer) == (400, "bad.request")


class TestDisconnecting:
    def test_takes_the_promise_back(self, api, callback):
        answer = api.patch(f"{ROOT}/{callback.public_id}", {"state": "disconnected"})
        assert answer.status_code == 200
        assert participant(answer.json(), "acd")["callbacks"][0]["state"] == "disconnected"
        callback.refresh_from_db()
        assert callback.status == CallbackStatus.CANCELLED

    def test_again_changes_nothing(self, api, callback):
        for _ in range(2):
            answer = api.patch(f"{ROOT}/{callback.public_id}", {"state": "disconnected"})
            assert answer.status_code == 200
        assert Event.objects.filter(type="callback.cancelled").count() == 1

    def test_waits_while_somebody_calls(self, api, channel, team):
        callback = make_callback(channel=channel, team=team, status=CallbackStatus.CALLING)
        answer = api.patch(f"{ROOT}/{callback.public_id}", {"state": "disconnected"})
        assert code_of(answer)[0] == 409

    @pytest.mark.parametrize("body", [{"state": "connected"}, {"state": ["a"]}, {}, {"x": 1}])
    def test_is_the_only_state_that_can_be_asked_for(self, api, callback, body):
        answer = api.patch(f"{ROOT}/{callback.public_id}", body)
        assert code_of(answer) == (400, "bad.request")

    def test_of_many_answers_nothing(self, api, channel, team):
        items = [
            {"conversationId": str(each.public_id), "callbackId": str(each.public_id)}
            for each in (make_callback(channel=channel, team=team) for _ in range(3))
        ]
        answer = api.post(f"{ROOT}/bulk/disconnect", {"callbackDisconnectIdentifiers": items})
        assert (answer.status_code, answer.json()) == (200, {})
        assert set(Callback.objects.values_list("status", flat=True)) == {"cancelled"}

    def test_of_many_names_those_that_cannot_be(self, api, callback):
        absent = str(uuid4())
        items = [
            {"conversationId": absent, "callbackId": absent},
            {"conversationId": str(callback.public_id)},
        ]
        answer = api.post(f"{ROOT}/bulk/disconnect", {"callbackDisconnectIdentifiers": items})
        assert code_of(answer) == (404, "conversation.not_found")
        assert [error["entityId"] for error in answer.json()["errors"]] == [absent]
        callback.refresh_from_db()
        assert callback.status == CallbackStatus.CANCELLED

    def test_takes_two_names_for_one_callback_only(self, api, callback):
        items = [{"conversationId": str(callback.public_id), "callbackId": str(uuid4())}]
        answer = api.post(f"{ROOT}/bulk/disconnect", {"callbackDisconnectIdentifiers": items})
        assert code_of(answer)[0] == 404
        callback.refresh_from_db()
        assert callback.status == CallbackStatus.SCHEDULED


class TestParticipant:
    def address(self, callback, participant):
        return f"{ROOT}/{callback.public_id}/participants/{participant.public_id}"

    def test_who_connects_begins_to_call(self, api, ada, callback):
        answer = api.patch(self.address(callback, callback.team), {"state": "connected"})
        assert (answer.status_code, answer.json()) == (200, {})
        callback.refresh_from_db()
        assert (callback.status, callback.offered_to) == (CallbackStatus.CALLING, ada)

    def test_who_disconnects_has_called(self, api, ada, callback):
        api.patch(self.address(callback, callback.team), {"state": "connected"})
        wrapup = {"code": "no_answer", "notes": "Voicemail."}
        answer = api.patch(self.address(callback, ada), {"state": "disconnected", "wrapup": wrapup})
        assert answer.status_code == 200
        callback.refresh_from_db()
        assert (callback.status, callback.outcome) == (CallbackStatus.COMPLETED, "no_answer")
        assert callback.end_note == "Voicemail."
        shown = participant(api.get(f"{ROOT}/{callback.public_id}").json(), "agent")
        assert (shown["wrapup"]["code"], shown["wrapup"]["notes"]) == ("no_answer", "Voicemail.")

    def test_who_disconnects_before_the_call_takes_it_back(self, api, callback):
        customer = callback.identity.contact
        api.patch(self.address(callback, customer), {"state": "disconnected"})
        callback.refresh_from_db()
        assert callback.status == CallbackStatus.CANCELLED

    def test_of_a_colleagues_call_is_for_supervisors(self, call, callback, alice):
        bob = make_agent(name="Bob")
        callback.team.memberships.create(user=bob, position=9)
        Callback.objects.update(owner=alice)
        body, address = {"state": "connected"}, self.address(callback, callback.team)
        assert code_of(call(bob).patch(address, body)) == (403, "permission.missing")

    def test_who_is_none_is_not_found(self, api, ada, callback):
        answer = api.patch(self.address(callback, ada), {"state": "connected"})
        assert code_of(answer) == (404, "participant.not_found")


class TestCaller:
    def test_without_a_key_is_told_in_the_envelope(self, call):
        assert code_of(call().get(ROOT)) == (401, "authentication.required")

    def test_with_a_wrong_key(self, call):
        stranger = call()
        stranger.headers = {"Authorization": "Bearer nonsense"}
        assert code_of(stranger.get(ROOT)) == (401, "bad.credentials")

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("post", ROOT),
            ("patch", ROOT),
            ("patch", f"{ROOT}/{{id}}"),
            ("patch", f"{ROOT}/{{id}}/participants/{{id}}"),
            ("post", f"{ROOT}/bulk/update"),
            ("post", f"{ROOT}/bulk/disconnect"),
            ("post", "/api/v2/conversations/{id}/participants/{id}/callbacks"),
        ],
    )
    def test_needs_the_scope_to_write(self, call, ada, callback, method, path):
        reader = call(ada, scopes=["read"])
        answer = getattr(reader, method)(path.format(id=callback.public_id), {})
        assert code_of(answer) == (403, "permission.missing")

    @pytest.mark.parametrize("path", [ROOT, f"{ROOT}/{{id}}"])
    def test_needs_the_scope_to_read(self, call, ada, callback, path):
        writer = call(ada, scopes=["callbacks"])
        answer = writer.get(path.format(id=callback.public_id))
        assert code_of(answer) == (403, "permission.missing")

    def test_may_leave_out_no_method_that_there_is(self, api):
        assert code_of(api.put(ROOT, {})) == (405, "method_not_allowed")
