"""Calling by hand and by calls of ours: begun, done, given up, tried again."""

from datetime import timedelta

import pytest

from callbacks.models import CallAttempt, CallStatus, EndReason, Leg
from callbacks.services import calling
from callbacks.states import CallbackStatus, IllegalMoveError
from conversations.actors import Actor
from conversations.models import Event
from conversations.states import Status
from tests.calls import fire, make_callback, read, set_up, told
from tests.factories import make_agent, make_channel, make_team
from tests.faults.promises import broken_promises
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = pytest.mark.django_db
FIVE_MINUTES = timedelta(minutes=5)


@pytest.fixture
def alice():
    return make_agent()


@pytest.fixture
def bob():
    return make_agent(name="Bob")


@pytest.fixture
def by_alice(alice):
    return Actor.person(alice.pk, alice.name)


@pytest.fixture
def offered(alice, bob):
    callback = make_callback(team=make_team(members=(alice, bob)))
    fire(MORNING)
    return read(callback)


def begin(callback, user, *, now=MORNING):
    return calling.start(callback, user=user, actor=Actor.person(user.pk, user.name), now=now)


class TestStarting:
    def test_makes_the_call_and_the_conversation_theirs(self, offered, alice):
        begin(offered, alice)
        callback = read(offered)
        assert (callback.status, callback.offered_to) == (CallbackStatus.CALLING, alice)
        assert (callback.first_tried_at, callback.attempt_count) == (MORNING, 1)
        assert callback.look_due_at is None
        assert callback.conversation.status == Status.IN_PROGRESS
        assert told(offered) == ["due", "offered", "started"]

    def test_takes_it_from_whoever_has_it(self, offered, bob):
        begin(offered, bob)
        assert read(offered).offered_to == read(offered).conversation.assignee == bob
        assert not broken_promises()

    def test_is_possible_before_the_time(self, alice):
        callback = make_callback(
            channel=make_channel(), team=make_team(members=(alice,)), due_at=MORNING + FIVE_MINUTES
        )
        begin(callback, alice)
        callback = read(callback)
        assert callback.status == CallbackStatus.CALLING
        assert callback.conversation.assignee == alice
        assert told(callback) == ["started"]
        assert not fire(MORNING + FIVE_MINUTES)

    def test_ends_the_waiting_for_an_owner(self, alice, bob):
        callback = make_callback(team=make_team(members=(alice, bob)), owner=alice)
        alice.presence = "offline"
        alice.save(update_fields=["presence"])
        fire(MORNING)
        begin(callback, bob)
        assert read(callback).owner_until is None

    def test_again_changes_nothing(self, offered, alice):
        begin(offered, alice)
        begin(offered, alice, now=MORNING + FIVE_MINUTES)
        assert read(offered).attempt_count == 1

    def test_is_refused_while_somebody_else_calls(self, offered, alice, bob):
        begin(offered, alice)
        with pytest.raises(IllegalMoveError):
            begin(offered, bob)
        assert read(offered).conversation.assignee == alice


class TestCompleting:
    def test_keeps_how_it_went_and_leaves_the_conversation_open(self, offered, alice, by_alice):
        begin(offered, alice)
        calling.complete(offered, outcome="reached", note="All fine", actor=by_alice, now=MORNING)
        callback = read(offered)
        assert (callback.status, callback.outcome) == (CallbackStatus.COMPLETED, "reached")
        assert (callback.end_reason, callback.end_note) == (EndReason.DONE, "All fine")
        assert callback.conversation.status == Status.IN_PROGRESS
        assert Event.objects.get(type="callback.completed").data["outcome"] == "reached"

    @pytest.mark.parametrize("status", ["scheduled", "due"])
    def test_needs_no_start(self, status, alice, by_alice):
        callback = make_callback(team=make_team(strategy="manual"))
        if status == "due":
            fire(MORNING)
        calling.complete(callback, outcome="no_answer", actor=by_alice, now=MORNING)
        assert read(callback).first_tried_at == MORNING
        assert not fire(MORNING + FIVE_MINUTES)

    def test_again_changes_nothing(self, offered, by_alice):
        for _ in range(2):
            calling.complete(offered, outcome="reached", actor=by_alice, now=MORNING)
        assert told(offered).count("completed") == 1

    def test_otherwise_is_refused_once_it_is_over(self, offered, by_alice):
        calling.complete(offered, outcome="reached", actor=by_alice, now=MORNING)
        with pytest.raises(IllegalMoveError):
            calling.complete(offered, outcome="no_answer", actor=by_alice, now=MORNING)

    def test_knows_no_other_outcome(self, offered, by_alice):
        with pytest.raises(ValueError, match="bliss"):
            calling.complete(offered, outcome="bliss", actor=by_alice, now=MORNING)


class TestMissing:
    def test_keeps_what_a_person_wrote(self, offered, by_alice):
        calling.miss(offered, reason="The line is dead", actor=by_alice, now=MORNING)
        callback = read(offered)
        assert (callback.status, callback.end_reason) == (CallbackStatus.MISSED, "")
        assert callback.end_note == "The line is dead"

    def test_is_refused_before_its_time(self, by_alice):
        with pytest.raises(IllegalMoveError):
            calling.miss(make_callback(), reason="No", actor=by_alice, now=MORNING)


def make_attempt(callback, *, position=1, is_answered=True, **fields):
    return CallAttempt.objects.create(
        callback=callback,
        position=position,
        first_leg=Leg.AGENT,
        channel=callback.channel,
        number=callback.number,
        caller_id="+15550000000",
        status=CallStatus.NO_ANSWER,
        planned_at=MORNING,
        second_status=CallStatus.NO_ANSWER if is_answered else "",
        ended_at=MORNING,
        **fields,
    )


class TestACallOfOurs:
    def test_that_the_customer_does_not_answer_is_tried_again(self, offered, alice):
        begin(offered, alice)
        attempt = make_attempt(offered)
        calling.tried(offered, attempt=attempt, status="no_answer", now=MORNING)
        waiting = read(offered)
        assert (waiting.status, waiting.offered_to) == (CallbackStatus.DUE, alice)
        assert waiting.look_due_at == MORNING + FIVE_MINUTES
        assert not fire(MORNING + FIVE_MINUTES - timedelta(seconds=1))
        fire(MORNING + FIVE_MINUTES)
        assert read(offered).status == CallbackStatus.OFFERED
        assert read(offered).offered_to == alice

    def test_is_missed_after_as_many_tries_as_the_team_wants(self, offered, alice):
        set_up(offered.team, most_retries=1)
        for position in (1, 2):
            now = MORNING + position * timedelta(hours=1)
            begin(offered, alice, now=now)
            attempt = make_attempt(offered, position=position)
            calling.tried(offered, attempt=attempt, status="busy", now=now)
            fire(now + FIVE_MINUTES)
        callback = read(offered)
        assert callback.status == CallbackStatus.MISSED
        assert callback.end_reason == EndReason.RETRIES_SPENT

    def test_that_the_person_does_not_answer_goes_to_the_next(self, offered, alice, bob):
        begin(offered, alice)
        attempt = make_attempt(offered, is_answered=False)
        calling.tried(offered, attempt=attempt, status="no_answer", now=MORNING)
        fire(MORNING)
        assert read(offered).offered_to == read(offered).conversation.assignee == bob
        assert not broken_promises()

    def test_that_comes_late_changes_nothing(self, offered, alice, by_alice):
        begin(offered, alice)
        calling.complete(offered, outcome="reached", actor=by_alice, now=MORNING)
        attempt = make_attempt(offered)
        calling.tried(offered, attempt=attempt, status="no_answer", now=MORNING)
        assert read(offered).status == CallbackStatus.COMPLETED
