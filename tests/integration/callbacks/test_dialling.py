"""Planning calls: for whom a phone rings, for whom it does not, and when it stops."""

from datetime import timedelta

import pytest

from callbacks.models import CallAttempt, CallStatus, Dialling, Leg
from callbacks.services import dialling, moves
from callbacks.states import CallbackStatus
from conversations.actors import Actor
from tests.calls import fire, read
from tests.moments import WEDNESDAY_MORNING as MORNING
from tests.telephones import ALICE, BOB, DORA, last_call, make_dialling_team, make_offered

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()


def end(attempt, *, status=CallStatus.NO_ANSWER, now=MORNING, **fields):
    CallAttempt.objects.filter(pk=attempt.pk).update(
        status=status, ended_at=now, place_due_at=None, call_sid=f"CA{attempt.pk}", **fields
    )


class TestAnOffer:
    def test_plans_a_call_to_whom_it_is_made(self):
        callback = make_offered(make_dialling_team())
        call = last_call(callback)
        assert (call.status, call.place_due_at, call.position) == ("planned", MORNING, 1)
        assert (call.first_leg, call.agent.name) == (Leg.AGENT, "Alice")
        assert (call.first_number, call.number) == (ALICE, DORA)
        assert call.caller_id == call.channel.phone_number

    def test_lasts_as_long_as_the_phone_may_ring(self):
        callback = make_offered(make_dialling_team(alerting_s=7, ring_s=40))
        assert callback.look_due_at > MORNING + timedelta(seconds=40)

    def test_may_ring_the_customer_first(self):
        team = make_dialling_team(
            dialling=Dialling.CUSTOMER_FIRST, is_detecting_machines=True, ring_s=20
        )
        call = last_call(make_offered(team))
        assert (call.first_leg, call.first_number) == (Leg.CUSTOMER, DORA)
        assert (call.ring_s, call.is_detecting_machines) == (20, True)

    @pytest.mark.parametrize(
        ("given", "promised", "shown"),
        [({}, {}, "channel"), ({"caller_id": "+8131" + "1" * 6}, {}, "+8131" + "1" * 6)],
    )
    def test_shows_the_number_of_the_team(self, given, promised, shown):
        call = last_call(make_offered(make_dialling_team(**given), **promised))
        assert call.caller_id == (call.channel.phone_number if shown == "channel" else shown)

    def test_shows_the_number_of_the_promise_before_that_of_the_team(self):
        team = make_dialling_team(caller_id="+81311111111")
        assert last_call(make_offered(team, caller_id="+81322222222")).caller_id == "+81322222222"

    @pytest.mark.parametrize(
        ("settings", "fields"),
        [
            ({"dialling": Dialling.BY_HAND}, {}),
            ({"phones": ("", "")}, {}),
            ({}, {"number": "extension 12"}),
        ],
        ids=["by hand", "no phone", "no number"],
    )
    def test_is_called_by_hand_otherwise(self, settings, fields):
        callback = make_offered(make_dialling_team(**settings), **fields)
        assert callback.status == CallbackStatus.OFFERED
        assert not callback.attempts.exists()

    def test_that_is_made_again_keeps_its_call(self):
        callback = make_offered(make_dialling_team())
        assert dialling.dial(callback, now=MORNING) == last_call(callback)
        assert callback.attempts.count() == 1


class TestAnOfferThatMovesOn:
    def test_ends_the_call_and_plans_the_next(self):
        callback = make_offered(make_dialling_team())
        first = last_call(callback)
        later = callback.look_due_at
        fire(later)
        call = last_call(callback)
        first.refresh_from_db()
        assert (first.status, first.ended_at, first.place_due_at) == ("canceled", later, None)
        assert (call.position, call.agent.name, call.first_number) == (2, "Bob", BOB)

    def test_lets_a_phone_that_rings_be_hung_up(self):
        callback = make_offered(make_dialling_team())
        CallAttempt.objects.update(status="ringing", call_sid="CA1", place_due_at=None)
        later = callback.look_due_at
        fire(later)
        first = callback.attempts.get(position=1)
        assert (first.status, first.hang_up_due_at) == ("canceled", later)

    def test_rings_a_lonely_person_again_after_a_while(self):
        team = make_dialling_team()
        team.memberships.filter(user__name="Bob").delete()
        callback = make_offered(team)
        end(last_call(callback))
        later = read(callback).look_due_at
        fire(later)
        call = last_call(callback)
        assert (call.position, call.agent.name) == (2, "Alice")
        assert call.place_due_at == MORNING + timedelta(minutes=5)

    def test_rings_nobody_for_ever(self):
        team = make_dialling_team(most_retries=1)
        team.memberships.filter(user__name="Bob").delete()
        callback = make_offered(team)
        for _ in range(4):
            end(last_call(callback))
            fire(read(callback).look_due_at)
        assert callback.attempts.count() == 2
        assert read(callback).status == CallbackStatus.OFFERED


class TestACallbackThatIsTakenAway:
    def test_ends_its_call(self):
        callback = make_offered(make_dialling_team())
        moves.move(
            moves.lock(callback.pk),
            to=CallbackStatus.CANCELLED,
            event="callback.cancelled",
            actor=SYSTEM,
            now=MORNING,
            also={"look_due_at": None},
        )
        call = last_call(callback)
        assert (call.status, call.ended_at) == ("canceled", MORNING)

    def test_lets_people_talk(self):
        callback = make_offered(make_dialling_team())
        CallAttempt.objects.update(status="in_progress", connected_at=MORNING, place_due_at=None)
        dialling.give_up(callback, now=MORNING)
        assert last_call(callback).ended_at is None


class TestAPersonWhoBeginsByThemselves:
    def test_is_rung_although_they_did_not_answer_before(self):
        callback = make_offered(make_dialling_team(most_retries=0))
        end(last_call(callback))
        callback.status = CallbackStatus.CALLING
        call = dialling.dial(callback, now=MORNING)
        assert (call.position, call.place_due_at) == (2, MORNING)
