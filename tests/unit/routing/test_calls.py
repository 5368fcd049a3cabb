"""Who calls a customer whose callback is due, and how it is told."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from routing.engine import serial
from routing.engine.calls import CallReason, decide_callback
from routing.engine.facts import Outcome, Strategy
from tests.unit.routing.anything import ALICE_ALONE, houses, situations
from tests.unit.routing.builders import (
    ALICE,
    BOB,
    CHEN,
    SUPPORT,
    candidate,
    desk,
    known,
    open_only,
    person,
    person_desk,
    situation,
)
from tests.unit.routing.test_explain import assert_told, sentences


def call(*desks, targets=(SUPPORT,), reason=CallReason.DUE, **seen):
    return decide_callback(
        situation(reason=reason, **seen), targets=targets, open_desk=open_only(*desks)
    )


def support(*user_ids, **fields):
    return desk(*(candidate(user_id) for user_id in user_ids), **fields)


class TestEveryDecision:
    @given(
        situations(),
        some.sampled_from(sorted(CallReason)),
        houses(),
        some.sampled_from([(SUPPORT,), (ALICE_ALONE, SUPPORT)]),
    )
    def test_can_be_told_and_made_again(self, seen, reason, house, targets):
        seen = replace(seen, reason=reason)
        answer = decide_callback(seen, targets=targets, open_desk=house.__getitem__)
        assert_told(answer)
        stored = serial.facts_from_json(serial.facts_to_json(seen, desks=house, targets=targets))
        again = decide_callback(
            stored.situation, targets=stored.targets, open_desk=stored.desks.__getitem__
        )
        assert again == answer


class TestTheTimeOfACallback:
    def test_is_the_permanent_agents_first(self):
        answer = call(permanent_agent=known(CHEN), respects_permanent_agent=True, holder=known(BOB))
        assert (answer.outcome, answer.user_id, answer.via) == ("assigned", CHEN, "permanent")

    def test_leaves_it_with_a_permanent_agent_who_has_it(self):
        answer = call(permanent_agent=known(CHEN), respects_permanent_agent=True, holder_id=CHEN)
        assert (answer.outcome, answer.user_id) == (Outcome.KEPT, CHEN)

    def test_is_then_of_who_has_it(self):
        answer = call(
            person_desk(ALICE), targets=(person(ALICE), SUPPORT), holder=known(BOB), holder_id=BOB
        )
        assert (answer.outcome, answer.user_id) == (Outcome.KEPT, BOB)
        assert sentences(answer) == [
            "It was time to call the customer.",
            "Bob has this conversation already and calls.",
        ]

    def test_is_then_of_who_was_promised(self):
        answer = call(person_desk(ALICE), support(BOB), targets=(person(ALICE), SUPPORT))
        assert (answer.user_id, answer.team_id, answer.via) == (ALICE, SUPPORT.id, "callback")

    def test_is_then_of_the_team(self):
        answer = call(
            person_desk(ALICE, presence="away"),
            support(BOB),
            targets=(person(ALICE), SUPPORT),
            asked_by="Alice",
        )
        assert answer.user_id == BOB
        assert sentences(answer) == [
            "It was time to call the customer, as Alice had promised.",
            "Alice is asked first, as was promised.",
            "Alice is away.",
            "First in turn of Support: Bob.",
        ]

    def test_is_then_of_its_queue(self):
        answer = call(desk(candidate(presence="offline")))
        assert (answer.outcome, answer.team_id) == (Outcome.WAITING, SUPPORT.id)

    def test_changes_nothing_where_the_team_is_switched_off(self):
        answer = call(support(BOB, is_active=False), holder_id=CHEN)
        assert (answer.outcome, answer.user_id) == (Outcome.KEPT, CHEN)


class TestAnOwnedOne:
    def test_is_asked_of_its_owner_alone(self):
        answer = call(
            person_desk(ALICE, presence="offline"),
            targets=(person(ALICE), SUPPORT),
            reason=CallReason.OWNED,
        )
        assert (answer.outcome, answer.user_id) == (Outcome.KEPT, None)
        assert "Alice owns the callback: nobody else is asked." in sentences(answer)


class TestAnOfferThatLapsed:
    @pytest.fixture
    def lapsed(self):
        return {
            "reason": CallReason.LAPSED,
            "holder": known(ALICE),
            "holder_id": ALICE,
            "waited_s": 30,
            "lapsed_ids": (ALICE,),
        }

    def test_goes_to_somebody_who_has_not_had_it(self, lapsed):
        answer = call(support(ALICE, BOB), **lapsed)
        assert (answer.outcome, answer.user_id) == (Outcome.ASSIGNED, BOB)
        assert sentences(answer)[0] == "Alice did not begin the call within 30 seconds."

    def test_stays_where_all_have_had_it(self, lapsed):
        answer = call(support(ALICE, BOB), **{**lapsed, "lapsed_ids": (ALICE, BOB)})
        assert (answer.outcome, answer.user_id) == (Outcome.KEPT, ALICE)
        assert sentences(answer)[1:] == [
            "Everybody of Support who could call was asked already.",
            "It stays with Alice.",
        ]

    def test_stays_where_nobody_else_is_there(self, lapsed):
        answer = call(support(ALICE), **lapsed)
        assert sentences(answer)[1:] == ["Support has nobody else.", "It stays with Alice."]

    def test_stays_in_a_team_that_works_by_hand(self, lapsed):
        answer = call(support(ALICE, BOB, strategy=Strategy.MANUAL), **lapsed)
        assert (answer.outcome, answer.user_id) == (Outcome.KEPT, ALICE)
