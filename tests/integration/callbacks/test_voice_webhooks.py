"""What Twilio says about a call of ours: who may say it, in which order, and what follows."""

from datetime import timedelta

import pytest
from django.test import Client

from callbacks.models import CallAttempt, Dialling
from callbacks.services import call_answers
from callbacks.states import CallbackStatus
from channels.providers.voice import CallUpdate
from conversations.models import Event
from tests.calls import fire, read, told
from tests.moments import WEDNESDAY_MORNING as MORNING
from tests.telephones import (
    ALICE,
    DORA,
    OTHER_SID,
    SID,
    knock,
    last_call,
    make_dialling_team,
    make_offered,
    tell,
    verbs,
)

pytestmark = pytest.mark.django_db


def placed(callback):
    """Let Twilio have the call of a callback."""
    CallAttempt.objects.filter(callback=callback).update(
        status="queued", call_sid=SID, place_due_at=None, placed_at=MORNING
    )
    return last_call(callback)


@pytest.fixture
def offered():
    return make_offered(make_dialling_team())


@pytest.fixture
def call(offered):
    return placed(offered)


@pytest.fixture
def to_customer():
    """A call that rings the customer first, and that Alice is at."""
    callback = make_offered(make_dialling_team(dialling=Dialling.CUSTOMER_FIRST))
    return placed(callback)


class TestADoor:
    def test_is_shut_without_the_accounts_signature(self, call):
        assert knock(call, "status", token="e" * 32, CallStatus="ringing").status_code == 403
        path = f"/webhooks/voice/{call.token}/status/"
        assert Client().post(path, {"CallSid": SID}).status_code == 403
        call.refresh_from_db()
        assert call.status == "queued"

    def test_is_shut_to_another_account(self, call):
        answer = knock(call, "status", AccountSid="AC" + "9" * 32, CallStatus="ringing")
        assert answer.status_code == 403

    @pytest.mark.parametrize("step", ["other", "status-", "second_status"])
    def test_is_not_there_for_what_nobody_asks(self, call, step):
        assert knock(call, step).status_code == 404

    def test_is_not_there_without_a_call(self, call):
        call.token = "nobody"
        assert knock(call, "status").status_code == 404

    def test_takes_posts_alone(self, call):
        assert Client().get(f"/webhooks/voice/{call.token}/accepted/").status_code == 405

    def test_says_so_when_the_channels_key_is_lost(self, call):
        call.channel.auth_token = ""
        type(call.channel).objects.filter(pk=call.channel.pk).update(auth_token="")
        assert knock(call, "status").status_code == 403


class TestReports:
    def test_move_a_call_forward(self, call):
        assert tell(call, "ringing", 1).status_code == 204
        tell(call, "in-progress", 2)
        call.refresh_from_db()
        assert (call.status, call.sequence) == ("in_progress", 2)
        assert call.answered_at is not None

    def test_that_come_late_change_nothing(self, call):
        tell(call, "in-progress", 2)
        tell(call, "ringing", 1)
        call.refresh_from_db()
        assert (call.status, call.sequence) == ("in_progress", 2)

    def test_that_come_twice_count_once(self, offered, call):
        for _ in range(3):
            tell(call, "no-answer", 2)
        call.refresh_from_db()
        assert (call.status, call.result) == ("no_answer", "no_answer")
        assert call.ended_at is not None
        assert Event.objects.filter(type="callback.tried").count() == 0

    def test_about_a_call_that_nobody_placed_are_not_taken(self, call):
        tell(call, "completed", 5, sid=OTHER_SID)
        call.refresh_from_db()
        assert (call.status, call.call_sid) == ("queued", SID)

    def test_that_overtake_our_own_record_settle_the_doubt(self, offered):
        CallAttempt.objects.update(status="unknown", place_due_at=None, placed_at=MORNING)
        call = last_call(offered)
        tell(call, "ringing", 1)
        call.refresh_from_db()
        assert (call.status, call.call_sid) == ("ringing", SID)

    def test_in_words_that_nobody_knows_are_taken(self, call):
        assert tell(call, "daydreaming", 1).status_code == 204
        call.refresh_from_db()
        assert call.status == "queued"


class TestAPhoneThatNobodyAnswers:
    def test_ends_the_offer(self, offered, call):
        tell(call, "no-answer", 1)
        fire(read(offered).look_due_at)
        assert read(offered).offered_to.name == "Bob"
        assert last_call(offered).agent.name == "Bob"

    def test_is_no_try_to_reach_the_customer(self, offered, call):
        tell(call, "busy", 1)
        assert read(offered).attempt_count == 0
        assert read(offered).status == CallbackStatus.OFFERED


class TestTheAgentsKey:
    def test_begins_the_callback_and_rings_the_customer(self, offered, call):
        answer = knock(call, "accepted", Digits="1")
        assert verbs(answer) == ["Dial"]
        assert DORA in answer.content.decode()
        callback = read(offered)
        assert (callback.status, callback.offered_to.name) == (CallbackStatus.CALLING, "Alice")
        assert callback.conversation.assignee.name == "Alice"
        assert callback.attempts.count() == 1

    def test_pressed_twice_gives_the_same_answer(self, offered, call):
        first, again = knock(call, "accepted", Digits="1"), knock(call, "accepted", Digits="1")
        assert first.content == again.content
        assert told(offered).count("started") == 1

    def test_comes_too_late_once_somebody_else_has_it(self, offered, call):
        fire(read(offered).look_due_at)
        answer = knock(call, "accepted", Digits="1")
        assert verbs(answer) == ["Say", "Hangup"]
        assert DORA not in answer.content.decode()
        assert read(offered).offered_to.name == "Bob"

    def test_on_a_second_line_rings_nobody(self, call):
        answer = knock(call, "accepted", sid=OTHER_SID, Digits="1")
        assert DORA not in answer.content.decode()

    def test_after_the_customer_was_rung_rings_them_no_more(self, call):
        knock(call, "accepted", Digits="1")
        knock(call, "connected", DialCallStatus="busy", DialCallSid=OTHER_SID)
        assert verbs(knock(call, "accepted", Digits="1")) == ["Hangup"]


class TestACustomerWhoAnswers:
    def test_is_connected(self, offered, call):
        knock(call, "accepted", Digits="1")
        knock(call, "second-status", sid=OTHER_SID, CallStatus="in-progress", SequenceNumber="2")
        call.refresh_from_db()
        assert call.connected_at is not None

        answer = knock(
            call,
            "connected",
            DialCallStatus="completed",
            DialCallSid=OTHER_SID,
            DialCallDuration="61",
        )
        assert verbs(answer) == ["Hangup"]
        tell(call, "completed", 3, CallDuration="75")
        call.refresh_from_db()
        assert (call.result, call.duration_s, call.second_call_sid) == ("completed", 61, OTHER_SID)
        assert read(offered).status == CallbackStatus.CALLING
        assert told(offered)[-1] == "talked"

    def test_is_known_by_the_end_alone(self, offered, call):
        knock(call, "accepted", Digits="1")
        knock(call, "connected", DialCallStatus="completed", DialCallSid=OTHER_SID)
        tell(call, "completed", 3, CallDuration="75")
        call.refresh_from_db()
        assert (call.result, call.duration_s) == ("completed", 75)


class TestACustomerWhoDoesNotAnswer:
    @pytest.mark.parametrize("status", ["no-answer", "busy", "failed"])
    def test_is_called_again_later(self, offered, call, status):
        knock(call, "accepted", Digits="1")
        answer = knock(call, "connected", DialCallStatus=status, DialCallSid=OTHER_SID)
        assert verbs(answer) == ["Say", "Hangup"]
        tell(call, "completed", 3)
        call.refresh_from_db()
        callback = read(offered)
        assert call.result == status.replace("-", "_")
        assert call.result_label != "Completed"
        assert callback.status == CallbackStatus.DUE
        assert callback.look_due_at - call.ended_at == timedelta(minutes=5)

        fire(callback.look_due_at)
        assert [each.position for each in callback.attempts.order_by("pk")] == [1, 2]
        assert last_call(offered).status == "planned"

    def test_is_missed_after_the_last_try(self):
        callback = make_offered(make_dialling_team(most_retries=1))
        for times in range(2):
            call = self._next(callback) if times else placed(callback)
            knock(call, "accepted", sid=call.call_sid, Digits="1")
            knock(call, "connected", sid=call.call_sid, DialCallStatus="busy")
            tell(call, "completed", 3, sid=call.call_sid)
        assert read(callback).status == CallbackStatus.MISSED
        assert read(callback).end_reason == "retries_spent"

    def _next(self, callback):
        fire(read(callback).look_due_at)
        call = last_call(callback)
        CallAttempt.objects.filter(pk=call.pk).update(
            status="queued", call_sid="CA" + "3" * 32, place_due_at=None
        )
        return last_call(callback)

    def test_is_asked_about_where_their_word_was_lost(self, call):
        knock(call, "accepted", Digits="1")
        tell(call, "completed", 3)
        call.refresh_from_db()
        assert call.ended_at is None
        assert call.look_due_at is not None


class TestACustomerWhoIsRungFirst:
    def test_hears_a_greeting_and_then_the_agent_is_rung(self, to_customer):
        answer = knock(to_customer, "answered")
        assert verbs(answer) == ["Say", "Dial"]
        assert ALICE in answer.content.decode()
        assert read(to_customer.callback).status == CallbackStatus.CALLING

    def test_talks_to_somebody_who_pressed_a_key(self, to_customer):
        knock(to_customer, "answered")
        assert verbs(knock(to_customer, "screen", sid=OTHER_SID)) == ["Gather", "Hangup"]
        to_customer.refresh_from_db()
        assert to_customer.connected_at is None
        assert verbs(knock(to_customer, "screened", sid=OTHER_SID, Digits="1")) == []
        to_customer.refresh_from_db()
        assert to_customer.connected_at is not None

    def test_hears_that_nobody_came(self, to_customer):
        knock(to_customer, "answered")
        knock(to_customer, "screen", sid=OTHER_SID)
        answer = knock(to_customer, "connected", DialCallStatus="completed", DialCallSid=OTHER_SID)
        assert verbs(answer) == ["Say", "Hangup"]
        tell(to_customer, "completed", 4)
        to_customer.refresh_from_db()
        assert to_customer.result == "no_answer"
        assert read(to_customer.callback).status == CallbackStatus.DUE

    @pytest.mark.parametrize("who", ["machine_start", "machine_end_beep", "fax"])
    def test_is_left_alone_if_it_is_a_machine(self, to_customer, who):
        call = to_customer
        assert verbs(knock(call, "answered", AnsweredBy=who)) == ["Hangup"]
        call.refresh_from_db()
        assert call.answered_by == who

    @pytest.mark.parametrize("who", ["human", "unknown"])
    def test_is_taken_for_a_person_otherwise(self, to_customer, who):
        assert verbs(knock(to_customer, "answered", AnsweredBy=who)) == ["Say", "Dial"]

    def test_cannot_be_accepted_by_a_key(self, to_customer):
        assert DORA not in knock(to_customer, "accepted", Digits="1").content.decode()


class TestACallThatWasGivenUp:
    def test_is_ended_as_soon_as_it_has_a_name(self, offered):
        CallAttempt.objects.update(status="placing")
        fire(read(offered).look_due_at)
        first = offered.attempts.get(position=1)
        tell(first, "ringing", 1)
        first.refresh_from_db()
        assert (first.status, first.call_sid) == ("canceled", SID)
        assert first.hang_up_due_at is not None

    def test_connects_nobody(self, offered, call):
        knock(call, "accepted", Digits="1")
        CallAttempt.objects.filter(pk=call.pk).update(ended_at=MORNING)
        update = CallUpdate(OTHER_SID, "in_progress")
        call_answers.report_second(call, update=update, now=MORNING)
        call.refresh_from_db()
        assert call.connected_at is None
