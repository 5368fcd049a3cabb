"""Which moves a callback may make: the whole table, one case for every pair."""

import itertools

import pytest

from callbacks.states import (
    CANCELLABLE,
    LIVE,
    PENDING,
    CallbackStatus,
    IllegalMoveError,
    check_move,
)

SCHEDULED, DUE, OFFERED = CallbackStatus.SCHEDULED, CallbackStatus.DUE, CallbackStatus.OFFERED
CALLING, COMPLETED = CallbackStatus.CALLING, CallbackStatus.COMPLETED
MISSED, CANCELLED = CallbackStatus.MISSED, CallbackStatus.CANCELLED

# Written down once more on purpose: this is what was agreed, the code is what was built.
AGREED = {
    SCHEDULED: {DUE, CALLING, COMPLETED, CANCELLED},
    DUE: {OFFERED, CALLING, COMPLETED, MISSED, CANCELLED},
    OFFERED: {DUE, CALLING, COMPLETED, MISSED, CANCELLED},
    CALLING: {DUE, OFFERED, COMPLETED, MISSED},
    COMPLETED: set(),
    MISSED: set(),
    CANCELLED: set(),
}
PAIRS = list(itertools.product(CallbackStatus, CallbackStatus))


class TestMove:
    @pytest.mark.parametrize(("seen", "to"), PAIRS)
    def test_is_allowed_exactly_where_it_was_agreed(
        self, seen: CallbackStatus, to: CallbackStatus
    ) -> None:
        if to in AGREED[seen]:
            check_move(seen, to)
            return
        with pytest.raises(IllegalMoveError) as refusal:
            check_move(seen, to)
        assert (refusal.value.seen, refusal.value.to) == (seen, to)

    def test_takes_a_state_as_the_database_has_it(self) -> None:
        check_move("due", OFFERED)
        with pytest.raises(IllegalMoveError):
            check_move("missed", OFFERED)

    def test_from_a_state_that_does_not_exist_is_a_mistake_of_ours(self) -> None:
        with pytest.raises(ValueError, match="asleep"):
            check_move("asleep", DUE)


class TestState:
    @pytest.mark.parametrize("status", CallbackStatus)
    def test_is_pending_as_long_as_something_can_come_of_it(self, status: CallbackStatus) -> None:
        assert (status in PENDING) is bool(AGREED[status])

    def test_is_live_from_its_time_on_until_it_is_over(self) -> None:
        assert {DUE, OFFERED, CALLING} == LIVE

    @pytest.mark.parametrize("status", CallbackStatus)
    def test_can_be_taken_back_exactly_where_the_table_lets_it(
        self, status: CallbackStatus
    ) -> None:
        assert (status in CANCELLABLE) is (CANCELLED in AGREED[status])

    @pytest.mark.parametrize("status", sorted(PENDING))
    def test_that_is_pending_comes_to_an_end_somehow(self, status: CallbackStatus) -> None:
        reached, waiting = set(), [status]
        while waiting:
            for to in AGREED[waiting.pop()] - reached:
                reached.add(to)
                waiting.append(to)
        assert {COMPLETED, MISSED, CANCELLED} <= reached
