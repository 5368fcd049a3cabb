"""Which moves a conversation may make: the whole table, one case for every pair."""

import itertools

import pytest

from conversations.states import (
    LIVE,
    OPEN,
    IllegalTransitionError,
    Status,
    check_move,
    is_move_allowed,
)

BOT, NEW, IN_PROGRESS = Status.BOT, Status.NEW, Status.IN_PROGRESS
SNOOZED, RESOLVED, CLOSED = Status.SNOOZED, Status.RESOLVED, Status.CLOSED

# Written down once more on purpose: this is what was agreed, the code is what was built.
AGREED = {
    BOT: {NEW, IN_PROGRESS, SNOOZED, RESOLVED},
    NEW: {IN_PROGRESS, BOT, SNOOZED, RESOLVED},
    IN_PROGRESS: {NEW, BOT, SNOOZED, RESOLVED},
    SNOOZED: {NEW, IN_PROGRESS, BOT, RESOLVED},
    RESOLVED: {NEW, IN_PROGRESS, BOT, CLOSED},
    CLOSED: {NEW, IN_PROGRESS},
}
PAIRS = list(itertools.product(Status, Status))


class TestMove:
    @pytest.mark.parametrize(("current", "wanted"), PAIRS)
    def test_is_allowed_exactly_where_it_was_agreed(self, current, wanted):
        assert is_move_allowed(current, wanted) is (wanted in AGREED[current])

    @pytest.mark.parametrize(("current", "wanted"), PAIRS)
    def test_is_refused_naming_both_states(self, current, wanted):
        if wanted in AGREED[current]:
            check_move(current, wanted)
            return
        with pytest.raises(IllegalTransitionError) as refusal:
            check_move(current, wanted)
        assert (refusal.value.current, refusal.value.wanted) == (current, wanted)
        assert refusal.value.code == "conversation.illegal_transition"
        assert str(current) in str(refusal.value)
        assert str(wanted) in str(refusal.value)

    @pytest.mark.parametrize("status", Status)
    def test_is_never_to_where_it_is_already(self, status):
        assert not is_move_allowed(status, status)

    def test_takes_a_state_as_the_database_has_it(self):
        check_move("new", RESOLVED)
        with pytest.raises(IllegalTransitionError):
            check_move("closed", RESOLVED)

    def test_from_a_state_that_does_not_exist_is_a_mistake_of_ours(self):
        with pytest.raises(ValueError, match="archived"):
            check_move("archived", NEW)


class TestKindsOfStates:
    def test_open_ones_count_as_load(self):
        assert {NEW, IN_PROGRESS} == OPEN

    def test_live_ones_are_neither_resolved_nor_closed(self):
        assert set(Status) - {RESOLVED, CLOSED} == LIVE

    @pytest.mark.parametrize("status", Status)
    def test_lead_back_to_an_open_one_from_everywhere(self, status):
        assert status in OPEN or any(is_move_allowed(status, wanted) for wanted in OPEN)

    def test_close_only_what_was_resolved(self):
        assert [status for status in Status if is_move_allowed(status, CLOSED)] == [RESOLVED]
