"""Rows become the values that the pure modules decide over."""

import uuid
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from django.db.models import Q, QuerySet

from teams.hours import DayException, Hours, Interval
from teams.models import BusinessHours, HoursException, Shift
from teams.shifts import ShiftKind, ShiftSpec
from teams.wall_clocks import ONE_DAY

#: How far the walls of the world are from UTC: somewhere it is another day.
_WEST, _EAST = timedelta(hours=12), timedelta(hours=14)
DAYS_A_WEEK = 7
_SPEC_FIELDS = (
    "kind",
    "time_zone",
    "start",
    "end",
    "weekday",
    "date",
    "valid_from",
    "valid_until",
)


def load_hours(calendar: BusinessHours) -> Hours:
    """Return a calendar as the value that answers; two queries unless its rows are prefetched."""
    week: list[list[Interval]] = [[] for _ in range(DAYS_A_WEEK)]
    for row in calendar.intervals.all():
        week[row.weekday].append(Interval(row.start, row.end))
    return Hours(
        zone=calendar.time_zone,
        week=tuple(tuple(intervals) for intervals in week),
        exceptions=day_exceptions(calendar.exceptions.all()),
    )


@lru_cache(maxsize=256)
def load_hours_version(calendar_id: int, version: uuid.UUID) -> Hours:
    """Return the hours of a calendar. A version never changes, so it is kept."""
    return load_hours(BusinessHours.objects.get(pk=calendar_id))


def day_exceptions(rows: Iterable[HoursException]) -> tuple[DayException, ...]:
    """Return one exception a date: its rows are that date's intervals."""
    found: dict[tuple[date, bool], DayException] = {}
    for row in rows:
        key = (row.date, row.is_yearly)
        earlier = found.get(key, DayException(row.date, is_yearly=row.is_yearly))
        intervals = earlier.intervals
        if row.start is not None and row.end is not None:
            intervals = (*intervals, Interval(row.start, row.end))
        found[key] = DayException(
            row.date,
            intervals,
            earlier.label or row.label,
            is_yearly=row.is_yearly,
            is_holiday=row.is_holiday,
        )
    return tuple(found.values())


def load_shifts(rows: QuerySet[Shift]) -> dict[int, list[ShiftSpec]]:
    """Return each person's plan, by their key, in one query."""
    plans: dict[int, list[ShiftSpec]] = {}
    for user_id, *columns in rows.order_by("pk").values_list("membership__user_id", *_SPEC_FIELDS):
        plans.setdefault(user_id, []).append(_spec(*columns))
    return plans


def that_may_matter(at: datetime) -> Q:
    """Return which rows of plans are to be read to know who is on shift at an instant.

    What is today somewhere, and the day before that: its nights may still go on.
    """
    first, last = (at - _WEST).date() - ONE_DAY, (at + _EAST).date()
    days = [first + n * ONE_DAY for n in range((last - first).days + 1)]
    is_valid = Q(valid_from__isnull=True) | Q(valid_from__lte=last)
    is_valid &= Q(valid_until__isnull=True) | Q(valid_until__gte=first)
    return (
        Q(kind=ShiftKind.WEEKLY, weekday__in={day.weekday() for day in days}) & is_valid
        | Q(kind=ShiftKind.SINGLE, date__range=(first, last))
        | Q(kind=ShiftKind.OFF) & is_valid
    )


def shift_specs(rows: Iterable[Shift]) -> list[ShiftSpec]:
    """Return the plan that these rows are."""
    return [_spec(*(getattr(row, name) for name in _SPEC_FIELDS)) for row in rows]


@lru_cache(maxsize=4096)
def _spec(
    kind: str, time_zone: str, start: time | None, end: time | None, *when: object
) -> ShiftSpec:
    return ShiftSpec(ShiftKind(kind), time_zone, start or time(0), end or time(0), *when)  # type: ignore[arg-type]
