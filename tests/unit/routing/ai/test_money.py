"""What asking a model costs: exact, and never less than it did."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.ai.money import Budget, Prices

USD = Prices(Decimal("2.50"), Decimal("10"), "USD")
START = datetime(2026, 11, 21, tzinfo=UTC)


class TestPrices:
    def test_are_those_of_a_million_tokens(self):
        assert USD.cost(tokens_in=1_000_000, tokens_out=0) == Decimal("2.5")
        assert USD.cost(tokens_in=0, tokens_out=1_000_000) == Decimal(10)
        assert USD.cost(tokens_in=1000, tokens_out=200) == Decimal("0.0045")

    def test_round_up_to_the_smallest_that_is_stored(self):
        cheap = Prices(Decimal("0.0001"), Decimal(0), "EUR")
        assert cheap.cost(tokens_in=1, tokens_out=0) == Decimal("0.00000001")

    @given(st.text(max_size=400), st.integers(0, 4000))
    def test_never_set_aside_less_than_an_answer_of_usual_length_costs(self, text, written):
        size = len(text.encode("utf-8", "replace"))
        tokens = len(text)  # no model counts more than one for each byte
        assert USD.most(request_bytes=size) >= USD.cost(tokens_in=tokens, tokens_out=written)


class TestABudget:
    @pytest.mark.parametrize(
        ("limit", "spent", "left"), [("5", "1.25", "3.75"), ("5", "9", "0"), ("0", "0", "0")]
    )
    def test_has_what_is_not_spent(self, limit, spent, left):
        budget = Budget("day", Decimal(limit), Decimal(spent), START)
        assert budget.left == Decimal(left)
        assert budget.bears(Decimal(left))
        assert not budget.bears(Decimal(left) + Decimal("0.00000001"))

    def test_without_a_limit_bears_anything(self):
        budget = Budget("month", None, Decimal("1e9"), START)
        assert budget.left is None
        assert budget.bears(Decimal("1e12"))
