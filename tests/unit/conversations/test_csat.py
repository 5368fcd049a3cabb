"""What counts as a rating."""

import pytest

from conversations.csat import parse_rating


class TestARating:
    @pytest.mark.parametrize(
        ("text", "rating"),
        [("1", 1), ("5", 5), (" 3 ", 3), ("\n4\t", 4), ("５", 5), ("　２　", 2)],
    )
    def test_is_one_digit_from_one_to_five(self, text, rating):
        assert parse_rating(text) == rating

    @pytest.mark.parametrize(
        "text",
        ["", " ", "0", "6", "55", "5 items are missing", "five", "5!", "-1", "1.0", "٣", "①2"],
    )
    def test_is_nothing_else(self, text):
        assert parse_rating(text) is None
