"""Ratings in numbers: how many, how good. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from conversations.csat import HIGHEST, LOWEST

#: From here on a customer counts as satisfied.
GOOD = 4


@dataclass(frozen=True, slots=True)
class Summary:
    """`counts` says how often each rating was given; `asked` how many customers were asked.

    `share` of 4 and 5 and `mean` are None while nobody answered.
    """

    asked: int
    counts: dict[int, int]

    @property
    def answered(self) -> int:
        return sum(self.counts.values())

    @property
    def share(self) -> float | None:
        good = sum(number for rating, number in self.counts.items() if rating >= GOOD)
        return good / self.answered if self.answered else None

    @property
    def mean(self) -> float | None:
        total = sum(rating * number for rating, number in self.counts.items())
        return total / self.answered if self.answered else None


def summarise(counts: Mapping[int, int], *, asked: int) -> Summary:
    """Return the summary of these counts; ratings that nobody gave count 0."""
    scale = range(LOWEST, HIGHEST + 1)
    return Summary(asked, {rating: counts.get(rating, 0) for rating in scale})
