"""The days ahead, as the pages of shifts and hours show them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from django.utils.formats import time_format
from django.utils.translation import gettext as _

from teams.durations import in_words
from teams.stretches import Stretch
from teams.wall_clocks import ONE_DAY

DAYS_AHEAD = 14


@dataclass(frozen=True, slots=True)
class Day:
    """One date in one zone, `[since, until)`."""

    date: date
    since: datetime
    until: datetime


def days_ahead(*, now: datetime, zone: tzinfo) -> Iterator[Day]:
    """Yield today and the days after it, each from midnight to midnight on the wall."""
    today = now.astimezone(zone).date()
    for number in range(DAYS_AHEAD):
        day = today + number * ONE_DAY
        bounds = (datetime.combine(d, time(0), tzinfo=zone) for d in (day, day + ONE_DAY))
        yield Day(day, *bounds)


def clock_changes(day: Day, *, zones: Iterable[str]) -> list[str]:
    """Return a sentence for each zone whose clocks are changed on this day."""
    found = []
    for name in sorted(set(zones)):
        zone = ZoneInfo(name)
        before, after = (at.astimezone(zone).utcoffset() for at in (day.since, day.until))
        change = (after or timedelta()) - (before or timedelta())
        if change:
            text = (
                _("Clocks in %(zone)s go forward by %(time)s.")
                if change > timedelta()
                else _("Clocks in %(zone)s go back by %(time)s.")
            )
            found.append(text % {"zone": name, "time": in_words(abs(change))})
    return found


def in_day(stretches: Iterable[Stretch], *, day: Day, zone: tzinfo) -> str:
    """Return stretches within a day as times on the wall; the end of the day is 24:00."""
    return ", ".join(
        f"{_clock(start, zone)}–{'24:00' if end == day.until else _clock(end, zone)}"
        for start, end in stretches
    )


def _clock(at: datetime, zone: tzinfo) -> str:
    return time_format(at.astimezone(zone).time(), "H:i")
