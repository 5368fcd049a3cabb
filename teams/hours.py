"""When a place is open. Pure: a week, the dates on which it is another one, and an instant.

An interval is `[start, end)` in the time of the calendar's zone. An end that is not after the start
is on the next day: 22:00 to 02:00 is a night, and an end at 00:00 is the 24:00 of the same day.
Where clocks are put forward or back, see `wall_clocks`.

An exception says what begins on its date in place of that weekday's intervals: other ones, or none.
A night that began on the evening before goes on to its end. An exception of one year is stronger
than one that comes back every year.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from teams.stretches import Stretch, clipped, merged
from teams.wall_clocks import ONE_DAY, begins_at, day_of, ends_at

#: An interval may still be open on the date after its own, and one more where clocks change.
_LATEST = 2 * ONE_DAY
#: A place that does not open for so long is taken never to open, and one that does not close never
#: to close: a year, so that whatever comes back every year has come.
_FAR = timedelta(days=370)
#: How many days are looked at together.
_STRIDE = 14 * ONE_DAY
_DAYS_A_WEEK = 7
_MINUTES_A_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Interval:
    """From a time of day, to a time of day."""

    start: time
    end: time


@dataclass(frozen=True, slots=True)
class DayException:
    """Another day than its weekday. Without intervals it is closed."""

    day: date
    intervals: tuple[Interval, ...] = ()
    label: str = ""
    is_yearly: bool = False


@dataclass(frozen=True, slots=True)
class Hours:
    """A calendar. `week` has the intervals of Monday to Sunday."""

    zone: str
    week: tuple[tuple[Interval, ...], ...]
    exceptions: tuple[DayException, ...] = ()


class Why(StrEnum):
    """What decides that a place is open or closed."""

    WEEK = "week"  # the weekday's intervals
    EXCEPTION = "exception"  # the exception of the date


@dataclass(frozen=True, slots=True)
class Explanation:
    """Whether it is open, because of which date's intervals, and until when (None: for good)."""

    is_open: bool
    why: Why
    day: date
    label: str
    until: datetime | None


def is_open(hours: Hours, *, at: datetime) -> bool:
    """Say whether the place is open at an instant."""
    return _open_day(hours, at) is not None


def explain(hours: Hours, *, at: datetime) -> Explanation:
    """Say whether the place is open at an instant, why, and until when that is so."""
    opened_on = _open_day(hours, at)
    day = opened_on or day_of(at, zone=hours.zone)
    exception = _exception(hours, day)
    return Explanation(
        is_open=opened_on is not None,
        why=Why.EXCEPTION if exception else Why.WEEK,
        day=day,
        label=exception.label if exception else "",
        until=next_change(hours, after=at),
    )


def next_change(hours: Hours, *, after: datetime) -> datetime | None:
    """Return when the place next opens or closes; None if it does neither within a year."""
    until = after + _FAR
    if not is_open(hours, at=after):
        return next((start for start, _ in _pieces(hours, after, until)), None)
    closes = after
    for start, end in _pieces(hours, after, until):
        if start > closes:
            break
        closes = end
    return closes if closes < until else None


def open_spans(hours: Hours, *, since: datetime, until: datetime) -> list[Stretch]:
    """Return when the place is open within `[since, until)`, joined and in order."""
    return merged(_pieces(hours, since, until))


def open_seconds_between(hours: Hours, *, since: datetime, until: datetime) -> float:
    """Return for how many seconds the place is open within `[since, until)`."""
    lengths = (end - start for start, end in _pieces(hours, since, until))
    return sum(lengths, timedelta()).total_seconds()


def add_open_seconds(hours: Hours, *, start: datetime, seconds: float) -> datetime | None:
    """Return the first instant by which the place has been open for so long since `start`.

    None if before that it is closed for a year on end.
    """
    left = timedelta(seconds=seconds)
    if not left:
        return start
    while True:
        last = None
        for opens, closes in _pieces(hours, start, start + _FAR):
            if closes - opens >= left:
                return opens + left
            left -= closes - opens
            last = closes
        if last is None:
            return None
        start = last


Placed = tuple[int, Interval]


def find_overlap(days: Sequence[Sequence[Interval]]) -> tuple[Placed, Placed] | None:
    """Return the first two intervals that lie over each other, each with its day; None if none do.

    `days` follow each other; where they are a whole week, its first one follows the last.
    """
    placed = sorted(
        (
            (_minutes(day, interval), (day, interval))
            for day, of in enumerate(days)
            for interval in of
        ),
        key=lambda found: found[0],
    )
    if placed and len(days) == _DAYS_A_WEEK:
        (start, end), first = placed[0]
        week = _DAYS_A_WEEK * _MINUTES_A_DAY
        placed.append(((start + week, end + week), first))
    latest: tuple[int, Placed] | None = None
    for (start, end), this in placed:
        if latest is not None and start < latest[0]:
            return latest[1], this
        if latest is None or end > latest[0]:
            latest = (end, this)
    return None


def _minutes(day: int, interval: Interval) -> tuple[int, int]:
    start, end = (clock.hour * 60 + clock.minute for clock in (interval.start, interval.end))
    if end <= start:
        end += _MINUTES_A_DAY
    return day * _MINUTES_A_DAY + start, day * _MINUTES_A_DAY + end


def _pieces(hours: Hours, since: datetime, until: datetime) -> Iterator[Stretch]:
    """Yield when the place is open within `[since, until)`, in order; some may touch.

    It looks at a few days at a time, because most callers need no more than the first of them.
    """
    while since < until:
        part = min(since + _STRIDE, until)
        yield from _open_within(hours, since, part)
        since = part


def _open_within(hours: Hours, since: datetime, until: datetime) -> list[Stretch]:
    day = day_of(since, zone=hours.zone) - _LATEST
    last = day_of(until, zone=hours.zone)
    found: list[Stretch] = []
    while day <= last:
        found += _stretches(hours, day)
        day += ONE_DAY
    return clipped(merged(found), since=since, until=until)


def _open_day(hours: Hours, at: datetime) -> date | None:
    """Return the date whose intervals keep the place open at an instant: the latest of them."""
    today = day_of(at, zone=hours.zone)
    for day in (today, today - ONE_DAY, today - _LATEST):
        if any(start <= at < end for start, end in _stretches(hours, day)):
            return day
    return None


def _stretches(hours: Hours, day: date) -> list[Stretch]:
    exception = _exception(hours, day)
    intervals = exception.intervals if exception else hours.week[day.weekday()]
    return [_stretch(interval, day, hours.zone) for interval in intervals]


def _stretch(interval: Interval, day: date, zone: str) -> Stretch:
    last_day = day if interval.start < interval.end else day + ONE_DAY
    return begins_at(day, interval.start, zone=zone), ends_at(last_day, interval.end, zone=zone)


def _exception(hours: Hours, day: date) -> DayException | None:
    """Return what is said of this date; of this year's date before that of every year."""
    of_every_year = None
    for exception in hours.exceptions:
        if exception.day == day:
            return exception
        if exception.is_yearly and (exception.day.month, exception.day.day) == (
            day.month,
            day.day,
        ):
            of_every_year = of_every_year or exception
    return of_every_year
