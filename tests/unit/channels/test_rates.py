"""The bucket of a channel: never above its rate and one second's burst."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.rates import rate_of, take
from tests.moments import WEDNESDAY_MORNING as NOW


def takings(rate, gaps):
    """Try at each instant; return the seconds at which one was taken."""
    ready_at, at, taken = None, 0.0, []
    for gap in gaps:
        at += gap
        following = take(ready_at, rate=rate, now=NOW + timedelta(seconds=at))
        if following is not None:
            ready_at = following
            taken.append(at)
    return taken


class TestTake:
    def test_lets_one_seconds_worth_go_at_once(self):
        assert len(takings(80, [0.0] * 200)) == 80

    def test_is_one_by_one_at_one_a_second(self):
        assert takings(1, [0.0, 0.5, 0.5, 0.9, 0.1]) == [0.0, 1.0, 2.0]

    def test_keeps_no_more_than_a_burst_for_later(self):
        assert len(takings(10, [0.0, 3600.0, *[0.0] * 100])) == 11

    @given(
        st.sampled_from([0.5, 1.0, 7.0, 80.0]),
        st.lists(st.floats(0, 2, allow_nan=False), max_size=300),
    )
    def test_is_never_more_than_the_rate_and_the_burst(self, rate, gaps):
        taken = takings(rate, gaps)
        for index, start in enumerate(taken):
            for count, end in enumerate(taken[index:], start=1):
                assert count <= rate * (end - start) + max(1, rate) + 1e-3

    @given(st.sampled_from([1.0, 80.0]))
    def test_reaches_the_rate(self, rate):
        assert len(takings(rate, [0.01] * 1000)) >= rate * 9.9


class TestRate:
    @pytest.mark.parametrize(
        ("medium", "own", "expected"), [("whatsapp", None, 80), ("sms", None, 1), ("sms", 10.0, 10)]
    )
    def test_is_the_channels_or_the_mediums(self, medium, own, expected):
        assert rate_of(medium, own=own) == expected
