"""Ten tries over three days, and an end."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.forward_schedule import GIVE_UP_AFTER, MAX_TRIES, WAITS_S, next_try_at
from tests.moments import WEDNESDAY_MORNING as MORNING


def wait_s(tries, *, message_id="msg_1", **more):
    due_at = next_try_at(tries, message_id=message_id, queued_at=MORNING, now=MORNING, **more)
    return None if due_at is None else (due_at - MORNING).total_seconds()


class TestTheSchedule:
    def test_has_ten_tries_over_three_days(self):
        now, tries = MORNING, 1
        while (
            due_at := next_try_at(tries, message_id="m", queued_at=MORNING, now=now)
        ) is not None:
            now, tries = due_at, tries + 1

        assert tries == MAX_TRIES == 10
        assert timedelta(days=2.7) < now - MORNING < GIVE_UP_AFTER

    @given(st.integers(1, 9), st.uuids().map(str))
    def test_shortens_each_wait_by_a_tenth_at_most_and_always_alike(self, tries, message_id):
        waited = wait_s(tries, message_id=message_id)

        assert 0.9 * WAITS_S[tries - 1] <= waited <= WAITS_S[tries - 1]
        assert waited == wait_s(tries, message_id=message_id)

    def test_spreads_what_failed_together(self):
        assert len({wait_s(3, message_id=f"msg_{n}") for n in range(100)}) == 100

    @pytest.mark.parametrize(("asked_s", "expected_s"), [(1, 5), (60, 60), (99_999_999, 24 * 3600)])
    def test_obeys_the_receiver_up_to_a_day(self, asked_s, expected_s):
        assert wait_s(1, retry_after_s=asked_s) == pytest.approx(expected_s, rel=0.1)

    def test_ends_after_ten_tries(self):
        assert wait_s(10) is None
        assert wait_s(11) is None

    def test_ends_after_three_days_for_what_waited_behind_others(self):
        now = MORNING + GIVE_UP_AFTER

        assert next_try_at(1, message_id="m", queued_at=MORNING, now=now) is None
