"""Other ways in which the same number is written."""

import pytest

from conversations.duplicates import spellings


class TestSpellings:
    @pytest.mark.parametrize(
        ("address", "other"),
        [
            ("+5215512345678", "+525512345678"),
            ("+5491123456789", "+541123456789"),
            ("+5511987654321", "+551187654321"),
        ],
    )
    def test_of_countries_that_put_a_digit_in_are_both_found(self, address, other):
        assert other in spellings(address)
        assert address in spellings(other)

    @pytest.mark.parametrize("address", ["+819000000001", "BR.4711", ""])
    def test_of_others_is_one(self, address):
        assert spellings(address) == [address]
