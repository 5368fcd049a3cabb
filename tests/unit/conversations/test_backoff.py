"""When a message is tried again, and when no more."""

from datetime import timedelta

from conversations.backoff import MAX_ATTEMPTS, next_attempt_at
from tests.moments import WEDNESDAY_MORNING as MORNING


class TestTheNextAttempt:
    def test_comes_later_each_time(self):
        waits = [next_attempt_at(n, now=MORNING) for n in range(1, MAX_ATTEMPTS)]

        assert waits == sorted(waits)
        assert waits[0] == MORNING + timedelta(seconds=2)

    def test_obeys_a_provider_that_asks_for_more(self):
        assert next_attempt_at(1, now=MORNING, retry_after_s=90) == MORNING + timedelta(seconds=90)

    def test_obeys_nobody_for_longer_than_an_hour(self):
        assert next_attempt_at(1, now=MORNING, retry_after_s=1e9) == MORNING + timedelta(hours=1)

    def test_is_never_sooner_than_ours(self):
        assert next_attempt_at(4, now=MORNING, retry_after_s=0) == MORNING + timedelta(seconds=120)

    def test_is_none_after_the_last(self):
        assert next_attempt_at(MAX_ATTEMPTS, now=MORNING) is None
