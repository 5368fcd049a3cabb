"""Holidays of a calendar from a file: first the plan, then the change."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from teams.holiday_files import Holiday, HolidayFileError, RefusedEvent, read_holidays
from teams.hours import DayException
from teams.loaders import day_exceptions
from teams.models import BusinessHours
from teams.services import hours
from teams.services.hours import MOST_EXCEPTIONS
from teams.texts import Text
from teams.wall_clocks import day_of

PROBLEMS: dict[str, Text] = {
    "too_large": gettext_lazy("The file has more than 512 KB."),
    "not_text": gettext_lazy("The file is not text in UTF-8. Export it as an iCalendar file."),
    "not_a_calendar": gettext_lazy("The file is no calendar: it does not begin as one."),
    "broken": gettext_lazy("The file is broken: a part of it has no beginning or no end."),
    "too_deep": gettext_lazy("The file is no calendar: its parts lie too deep in each other."),
    "too_many": gettext_lazy("The file has more than 1000 events."),
}
REFUSALS: dict[str, Text] = {
    "no_date": gettext_lazy("it has no date"),
    "unreadable": gettext_lazy("it cannot be read"),
    "unknown_zone": gettext_lazy("its time zone is not known"),
    "not_whole_days": gettext_lazy("it is not about whole days"),
    "too_long": gettext_lazy("it is longer than 31 days"),
    "endless": gettext_lazy("it repeats without end, and more often than every year"),
    "repeats_otherwise": gettext_lazy("it repeats in a way that cannot be taken over"),
}


@dataclass(frozen=True, slots=True)
class HolidayPlan:
    """What a file would do: dates to add, dates that are known, dates with hours of their own."""

    added: tuple[Holiday, ...]
    known: tuple[Holiday, ...] = ()
    kept: tuple[Holiday, ...] = ()
    refused: tuple[RefusedEvent, ...] = ()


def plan(calendar: BusinessHours, *, raw: bytes, now: datetime) -> HolidayPlan:
    """Return what a file would add: from today to the end of next year.

    Raises `ValidationError` for a file that cannot be used, and for more dates than there is room.
    """
    first = day_of(now, zone=calendar.time_zone)
    last = date(first.year + 1, 12, 31)
    try:
        found = read_holidays(raw, zone=calendar.time_zone, first=first, last=last)
    except HolidayFileError as error:
        raise ValidationError(str(PROBLEMS[error.code]), code=error.code) from error
    return _compare(calendar, found.holidays, refused=found.refused)


@transaction.atomic
def apply(calendar: BusinessHours, *, holidays: Iterable[Holiday]) -> HolidayPlan:
    """Close the calendar on these dates. What is there already stays as it is."""
    calendar = BusinessHours.objects.select_for_update().get(pk=calendar.pk)
    result = _compare(calendar, tuple(holidays))
    if result.added:
        before = day_exceptions(calendar.exceptions.all())
        new = (
            DayException(h.day, label=h.name, is_yearly=h.is_yearly, is_holiday=True)
            for h in result.added
        )
        hours.update(calendar, exceptions=[*before, *new])
    return result


def _compare(
    calendar: BusinessHours,
    holidays: tuple[Holiday, ...],
    *,
    refused: tuple[RefusedEvent, ...] = (),
) -> HolidayPlan:
    there = {(e.day, e.is_yearly): e for e in day_exceptions(calendar.exceptions.all())}
    yearly = {(e.day.month, e.day.day) for e in there.values() if e.is_yearly and not e.intervals}
    added, known, kept = [], [], []
    for holiday in holidays:
        found = there.get((holiday.day, holiday.is_yearly))
        if found is None and (holiday.day.month, holiday.day.day) not in yearly:
            added.append(holiday)
        elif found is not None and found.intervals:
            kept.append(holiday)
        else:
            known.append(holiday)
    if len(there) + len(added) > MOST_EXCEPTIONS:
        text = _("There would be more than %(most)d dates. Remove some, or import fewer.")
        raise ValidationError(text % {"most": MOST_EXCEPTIONS}, code="too_many_dates")
    return HolidayPlan(tuple(added), tuple(known), tuple(kept), refused)
