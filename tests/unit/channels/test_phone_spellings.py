"""Two ways to write one number, in the two countries that have them."""

import pytest

from channels.phone_spellings import other_spelling


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("+5511987654321", "+551187654321"),
        ("+5547991234567", "+554791234567"),
        ("+5491123456789", "+541123456789"),
        ("+5493415551234", "+543415551234"),
    ],
)
class TestANumberOfTwoSpellings:
    def test_has_the_one_for_the_other_and_back(self, one: str, other: str) -> None:
        assert other_spelling(one) == other
        assert other_spelling(other) == one


@pytest.mark.parametrize(
    "phone",
    [
        "+551132654321",  # a landline in São Paulo
        "+55119876543210",
        "+5511",
        "+819012345678",
        "+14155550100",
        "53079",
        "SUPPORT",
        "IN.2081978709342942",
        "",
    ],
)
def test_any_other_address_has_one_spelling(phone: str) -> None:
    assert other_spelling(phone) == ""
