"""What a clock on a wall means as an instant. Pure: dates, times of day and IANA zones only.

A stretch of time runs from a time of day, to a time of day. When clocks are put forward, some
times of day do not exist; when they are put back, some come twice. Then a stretch begins at the
first instant that can be meant, and ends at the last.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


def begins_at(day: date, clock: time, *, zone: str) -> datetime:
    """Return the instant at which a stretch begins that is said to begin then, in UTC.

    A time that comes twice means its first occurrence; one that does not exist means the first
    instant that does, when the clocks have been put forward.
    """
    return _instant(day, clock, zone, 0)


def ends_at(day: date, clock: time, *, zone: str) -> datetime:
    """Return the instant at which a stretch ends that is said to end then, in UTC.

    A time that comes twice means its second occurrence; one that does not exist means the first
    instant that does. Where the clocks are put back to just this time, nothing before it is shown
    again, so that it means the first: what ends at midnight ends with its own day.
    """
    return _instant(day, clock, zone, 1)


def day_of(at: datetime, *, zone: str) -> date:
    """Return the date on the wall at an instant."""
    return at.astimezone(ZoneInfo(zone)).date()


@lru_cache(maxsize=4096)
def _instant(day: date, clock: time, zone: str, fold: int) -> datetime:
    tz = ZoneInfo(zone)
    local = datetime.combine(day, clock, tzinfo=tz)
    before, after = (local.replace(fold=f).astimezone(UTC) for f in (0, 1))
    if before <= after:
        return after if fold and not _is_change(after, tz) else before
    return _put_forward_at(after, before, tz)


def _is_change(at: datetime, tz: ZoneInfo) -> bool:
    """Say whether the clocks are changed at the very instant."""
    return (at - _SECOND).astimezone(tz).utcoffset() != at.astimezone(tz).utcoffset()


def _put_forward_at(low: datetime, high: datetime, tz: ZoneInfo) -> datetime:
    """Return the instant between the two at which the clocks are put forward, to the second."""
    was = low.astimezone(tz).utcoffset()
    while high - low > _SECOND:
        middle = low + (high - low) // 2
        middle = middle.replace(microsecond=0)
        if middle <= low:
            break
        if middle.astimezone(tz).utcoffset() == was:
            low = middle
        else:
            high = middle
    return high
