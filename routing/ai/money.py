"""What asking a model costs, to the hundred-millionth of a currency's unit. Pure.

A price is that of a million tokens. What a question will cost is not known before it is answered;
what it may cost is: no model counts more tokens than a text has bytes.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_UP, Decimal

#: Tokens that an answer is expected to have at most. One that is longer counts in full.
LONGEST_ANSWER_TOKENS = 2000
#: A model is asked at most so often for one answer.
MOST_REQUESTS = 2
_MILLION = Decimal(1_000_000)
_SMALLEST = Decimal("0.00000001")


@dataclass(frozen=True, slots=True)
class Prices:
    """Of a million tokens that a model reads, and of a million that it writes."""

    read: Decimal
    written: Decimal
    currency: str

    def cost(self, *, tokens_in: int, tokens_out: int) -> Decimal:
        whole = self.read * tokens_in + self.written * tokens_out
        return (whole / _MILLION).quantize(_SMALLEST, rounding=ROUND_UP)

    def most(self, *, request_bytes: int) -> Decimal:
        """Return what a question of this length may cost at most."""
        return self.cost(
            tokens_in=MOST_REQUESTS * request_bytes,
            tokens_out=MOST_REQUESTS * LONGEST_ANSWER_TOKENS,
        )


@dataclass(frozen=True, slots=True)
class Budget:
    """What may be spent, and what is spent or spoken for already. None: no limit."""

    name: str
    limit: Decimal | None
    spent: Decimal
    since: datetime

    @property
    def left(self) -> Decimal | None:
        return None if self.limit is None else max(Decimal(0), self.limit - self.spent)

    def bears(self, amount: Decimal) -> bool:
        return self.left is None or amount <= self.left
