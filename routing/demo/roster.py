"""When the fictional shop's people are there. Pure: instants in, instants out."""

import random
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from routing.demo.shop import Colleague
from teams.models import Presence

#: The last stretch is arranged, so that whoever opens the demo at night meets people too.
PRESENT = timedelta(minutes=60)
LUNCH = time(12, 30)
SATURDAY = 5
#: Who also looks in at the weekend, for a few hours.
WEEKEND = {"aiko", "bruno", "grace"}


@dataclass(frozen=True, slots=True)
class Change:
    """Somebody comes, goes, or is away for a while."""

    at: datetime
    handle: str
    presence: Presence
    reason: str = ""


class Roster:
    """Who is online when, from a list of changes."""

    def __init__(self, changes: Sequence[Change]) -> None:
        self.changes = sorted(changes, key=lambda change: (change.at, change.handle))
        self._by_handle: dict[str, list[Change]] = {}
        for change in self.changes:
            self._by_handle.setdefault(change.handle, []).append(change)
        self._instants = {
            handle: [change.at for change in own] for handle, own in self._by_handle.items()
        }

    def since(self, start: datetime) -> "Roster":
        """Return the same roster from an instant on, beginning with where everybody is then."""
        begun = [
            Change(start, handle, self.presence_at(handle, start)) for handle in self._by_handle
        ]
        return Roster([*begun, *(change for change in self.changes if change.at > start)])

    def presence_at(self, handle: str, at: datetime) -> Presence:
        """Return where the person is at an instant; offline before their first change."""
        instants, own = self._instants.get(handle, []), self._by_handle.get(handle, [])
        index = bisect_right(instants, at)
        return own[index - 1].presence if index else Presence.OFFLINE

    def first_online(self, handle: str, *, since: datetime) -> datetime | None:
        """Return the first instant from `since` on at which the person is online."""
        own = self._by_handle.get(handle, [])
        index = bisect_right(self._instants.get(handle, []), since)
        if index and own[index - 1].presence == Presence.ONLINE:
            return since
        return next((c.at for c in own[index:] if c.presence == Presence.ONLINE), None)


def plan(
    people: Sequence[Colleague], *, start: datetime, now: datetime, rng: random.Random
) -> Roster:
    """Plan everybody's days from `start` to `now`, ending with the arranged present."""
    curtain = now - PRESENT
    changes = [
        change
        for person in people
        for change in _plan_days(person, start=start, end=curtain, rng=rng)
        if start <= change.at < curtain
    ]
    return Roster([*changes, *_arrange_present(people, now=now, rng=rng)])


def _plan_days(
    person: Colleague, *, start: datetime, end: datetime, rng: random.Random
) -> Iterator[Change]:
    zone = ZoneInfo(person.zone)
    day = start.astimezone(zone).date()
    while day <= end.astimezone(zone).date():
        if day.weekday() < SATURDAY:
            yield from _plan_weekday(person, day=day, zone=zone, rng=rng)
        elif person.handle in WEEKEND:
            yield Change(_around(time(10), day, zone, rng), person.handle, Presence.ONLINE)
            yield Change(_around(time(15), day, zone, rng), person.handle, Presence.OFFLINE)
        day += timedelta(days=1)


def _plan_weekday(
    person: Colleague, *, day: date, zone: ZoneInfo, rng: random.Random
) -> Iterator[Change]:
    begin, end = person.day
    lunch = _around(LUNCH, day, zone, rng)
    back = lunch + timedelta(minutes=rng.randint(35, 70))
    yield Change(_around(begin, day, zone, rng), person.handle, Presence.ONLINE)
    yield Change(lunch, person.handle, Presence.AWAY)
    yield Change(back, person.handle, Presence.ONLINE)
    yield Change(_around(end, day, zone, rng), person.handle, Presence.OFFLINE)


def _around(wall: time, day: date, zone: ZoneInfo, rng: random.Random) -> datetime:
    instant = datetime.combine(day, wall, zone).astimezone(UTC)
    return instant + timedelta(seconds=rng.randint(-900, 900))


def _arrange_present(
    people: Sequence[Colleague], *, now: datetime, rng: random.Random
) -> Iterator[Change]:
    for person in people:
        since = now - PRESENT + timedelta(seconds=rng.randint(0, 300))
        yield Change(since, person.handle, Presence.ONLINE)
        if person.presence != Presence.ONLINE:
            left = now - timedelta(minutes=rng.randint(8, 25))
            yield Change(left, person.handle, person.presence, person.presence_reason)
