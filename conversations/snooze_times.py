"""Instants until which people set things aside: by their own clock. Pure."""

from datetime import UTC, datetime, time, timedelta

#: When a working day begins, for whoever says "tomorrow".
MORNING = time(9)
_DAYS_A_WEEK = 7


def in_an_hour(now: datetime) -> datetime:
    """Return an hour of time later, also where clocks are changed in between."""
    return (now.astimezone(UTC) + timedelta(hours=1)).astimezone(now.tzinfo)


def tomorrow(now: datetime) -> datetime:
    """Return nine o'clock of the next day where `now` is told."""
    return _morning(now, days=1)


def next_monday(now: datetime) -> datetime:
    """Return nine o'clock of the Monday after today where `now` is told."""
    return _morning(now, days=_DAYS_A_WEEK - now.weekday())


def _morning(now: datetime, *, days: int) -> datetime:
    day = now.date() + timedelta(days=days)
    return datetime.combine(day, MORNING, tzinfo=now.tzinfo)
