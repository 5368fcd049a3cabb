"""Who of a desk is chosen, and why the others are not."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from routing.engine.facts import PassedOver, Strategy
from routing.engine.strategies import TieBreak, choose, is_capacity_bound, moves_cursor
from tests.moments import WEDNESDAY_MORNING as MORNING
from tests.unit.routing.anything import desks
from tests.unit.routing.builders import ALICE, BOB, CHEN, candidate, desk, situation

EVERYBODY = (candidate(ALICE), candidate(BOB), candidate(CHEN))
PICKING = [s for s in Strategy if s is not Strategy.MANUAL]
AMONG_SEVERAL = [
    Strategy.ROUND_ROBIN,
    Strategy.LEAST_BUSY,
    Strategy.CONCURRENT_LOAD,
    Strategy.SEQUENTIAL,
]
BY_CAPACITY = [s for s in AMONG_SEVERAL if s is not Strategy.SEQUENTIAL]


def chosen(a_desk, **seen):
    winner = choose(a_desk, situation(**seen)).chosen
    return winner.user_id if winner else None


def reason(a_candidate, *, strategy=Strategy.LEAST_BUSY, **seen):
    """Return why somebody did not get it while Bob could have."""
    a_desk = desk(a_candidate, candidate(BOB), strategy=strategy)
    return choose(a_desk, situation(**seen)).passed_over.get(a_candidate.user_id)


class TestPassingOver:
    @pytest.mark.parametrize(
        ("fields", "expected"),
        [
            ({"is_active": False}, PassedOver.INACTIVE),
            ({"is_receiving": False}, PassedOver.NOT_RECEIVING),
            ({"presence": "offline"}, PassedOver.OFFLINE),
            ({"presence": "away"}, PassedOver.AWAY),
            ({"presence": "on the moon"}, PassedOver.OFFLINE),
            ({"load": 5, "capacity": 5}, PassedOver.AT_CAPACITY),
            ({"load": 6, "capacity": 5}, PassedOver.AT_CAPACITY),
            ({"load": 0, "capacity": 0}, PassedOver.AT_CAPACITY),
            ({"load": 4, "capacity": 5}, PassedOver.NOT_CHOSEN),
        ],
    )
    def test_says_why(self, fields, expected):
        assert reason(candidate(ALICE, **fields)) == expected

    def test_says_who_has_it_and_who_let_it_lapse(self):
        assert reason(candidate(ALICE), holder_id=ALICE) == PassedOver.HAD_IT
        assert reason(candidate(ALICE), lapsed_ids=(ALICE,)) == PassedOver.LAPSED

    def test_says_it_of_everybody_but_the_winner(self):
        choice = choose(desk(*EVERYBODY), situation())
        assert set(choice.passed_over) == {BOB, CHEN}
        assert choice.reason_for(EVERYBODY[0]) == "chosen"

    @pytest.mark.parametrize("strategy", [Strategy.SEQUENTIAL, Strategy.NAMED])
    def test_ignores_capacity_where_the_strategy_does(self, strategy):
        full = candidate(ALICE, load=9, capacity=5)
        assert chosen(desk(full, strategy=strategy)) == ALICE

    @pytest.mark.parametrize(
        ("strategy", "expected"),
        [
            (Strategy.NAMED, ALICE),
            (Strategy.DEFAULT_USER, ALICE),
            (Strategy.DIRECT, None),
            (Strategy.SEQUENTIAL, None),
        ],
    )
    def test_ignores_presence_where_the_strategy_does(self, strategy, expected):
        gone = candidate(ALICE, presence="offline", is_receiving=False, load=9)
        assert chosen(desk(gone, strategy=strategy, default_user_id=ALICE)) == expected

    def test_uses_the_desks_capacity_for_those_without_their_own(self):
        free, full = candidate(ALICE, load=2, capacity=None), candidate(BOB, load=2, capacity=3)
        a_desk = desk(free, full, strategy=Strategy.LEAST_BUSY, capacity=2)
        assert chosen(a_desk) == BOB

    def test_knows_no_limit_where_nobody_set_one(self):
        a_desk = desk(candidate(ALICE, load=900, capacity=None), strategy=Strategy.LEAST_BUSY)
        assert chosen(a_desk) == ALICE


class TestLapsing:
    @pytest.mark.parametrize("strategy", AMONG_SEVERAL)
    def test_bars_as_long_as_anybody_else_can_take_it(self, strategy):
        a_desk = desk(*EVERYBODY, strategy=strategy)
        assert chosen(a_desk, lapsed_ids=(ALICE, BOB)) == CHEN

    @pytest.mark.parametrize("strategy", AMONG_SEVERAL)
    def test_is_forgiven_when_nobody_else_can(self, strategy):
        a_desk = desk(candidate(ALICE), candidate(BOB, presence="away"), strategy=strategy)
        assert chosen(a_desk, lapsed_ids=(ALICE,)) == ALICE

    def test_never_gives_it_back_to_who_has_it(self):
        assert chosen(desk(candidate(ALICE)), holder_id=ALICE, lapsed_ids=(ALICE,)) is None

    def test_does_not_keep_a_default_user_from_it(self):
        a_desk = desk(*EVERYBODY, strategy=Strategy.DEFAULT_USER, default_user_id=BOB)
        assert chosen(a_desk, lapsed_ids=(BOB,)) == BOB


class TestRoundRobin:
    @pytest.mark.parametrize(
        ("cursor", "expected"), [(None, ALICE), (ALICE, BOB), (BOB, CHEN), (CHEN, ALICE)]
    )
    def test_goes_on_after_the_last_one(self, cursor, expected):
        assert chosen(desk(*EVERYBODY, cursor_user_id=cursor)) == expected

    def test_skips_those_who_cannot(self):
        alice, bob, chen = EVERYBODY
        a_desk = desk(alice, replace(bob, presence="away"), chen, cursor_user_id=ALICE)
        assert chosen(a_desk) == CHEN

    def test_goes_on_after_somebody_who_went_away(self):
        alice, bob, chen = EVERYBODY
        a_desk = desk(alice, replace(bob, is_active=False), chen, cursor_user_id=BOB)
        assert chosen(a_desk) == CHEN

    def test_stays_where_it_was_when_people_join_or_leave(self):
        alice, bob, chen = EVERYBODY
        assert chosen(desk(candidate(7), alice, bob, candidate(8), chen, cursor_user_id=BOB)) == 8
        assert chosen(desk(bob, chen, cursor_user_id=BOB)) == CHEN

    def test_starts_from_the_top_if_the_last_one_is_unknown(self):
        assert chosen(desk(*EVERYBODY, cursor_user_id=99)) == ALICE

    def test_can_pick_the_same_person_again_if_alone(self):
        assert chosen(desk(candidate(ALICE), cursor_user_id=ALICE)) == ALICE


class TestLeastBusy:
    def pick(self, *people):
        return choose(desk(*people, strategy=Strategy.LEAST_BUSY), situation())

    def test_takes_the_lowest_load_and_meets_no_tie(self):
        choice = self.pick(candidate(ALICE, load=2), candidate(BOB, load=1))
        assert (choice.chosen.user_id, choice.tie_break, choice.level_with) == (BOB, None, ())

    def test_breaks_a_tie_by_the_longest_time_without_a_new_one(self):
        alice = candidate(ALICE, last_assigned_at=MORNING)
        bob = candidate(BOB, last_assigned_at=MORNING - timedelta(hours=1))
        choice = self.pick(alice, bob)
        assert choice.chosen is bob
        assert (choice.tie_break, choice.level_with) == (TieBreak.LONGEST_AGO, (alice,))

    def test_takes_who_never_had_one_before_who_had_one_long_ago(self):
        alice = candidate(ALICE, last_assigned_at=MORNING - timedelta(days=900))
        assert self.pick(alice, candidate(BOB)).chosen.user_id == BOB

    def test_breaks_what_is_left_by_the_order(self):
        choice = self.pick(candidate(BOB), candidate(ALICE))
        assert choice.chosen.user_id == BOB
        assert (choice.tie_break, choice.level_with[0].user_id) == (TieBreak.ORDER, ALICE)

    def test_compares_only_with_those_who_could_take_it(self):
        choice = self.pick(candidate(ALICE), candidate(BOB, presence="away"))
        assert (choice.tie_break, choice.level_with) == (None, ())


class TestDefaultUser:
    @pytest.mark.parametrize("default_user_id", [None, 99])
    def test_picks_nobody_without_a_default_user_among_the_members(self, default_user_id):
        a_desk = desk(*EVERYBODY, strategy=Strategy.DEFAULT_USER, default_user_id=default_user_id)
        assert chosen(a_desk) is None

    def test_picks_nobody_if_the_default_user_no_longer_works_here(self):
        gone = candidate(ALICE, is_active=False)
        a_desk = desk(gone, candidate(BOB), strategy=Strategy.DEFAULT_USER, default_user_id=ALICE)
        assert chosen(a_desk) is None


class TestManual:
    def test_picks_nobody(self):
        assert chosen(desk(*EVERYBODY, strategy=Strategy.MANUAL)) is None


class TestBounds:
    def test_hold_for_all_but_three(self):
        free = {Strategy.SEQUENTIAL, Strategy.DEFAULT_USER, Strategy.NAMED}
        assert {s for s in Strategy if not is_capacity_bound(desk(strategy=s))} == free

    def test_move_a_cursor_only_in_circles(self):
        circles = {Strategy.ROUND_ROBIN, Strategy.SEQUENTIAL, Strategy.SHIFT}
        assert {s for s in Strategy if moves_cursor(desk(strategy=s))} == circles


def give(a_desk, winner, *, at):
    """Return the desk as it is after the winner was given a conversation."""
    people = tuple(
        replace(c, load=c.load + 1, last_assigned_at=at) if c.user_id == winner.user_id else c
        for c in a_desk.candidates
    )
    cursor = winner.user_id if moves_cursor(a_desk) else a_desk.cursor_user_id
    return replace(a_desk, candidates=people, cursor_user_id=cursor)


def play(a_desk, *, rounds):
    """Give out so many conversations, and return the desk and who got each of them."""
    winners = []
    for number in range(rounds):
        winner = choose(a_desk, situation()).chosen
        winners.append(winner and winner.user_id)
        if winner:
            a_desk = give(a_desk, winner, at=MORNING + timedelta(seconds=number))
    return a_desk, winners


class TestFairness:
    @given(some.integers(1, 8), some.integers(1, 12), some.sampled_from(AMONG_SEVERAL))
    def test_gives_equal_members_exactly_equal_shares(self, members, laps, strategy):
        people = [candidate(user_id, capacity=None) for user_id in range(1, members + 1)]
        _, winners = play(desk(*people, strategy=strategy), rounds=members * laps)
        assert set(Counter(winners).values()) == {laps}
        assert len(set(winners)) == members

    @given(desks(strategies=BY_CAPACITY))
    def test_never_exceeds_a_capacity(self, a_desk):
        before = {c.user_id: c.load for c in a_desk.candidates}
        after, _ = play(a_desk, rounds=30)
        for c in after.candidates:
            limit = a_desk.capacity if c.capacity is None else c.capacity
            assert c.load == before[c.user_id] or limit is None or c.load <= limit

    @given(desks(strategies=PICKING))
    def test_gives_the_same_answer_to_the_same_question(self, a_desk):
        assert choose(a_desk, situation()) == choose(a_desk, situation())

    @given(desks(strategies=Strategy), some.sets(some.integers(1, 6)), some.integers(1, 6))
    def test_tells_everybodys_reason_exactly_once(self, a_desk, lapsed, holder):
        choice = choose(a_desk, situation(lapsed_ids=tuple(lapsed), holder_id=holder))
        told = [choice.reason_for(c) for c in a_desk.candidates]
        assert told.count("chosen") == (choice.chosen is not None)
        assert choice.chosen is None or choice.chosen.user_id != holder

    @given(desks(strategies=AMONG_SEVERAL))
    def test_leaves_nobody_out_who_could_take_it(self, a_desk):
        choice = choose(a_desk, situation())
        able = [r for r in choice.passed_over.values() if r is PassedOver.NOT_CHOSEN]
        assert choice.chosen is not None or not able
