"""The 24 hours in which free text may be sent."""

from datetime import timedelta

from conversations.window import closes_at, is_window_open
from tests.moments import WEDNESDAY_MORNING as MORNING


class TestTheWindow:
    def test_is_open_for_a_day_after_the_customers_last_message(self):
        assert is_window_open(MORNING, now=MORNING + timedelta(hours=23, minutes=59))

    def test_is_closed_from_the_very_hour(self):
        assert not is_window_open(MORNING, now=MORNING + timedelta(hours=24))

    def test_was_never_open_for_somebody_who_never_wrote(self):
        assert closes_at(None) is None
        assert not is_window_open(None, now=MORNING)
