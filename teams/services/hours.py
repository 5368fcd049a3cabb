"""Business hours: calendars that teams go by."""

from collections.abc import Iterable, Sequence
from datetime import time
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from teams.hours import DayException, Hours, Interval
from teams.identifiers import new_public_id
from teams.loaders import load_hours
from teams.models import BusinessHours, HoursException, HoursInterval, Weekday
from teams.overlaps import find_overlap
from teams.services.shifts import FIRST_DATE, LAST_DATE

#: Intervals of one day, and exceptions of one calendar: as many as a form can send.
MOST_A_DAY = 48
MOST_EXCEPTIONS = 80


@transaction.atomic
def create(
    *,
    code: str,
    name: str,
    time_zone: str = "UTC",
    week: Sequence[Sequence[Interval]] = ((),) * 7,
    exceptions: Sequence[DayException] = (),
) -> BusinessHours:
    """Create a calendar. Raises `ValidationError` naming the fields."""
    calendar = BusinessHours(code=code, name=name, time_zone=time_zone)
    calendar.full_clean()
    calendar.save()
    _replace_week(calendar, week)
    _replace_exceptions(calendar, exceptions)
    return calendar


@transaction.atomic
def update(
    calendar: BusinessHours,
    *,
    week: Sequence[Sequence[Interval]] | None = None,
    exceptions: Sequence[DayException] | None = None,
    **changes: Any,
) -> BusinessHours:
    """Change a calendar; its code stays. Timers that run already keep their end."""
    calendar = BusinessHours.objects.select_for_update().get(pk=calendar.pk)
    for name, value in changes.items():
        setattr(calendar, name, value)
    calendar.version = new_public_id()
    calendar.full_clean()
    calendar.save(update_fields=[*changes, "version"])
    if week is not None:
        _replace_week(calendar, week)
    if exceptions is not None:
        _replace_exceptions(calendar, exceptions)
    return calendar


@transaction.atomic
def delete(calendar: BusinessHours) -> None:
    """Delete a calendar that nobody goes by. Raises `ValidationError` naming who does."""
    try:
        calendar.delete()
    except ProtectedError as error:  # teams, and channels, of which nothing is known here
        names = ", ".join(sorted(str(user) for user in error.protected_objects)[:5])
        text = _("These go by it: %(names)s. Give them other hours first.")
        raise ValidationError(text % {"names": names}, code="in_use") from error


def find(calendar_id: int) -> Hours:
    """Return the hours of a calendar, in three queries."""
    return load_hours(BusinessHours.objects.get(pk=calendar_id))


def check_week(week: Sequence[Sequence[Interval]]) -> None:
    """Refuse intervals that are nothing, or that lie over each other. Names the day."""
    problems = problems_of_week(week)
    if problems:
        raise ValidationError(next(iter(problems.values())))


def problems_of_week(week: Sequence[Sequence[Interval]]) -> dict[int, str]:
    """Return what is wrong, by weekday. Of two intervals over each other it names the second."""
    found: dict[int, str] = {}
    for weekday, intervals in enumerate(week):
        try:
            _check_day(intervals, of=str(Weekday(weekday).label))
        except ValidationError as error:
            found[weekday] = error.messages[0]
    overlap = None if found else find_overlap(week)
    if overlap is not None:
        (first_day, first), (second_day, second) = overlap
        text = _("%(first)s and %(second)s lie over each other.")
        found[second_day] = text % {
            "first": f"{Weekday(first_day).label} {written(first)}",
            "second": f"{Weekday(second_day).label} {written(second)}",
        }
    return found


def _check_day(intervals: Sequence[Interval], *, of: str) -> None:
    if len(intervals) > MOST_A_DAY:
        text = _("%(day)s has more than %(most)d intervals.")
        raise ValidationError(text % {"day": of, "most": MOST_A_DAY})
    _refuse_empty(intervals, of=of)


def written(interval: Interval) -> str:
    """Return an interval as it is written: 09:00–17:00, and 24:00 for midnight."""
    return f"{interval.start:%H:%M}–{written_end(interval.end)}"


def written_end(clock: time) -> str:
    """Return the time at which something ends, as it is written: midnight is 24:00."""
    return "24:00" if clock == time(0) else f"{clock:%H:%M}"


def check_exceptions(exceptions: Sequence[DayException]) -> None:
    """Refuse dates that are said twice or lie far away, and intervals as for the week."""
    if len(exceptions) > MOST_EXCEPTIONS:
        raise ValidationError(_("There are more than %(most)d dates.") % {"most": MOST_EXCEPTIONS})
    for exception in exceptions:
        if not FIRST_DATE <= exception.day <= LAST_DATE:
            raise ValidationError(_("Enter dates from the years 2000 to 2199."))
        day = exception.day.isoformat()
        _refuse_empty(exception.intervals, of=day)
        overlap = find_overlap([exception.intervals])
        if overlap is not None:
            (_day, first), (_other, second) = overlap
            text = _("%(first)s and %(second)s lie over each other.")
            names = {"first": f"{day} {written(first)}", "second": f"{day} {written(second)}"}
            raise ValidationError(text % names)


def _refuse_empty(intervals: Iterable[Interval], *, of: str) -> None:
    """Refuse an interval that ends when it begins, unless that is around the clock."""
    for interval in intervals:
        if interval.start == interval.end != time(0):
            text = _("%(day)s: an interval ends when it begins. All day is 00:00 to 24:00.")
            raise ValidationError(text % {"day": of})


def _replace_week(calendar: BusinessHours, week: Sequence[Sequence[Interval]]) -> None:
    try:
        check_week(week)
    except ValidationError as error:
        raise ValidationError({"intervals": error.messages}) from error
    calendar.intervals.all().delete()
    HoursInterval.objects.bulk_create(
        HoursInterval(hours=calendar, weekday=weekday, start=i.start, end=i.end)
        for weekday, intervals in enumerate(week)
        for i in intervals
    )


def _replace_exceptions(calendar: BusinessHours, exceptions: Sequence[DayException]) -> None:
    try:
        check_exceptions(exceptions)
    except ValidationError as error:
        raise ValidationError({"exceptions": error.messages}) from error
    calendar.exceptions.all().delete()
    HoursException.objects.bulk_create(
        HoursException(
            hours=calendar,
            date=exception.day,
            label=exception.label,
            is_yearly=exception.is_yearly,
            is_holiday=exception.is_holiday,
            start=interval.start if interval else None,
            end=interval.end if interval else None,
        )
        for exception in exceptions
        for interval in exception.intervals or (None,)
    )
