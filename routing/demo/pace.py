"""How long things take in the shop, and how often they happen. Pure: all of it from one seed."""

import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

#: Nobody of the archive waits longer for an answer: after a day only a template may be sent.
LONGEST_WAIT = timedelta(hours=20)
#: How often things happen: a good team, not a perfect one.
ODDS: Mapping[str, float] = MappingProxyType(
    {
        "forgets": 0.06,
        "fails": 0.03,
        "reads": 0.8,
        "notes": 0.08,
        "hands_over": 0.04,
        "rates": 0.36,
        "comes_back": 0.04,
        "thanks": 0.4,
    }
)
RATINGS, RATING_WEIGHTS = (5, 4, 3, 2, 1), (54, 27, 10, 5, 4)
SPREAD = 0.7


class Pace:
    """Draws delays and chances."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def later(self, now: datetime, minutes: float) -> datetime:
        """Return about so many minutes later: half of the time it is sooner."""
        drawn = minutes * self.rng.lognormvariate(0, SPREAD)
        return now + timedelta(minutes=drawn, seconds=5)

    def happens(self, what: str) -> bool:
        return self.rng.random() < ODDS[what]

    def rating(self) -> int:
        return self.rng.choices(RATINGS, RATING_WEIGHTS)[0]
