"""Durations as people say them."""

from datetime import timedelta

import pytest

from teams.durations import in_words


class TestADuration:
    @pytest.mark.parametrize(
        ("duration", "text"),
        [
            (timedelta(), "0 s"),
            (timedelta(seconds=-5), "0 s"),
            (timedelta(seconds=59.9), "59 s"),
            (timedelta(seconds=60), "1 min"),
            (timedelta(minutes=59, seconds=59), "59 min"),
            (timedelta(hours=2), "2 h"),
            (timedelta(hours=2, minutes=5), "2 h 5 min"),
            (timedelta(days=1, minutes=59), "1 d"),
            (timedelta(days=1, hours=4, minutes=40), "1 d 4 h"),
        ],
    )
    def test_has_two_units_at_most(self, duration: timedelta, text: str) -> None:
        assert in_words(duration) == text
