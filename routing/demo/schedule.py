"""A calendar of things that will happen, played in the order of time. Pure."""

import heapq
from collections.abc import Callable
from datetime import datetime
from itertools import count

Happening = Callable[[datetime], None]


class Schedule:
    """Happenings at the same instant are played in the order in which they were planned."""

    def __init__(self) -> None:
        self._planned: list[tuple[datetime, int, Happening]] = []
        self._number = count()

    def plan(self, at: datetime, happening: Happening) -> None:
        heapq.heappush(self._planned, (at, next(self._number), happening))

    def play(self, *, until: datetime) -> None:
        """Let everything happen that is due before `until`; what is later is dropped."""
        while self._planned and self._planned[0][0] < until:
            at, _, happening = heapq.heappop(self._planned)
            happening(at)
