"""When somebody is on shift. Pure: what is planned, and an instant.

A shift is `[start, end)` in the time of its own zone: at its end somebody is off. An end that is
not after the start is on the next day, so 22:00 to 06:00 is a night, and an end at 00:00 is the
24:00 of the same day. Where clocks are put forward or back, see `wall_clocks`.

A day off takes away the weekly shifts that begin on that date; a night that began on the evening
before goes on to its end. A single shift holds on its date, also on a day off: so a day off with a
single shift is a day with other hours.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from teams.stretches import Stretch, clipped, merged
from teams.wall_clocks import ONE_DAY, begins_at, day_of, ends_at

#: A night runs on the date after its own; one more for a change of clocks at midnight.
_LATEST = 2 * ONE_DAY
#: How far ahead the end is looked for of shifts that join without a gap.
_FAR = timedelta(days=400)


class ShiftKind(StrEnum):
    WEEKLY = "weekly"  # every week on this weekday
    SINGLE = "single"  # on one date
    OFF = "off"  # no weekly shift begins on these dates


@dataclass(frozen=True, slots=True)
class ShiftSpec:
    """One line of somebody's plan. `weekday` counts from Monday, 0; dates are those of the zone.

    A weekly shift has a weekday, and perhaps a first and a last date; a single one has a `day`;
    days off have a first and a last date, and both of them are off.
    """

    kind: ShiftKind
    zone: str
    start: time = time(0)
    end: time = time(0)
    weekday: int | None = None
    day: date | None = None
    valid_from: date | None = None
    valid_until: date | None = None


def weekly(weekday: int, start: time, end: time, *, zone: str) -> ShiftSpec:
    return ShiftSpec(ShiftKind.WEEKLY, zone, start, end, weekday=weekday)


def single(day: date, start: time, end: time, *, zone: str) -> ShiftSpec:
    return ShiftSpec(ShiftKind.SINGLE, zone, start, end, day=day)


def off(first: date, last: date, *, zone: str) -> ShiftSpec:
    return ShiftSpec(ShiftKind.OFF, zone, valid_from=first, valid_until=last)


def is_on_shift(shifts: Sequence[ShiftSpec], *, at: datetime) -> bool:
    """Say whether one of the shifts covers the instant."""
    return _covered_until(shifts, at) is not None


def next_start(shifts: Sequence[ShiftSpec], *, after: datetime) -> datetime | None:
    """Return when the next shift begins; None if none ever does.

    A shift that joins on to another begins, too.
    """
    starts = (_next_start(shift, shifts, after) for shift in shifts)
    return min((start for start in starts if start is not None), default=None)


def next_change(shifts: Sequence[ShiftSpec], *, after: datetime) -> datetime | None:
    """Return when the person next comes on shift or goes off; None if neither happens.

    Where one shift ends and the next begins at once, nothing changes. Somebody who is on shift all
    of a year is taken to stay so.
    """
    if not is_on_shift(shifts, at=after):
        return next_start(shifts, after=after)
    end = after
    while end < after + _FAR:
        covered_until = _covered_until(shifts, end)
        if covered_until is None:
            return end
        end = covered_until
    return None


def spans(shifts: Sequence[ShiftSpec], *, since: datetime, until: datetime) -> list[Stretch]:
    """Return when the person is on shift within `[since, until)`, joined and in order."""
    found = [
        _stretch(shift, day)
        for shift in shifts
        for day in _days(day_of(since, zone=shift.zone) - _LATEST, day_of(until, zone=shift.zone))
        if _begins_on(shift, day, shifts)
    ]
    return clipped(merged(found), since=since, until=until)


def _covered_until(shifts: Sequence[ShiftSpec], at: datetime) -> datetime | None:
    """Return when the last of the shifts that cover the instant ends; None if none does."""
    ends: list[datetime] = []
    for shift in shifts:
        today = day_of(at, zone=shift.zone)
        for day in _days(today - _LATEST, today):
            if _begins_on(shift, day, shifts):
                start, end = _stretch(shift, day)
                if start <= at < end:
                    ends.append(end)
    return max(ends, default=None)


def _next_start(shift: ShiftSpec, shifts: Sequence[ShiftSpec], after: datetime) -> datetime | None:
    day = _first_date(shift, shifts, day_of(after, zone=shift.zone) - ONE_DAY)
    while day is not None:
        start, end = _stretch(shift, day)
        if after < start < end:
            return start
        day = _first_date(shift, shifts, day + ONE_DAY)
    return None


def _first_date(shift: ShiftSpec, shifts: Sequence[ShiftSpec], since: date) -> date | None:
    """Return the first date, from `since` on, on which the shift begins."""
    if shift.kind is ShiftKind.SINGLE:
        return shift.day if shift.day is not None and shift.day >= since else None
    if shift.kind is ShiftKind.OFF or shift.weekday is None:
        return None
    day = max(since, shift.valid_from or since)
    while True:
        day += ONE_DAY * ((shift.weekday - day.weekday()) % 7)
        if shift.valid_until is not None and day > shift.valid_until:
            return None
        back_on = _off_until(day, shifts)
        if back_on is None:
            return day
        day = back_on + ONE_DAY


def _begins_on(shift: ShiftSpec, day: date, shifts: Sequence[ShiftSpec]) -> bool:
    if shift.kind is ShiftKind.SINGLE:
        return day == shift.day
    if shift.kind is ShiftKind.OFF or shift.weekday != day.weekday():
        return False
    return _holds_on(shift, day) and _off_until(day, shifts) is None


def _off_until(day: date, shifts: Sequence[ShiftSpec]) -> date | None:
    """Return the last date of the days off that this date is one of; None if it is none."""
    ends = (s.valid_until for s in shifts if s.kind is ShiftKind.OFF and _holds_on(s, day))
    return max((end or date.max for end in ends), default=None)


def _holds_on(shift: ShiftSpec, day: date) -> bool:
    is_begun = shift.valid_from is None or shift.valid_from <= day
    return is_begun and (shift.valid_until is None or day <= shift.valid_until)


def _stretch(shift: ShiftSpec, day: date) -> Stretch:
    """Return the instants of the shift that begins on this date."""
    last_day = day if shift.start < shift.end else day + ONE_DAY
    start = begins_at(day, shift.start, zone=shift.zone)
    return start, ends_at(last_day, shift.end, zone=shift.zone)


def _days(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += ONE_DAY
