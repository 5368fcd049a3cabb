"""The next 14 days of a calendar, drawn: when it is open on each, and what is special about it."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from teams.admin.days import Day, clock_changes, days_ahead, in_day
from teams.hours import DayException, Hours, exception_on, open_spans
from teams.stretches import Stretch
from teams.time_zones import written_offset

MINUTES_A_DAY = 24 * 60
#: What is open for a moment only can still be seen.
_NARROWEST = 6


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of the day, in minutes on the wall since midnight."""

    x: int
    width: int


@dataclass(frozen=True, slots=True)
class DayShown:
    """One line. `now` is where the clock stands, today; `notes` say what is not like every week."""

    date: date
    bars: list[Bar]
    times: list[str]
    notes: list[str]
    now: int | None


@dataclass(frozen=True, slots=True)
class Strip:
    """`hours` are the marks on the scale."""

    zone: str
    offset: str
    days: list[DayShown]
    hours: tuple[int, ...] = (0, 6, 12, 18, 24)


def build_strip(calendar: Hours, *, now: datetime) -> Strip:
    """Return today and the days after it, on the wall of the calendar's zone."""
    zone = ZoneInfo(calendar.zone)
    days = [_shown(calendar, day, now=now) for day in days_ahead(now=now, zone=zone)]
    return Strip(calendar.zone, written_offset(calendar.zone, at=now), days)


def _shown(calendar: Hours, day: Day, *, now: datetime) -> DayShown:
    zone = ZoneInfo(calendar.zone)
    spans = open_spans(calendar, since=day.since, until=day.until)
    exception = exception_on(calendar, day=day.date)
    notes = [*([_said(exception)] if exception else []), *clock_changes(day, zones=[calendar.zone])]
    return DayShown(
        day.date,
        [_bar(span, day, zone) for span in spans],
        [in_day([span], day=day, zone=zone) for span in spans],
        notes,
        _minute(now, zone) if day.since <= now < day.until else None,
    )


def _said(exception: DayException) -> str:
    kind = _("Holiday") if exception.is_holiday else _("Other hours")
    if not exception.label:
        return kind
    return _("%(kind)s: %(name)s") % {"kind": kind, "name": exception.label}


def _bar(span: Stretch, day: Day, zone: ZoneInfo) -> Bar:
    start = _minute(span[0], zone)
    end = MINUTES_A_DAY if span[1] == day.until else _minute(span[1], zone)
    return Bar(start, max(end - start, _NARROWEST))


def _minute(at: datetime, zone: ZoneInfo) -> int:
    local = at.astimezone(zone)
    return local.hour * 60 + local.minute
