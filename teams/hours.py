"""When a place is open. Pure: a week, the dates on which it is another one, and an instant.

An interval is `[start, end)` in the time of the calendar's zone. An end that is not after the start
is on the next day: 22:00 to 02:00 is a night, and an end at 00:00 is the 24:00 of the same day.
Where clocks are put forward or back, see `wall_clocks`.

An exception says what begins on its date in place of that weekday's intervals: other ones, or none.
A night that began on the evening before goes on to its end. An exception of one year is stronger
than one that comes back every year.
"""

from collections.abc import Iterator
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
    is_holiday: bool = False


@dataclass(frozen=True, slots=True)
class Hours:
    """A calendar. `week` has the intervals of Monday to Sunday."""

    zone: str
    week: tuple[tuple[Interval, ...], ...]
    exceptions: tuple[DayException, ...] = ()


class Why(StrEnum):
    """What decides that a place is open or closed. The codes are part of the API."""

    INTERVAL = "interval"  # open: the weekday's interval
    OUTSIDE_INTERVALS = "outside_intervals"  # closed: the weekday has intervals, but none now
    CLOSED_ALL_DAY = "closed_all_day"  # closed: the weekday has none
    HOLIDAY = "holiday"  # the date is a holiday
    EXCEPTION = "exception"  # the date has other hours, or none


@dataclass(frozen=True, slots=True)
class Explanation:
    """Whether it is open, because of which date, and since and until when.

    `interval` is the one that keeps it open. `label` is the name of the holiday or the exception.
    `since` and `until` are None where it is the same for more than a year.
    """

    is_open: bool
    why: Why
    day: date
    label: str
    interval: Interval | None
    since: datetime | None
    until: datetime | None


def is_open(hours: Hours, *, at: datetime) -> bool:
    """Say whether the place is open at an instant."""
    return _find_interval(hours, at) is not None


def explain(hours: Hours, *, at: datetime) -> Explanation:
    """Say whether the place is open at an instant, why, and since and until when that is so."""
    found = _find_interval(hours, at)
    day, interval = found or (day_of(at, zone=hours.zone), None)
    exception = exception_on(hours, day=day)
    return Explanation(
        is_open=interval is not None,
        why=_why(hours, day, interval),
        day=day,
        label=exception.label if exception else "",
        interval=interval,
        since=last_change(hours, until=at),
        until=next_change(hours, after=at),
    )


def next_opening(hours: Hours, *, after: datetime) -> datetime | None:
    """Return when the place opens next; where it is open, when it does after it has closed."""
    change = next_change(hours, after=after)
    if change is None or not is_open(hours, at=after):
        return change
    return next_change(hours, after=change)


def next_closing(hours: Hours, *, after: datetime) -> datetime | None:
    """Return when the place closes next; where it is closed, when it does after it has opened."""
    change = next_change(hours, after=after)
    if change is None or is_open(hours, at=after):
        return change
    return next_change(hours, after=change)


def last_change(hours: Hours, *, until: datetime) -> datetime | None:
    """Return when the place last opened or closed; None if it did neither within a year.

    What happens at the very instant counts.
    """
    since = until - _FAR
    if not is_open(hours, at=until):
        return next((end for _, end in _pieces_back(hours, since, until)), None)
    opened = until
    for start, end in _pieces_back(hours, since, until):
        if end < opened:
            break
        opened = start
    return opened if opened > since else None


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


def _pieces(hours: Hours, since: datetime, until: datetime) -> Iterator[Stretch]:
    """Yield when the place is open within `[since, until)`, in order; some may touch.

    It looks at a few days at a time, because most callers need no more than the first of them.
    """
    while since < until:
        part = min(since + _STRIDE, until)
        yield from _open_within(hours, since, part)
        since = part


def _pieces_back(hours: Hours, since: datetime, until: datetime) -> Iterator[Stretch]:
    """Yield the same from the latest to the earliest."""
    while since < until:
        part = max(until - _STRIDE, since)
        yield from reversed(_open_within(hours, part, until))
        until = part


def _open_within(hours: Hours, since: datetime, until: datetime) -> list[Stretch]:
    day = day_of(since, zone=hours.zone) - _LATEST
    last = day_of(until, zone=hours.zone)
    found: list[Stretch] = []
    while day <= last:
        found += _stretches(hours, day)
        day += ONE_DAY
    return clipped(merged(found), since=since, until=until)


def _find_interval(hours: Hours, at: datetime) -> tuple[date, Interval] | None:
    """Return what keeps the place open at an instant: an interval of the latest date that can."""
    today = day_of(at, zone=hours.zone)
    for day in (today, today - ONE_DAY, today - _LATEST):
        for interval in _intervals(hours, day):
            start, end = _stretch(interval, day, hours.zone)
            if start <= at < end:
                return day, interval
    return None


def _why(hours: Hours, day: date, interval: Interval | None) -> Why:
    exception = exception_on(hours, day=day)
    if exception is not None:
        return Why.HOLIDAY if exception.is_holiday else Why.EXCEPTION
    if interval is not None:
        return Why.INTERVAL
    return Why.OUTSIDE_INTERVALS if hours.week[day.weekday()] else Why.CLOSED_ALL_DAY


def _stretches(hours: Hours, day: date) -> list[Stretch]:
    return [_stretch(interval, day, hours.zone) for interval in _intervals(hours, day)]


def _intervals(hours: Hours, day: date) -> tuple[Interval, ...]:
    exception = exception_on(hours, day=day)
    return exception.intervals if exception else hours.week[day.weekday()]


def _stretch(interval: Interval, day: date, zone: str) -> Stretch:
    last_day = day if interval.start < interval.end else day + ONE_DAY
    return begins_at(day, interval.start, zone=zone), ends_at(last_day, interval.end, zone=zone)


def exception_on(hours: Hours, *, day: date) -> DayException | None:
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
