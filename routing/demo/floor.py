"""The shop's desks as they stood at an instant, kept in memory for history that is written in bulk.

Desks are read once, through the same loader as every preview; presence comes from the roster, and
loads, cursors and last assignments are counted here.
"""

import heapq
from collections import Counter
from dataclasses import replace
from datetime import datetime

from routing.demo.roster import Roster
from routing.desk_book import ReadOnlyDesks
from routing.engine.facts import Answer, Candidate, Desk, Target


class Floor:
    """Who is there, with how many conversations, as time goes on."""

    def __init__(self, *, roster: Roster, handles: dict[int, str]) -> None:
        self.roster = roster
        self.handles = handles
        self._rows = ReadOnlyDesks(at=roster.changes[0].at)
        self._loads: Counter[int] = Counter()
        self._last: dict[int, datetime] = {}
        self._cursors: dict[Target, int | None] = {}
        self._ends: list[tuple[datetime, int]] = []

    def at(self, now: datetime) -> "Snapshot":
        """Return the desks as they are now."""
        while self._ends and self._ends[0][0] <= now:
            _, user_id = heapq.heappop(self._ends)
            self._loads[user_id] -= 1
        return Snapshot(self, now)

    def take(self, answer: Answer, *, now: datetime) -> None:
        """Count the conversation that the answer gave to somebody."""
        if answer.user_id is None:
            return
        self._loads[answer.user_id] += 1
        self._last[answer.user_id] = now
        if answer.cursor is not None:
            self._cursors[answer.cursor] = answer.user_id

    def release(self, user_id: int, *, at: datetime) -> None:
        """Note when the person will be done with it."""
        heapq.heappush(self._ends, (at, user_id))

    def show(self, target: Target, *, now: datetime) -> Desk:
        desk = self._rows.open(target)
        people = tuple(self._show_candidate(c, now) for c in desk.candidates)
        return replace(desk, candidates=people, cursor_user_id=self._cursors.get(target))

    def _show_candidate(self, candidate: Candidate, now: datetime) -> Candidate:
        user_id = candidate.user_id
        return replace(
            candidate,
            presence=self.roster.presence_at(self.handles[user_id], now),
            load=self._loads[user_id],
            last_assigned_at=self._last.get(user_id),
        )


class Snapshot:
    """Opens desks for one decision, and remembers which were opened."""

    def __init__(self, floor: Floor, now: datetime) -> None:
        self.seen: dict[Target, Desk] = {}
        self._floor = floor
        self._now = now

    def open(self, target: Target) -> Desk:
        if target not in self.seen:
            self.seen[target] = self._floor.show(target, now=self._now)
        return self.seen[target]
