"""Intervals of hours that lie over each other. Pure."""

from collections.abc import Sequence

from teams.hours import Interval

_DAYS_A_WEEK = 7
_MINUTES_A_DAY = 24 * 60

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
