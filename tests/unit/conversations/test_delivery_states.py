"""What became of a message: reports come late, twice and in any order, and the end is the same."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as some

from conversations.delivery_states import DeliveryStatus, is_forward

QUEUED, SENDING, SENT = DeliveryStatus.QUEUED, DeliveryStatus.SENDING, DeliveryStatus.SENT
DELIVERED, READ = DeliveryStatus.DELIVERED, DeliveryStatus.READ
FAILED, UNKNOWN = DeliveryStatus.FAILED, DeliveryStatus.UNKNOWN

reports = some.lists(some.sampled_from(DeliveryStatus), max_size=12)


def after(reported, *, start=QUEUED):
    """Return the status after reports that came in this order."""
    status = start
    for report in reported:
        if is_forward(status, report):
            status = report
    return status


class TestForward:
    @pytest.mark.parametrize(
        "usual",
        [
            (QUEUED, SENDING, SENT, DELIVERED, READ),
            (QUEUED, SENDING, SENT, FAILED),
            (QUEUED, SENDING, UNKNOWN, SENT, DELIVERED),
            (QUEUED, SENDING, UNKNOWN, FAILED),
        ],
    )
    def test_is_the_usual_course(self, usual):
        for current, reported in itertools.pairwise(usual):
            assert is_forward(current, reported)
            assert not is_forward(reported, current)

    @pytest.mark.parametrize("status", DeliveryStatus)
    def test_is_not_what_is_said_already(self, status):
        assert not is_forward(status, status)

    @pytest.mark.parametrize("status", [status for status in DeliveryStatus if status != READ])
    def test_is_always_to_read(self, status):
        assert is_forward(status, READ)

    def test_is_not_from_delivered_to_failed(self):
        assert not is_forward(DELIVERED, FAILED)
        assert is_forward(FAILED, DELIVERED)

    def test_takes_a_status_as_the_database_has_it(self):
        assert is_forward("sent", READ)


class TestReports:
    @given(reports)
    def test_never_lead_backwards(self, reported):
        statuses = list(itertools.accumulate([QUEUED, *reported], lambda s, r: after([r], start=s)))
        for earlier, later in itertools.pairwise(statuses):
            assert later == earlier or is_forward(earlier, later)

    @given(reports, some.randoms(use_true_random=False))
    def test_end_the_same_in_any_order(self, reported, chance):
        shuffled = list(reported)
        chance.shuffle(shuffled)
        assert after(shuffled) == after(reported)

    @given(reports, some.data())
    def test_end_the_same_when_some_come_twice(self, reported, data):
        again = data.draw(some.lists(some.sampled_from(reported), max_size=3)) if reported else []
        assert after([*reported, *again]) == after(reported)

    def test_that_are_unknown_words_are_a_mistake_of_ours(self):
        with pytest.raises(ValueError, match="teleported"):
            is_forward("teleported", SENT)
