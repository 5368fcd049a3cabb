"""What happens to a conversation whose holder does not answer, or goes offline."""

import pytest
from hypothesis import given

from routing.engine.decide import decide_offline, decide_reassignment
from routing.engine.explain import explain
from routing.engine.facts import Escalation, Outcome, Strategy
from routing.engine.phrases import write
from tests.unit.routing.anything import houses, situations
from tests.unit.routing.builders import (
    ALICE,
    BOB,
    CHEN,
    SALES,
    SUPPORT,
    candidate,
    desk,
    open_only,
    situation,
)


def codes(answer):
    return [step.code for step in answer.steps]


def said(answer):
    phrases = [sentence.phrase for sentence in explain(answer.steps)]
    plural = {"translate": str, "translate_count": lambda one, many, n: one if n == 1 else many}
    return [write(phrase, **plural) for phrase in phrases]


class TestEscalation:
    """Alice holds it for Support; Sales is next in line."""

    def ask(self, *, sales=(), after_tries=None, after_s=None, is_active=True, **seen):
        escalation = Escalation(SALES, after_tries=after_tries, after_s=after_s)
        support = desk(
            candidate(ALICE), candidate(BOB), reassign_after_s=900, escalation=escalation
        )
        other = desk(*sales, target=SALES, is_active=is_active)
        seen = situation(holder_id=ALICE, lapsed_ids=(ALICE,), **seen)
        return decide_reassignment(seen, target=SUPPORT, open_desk=open_only(support, other))

    def test_goes_to_the_other_team_after_so_many_tries(self):
        answer = self.ask(sales=[candidate(CHEN)], after_tries=2, tries=2)
        assert (answer.outcome, answer.user_id, answer.team_id) == ("assigned", CHEN, SALES.id)
        assert answer.cursor == SALES
        assert said(answer)[0] == "2 people of Support did not answer: Sales is next."

    def test_goes_to_the_other_team_after_so_long(self):
        answer = self.ask(sales=[candidate(CHEN)], after_s=3600, waited_s=3600, tries=1)
        assert (answer.user_id, codes(answer)[0]) == (CHEN, "escalated_after_wait")
        assert said(answer)[0] == "Nobody of Support answered within 1 hour: Sales is next."

    def test_waits_in_the_queue_of_the_other_team_if_nobody_there_can_take_it(self):
        answer = self.ask(sales=[candidate(CHEN, presence="away")], after_tries=1, tries=1)
        assert (answer.outcome, answer.user_id, answer.team_id) == ("waiting", None, SALES.id)
        assert codes(answer) == ["escalated_after_tries", "all_away", "queued"]

    @pytest.mark.parametrize(
        "seen",
        [
            {"after_tries": 3, "tries": 2},
            {"after_s": 3600, "waited_s": 3599},
            {"tries": 9, "waited_s": 9999},
            {"after_tries": 1, "tries": 1, "former_team_ids": (SALES.id,)},
        ],
        ids=["too few tries", "too soon", "not set", "had it already"],
    )
    def test_stays_with_the_team_otherwise(self, seen):
        answer = self.ask(sales=[candidate(CHEN)], **seen)
        assert (answer.user_id, answer.team_id) == (BOB, SUPPORT.id)

    def test_stays_with_the_team_if_the_other_one_is_switched_off(self):
        answer = self.ask(sales=[candidate(CHEN)], after_tries=1, tries=1, is_active=False)
        assert (answer.user_id, answer.team_id) == (BOB, SUPPORT.id)
        assert "desk_inactive" in codes(answer)


class TestGoingOffline:
    def ask(self, *people, **fields):
        support = desk(candidate(ALICE, presence="offline"), *people, **fields)
        seen = situation(holder_id=ALICE, asked_by="Alice")
        return decide_offline(seen, target=SUPPORT, open_desk=open_only(support))

    def test_gives_it_to_somebody_else_of_the_team(self):
        answer = self.ask(candidate(BOB))
        assert (answer.outcome, answer.user_id, answer.team_id) == ("assigned", BOB, SUPPORT.id)
        assert said(answer)[0] == "Alice went offline, so it went back to the queue."

    def test_leaves_it_in_the_queue_of_the_team_if_there_is_nobody(self):
        answer = self.ask()
        assert (answer.outcome, answer.user_id, answer.team_id) == ("waiting", None, SUPPORT.id)


class TestShifts:
    def ask(self, *people, cursor=None):
        support = desk(*people, strategy=Strategy.SHIFT, cursor_user_id=cursor)
        seen = situation(holder_id=CHEN)
        return decide_offline(seen, target=SUPPORT, open_desk=open_only(support))

    def test_go_around_among_those_on_shift(self):
        team = [candidate(ALICE), candidate(BOB, is_on_shift=False), candidate(4)]
        assert self.ask(*team).user_id == ALICE
        answer = self.ask(*team, cursor=ALICE)
        assert (answer.user_id, answer.cursor) == (4, SUPPORT)
        assert said(answer)[1] == (
            "Next in turn of Support, of those on shift, after Alice: Person 4."
        )

    def test_need_presence_and_room_as_well(self):
        team = [candidate(ALICE, presence="away"), candidate(BOB, load=5), candidate(4)]
        assert self.ask(*team).user_id == 4

    def test_say_that_nobody_is_on_shift(self):
        answer = self.ask(candidate(ALICE, is_on_shift=False), candidate(BOB, is_on_shift=False))
        assert (answer.outcome, codes(answer)[1]) == (Outcome.WAITING, "all_off_shift")
        assert said(answer)[1] == "Nobody of Support is on shift."


class TestAnyMovingOn:
    @given(situations(), houses())
    def test_never_gives_it_back_to_who_has_it(self, seen, house):
        for answer in (
            decide_offline(seen, target=SUPPORT, open_desk=house.__getitem__),
            decide_reassignment(seen, target=SUPPORT, open_desk=house.__getitem__),
        ):
            if answer.outcome is Outcome.ASSIGNED:
                assert answer.user_id != seen.holder_id
            assert all(said(answer))
