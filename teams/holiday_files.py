"""Holidays from an iCalendar file (RFC 5545). Pure: bytes go in, dates and refusals come out.

A file is from a stranger. Only events are looked at, one by one and by a few of their properties:
time zones that it defines, alarms and attachments are passed over unread, and no repetition is
worked out that could go on without an end.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Event

MAX_BYTES = 512 * 1024
MAX_EVENTS = 1000
MAX_DEPTH = 4
MAX_LINE = 2000
#: A holiday of more days than this is no holiday.
MAX_DAYS = 31
LONGEST_NAME = 120
_ONE_DAY = timedelta(days=1)
_FOLD = re.compile(r"\n[ \t]")
_WANTED = re.compile(
    r"(DTSTART|DTEND|DURATION|SUMMARY|RRULE|RDATE|EXDATE|RECURRENCE-ID|STATUS)[;:]", re.IGNORECASE
)
_NTH_DAY = re.compile(r"([+-]?[1-5])(MO|TU|WE|TH|FR|SA|SU)")
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_SIMPLE = frozenset(
    {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYMONTH", "BYMONTHDAY", "BYDAY", "WKST"}
)


class HolidayFileError(ValueError):
    """A file that cannot be used at all.

    `code` is `too_large`, `not_text`, `not_a_calendar`, `broken`, `too_deep` or `too_many`.
    """

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


class _RefusedEventError(ValueError):
    """An event that cannot be a holiday; its text is the code."""


@dataclass(frozen=True, slots=True, order=True)
class Holiday:
    """A date on which a place is closed; every year on this date, if it says so."""

    day: date
    name: str
    is_yearly: bool = False


@dataclass(frozen=True, slots=True)
class RefusedEvent:
    """An event that was left out. `code`: `no_date`, `unreadable`, `unknown_zone`,
    `not_whole_days`, `too_long`, `endless`, `repeats_otherwise`."""

    name: str
    code: str


@dataclass(frozen=True, slots=True)
class HolidayFile:
    """What was found within the dates that were asked for, in order."""

    holidays: tuple[Holiday, ...]
    refused: tuple[RefusedEvent, ...]


def read_holidays(raw: bytes, *, zone: str, first: date, last: date) -> HolidayFile:
    """Return the holidays from `first` to `last`, in the days of a zone.

    Raises `HolidayFileError` for what is no calendar, or too large to be looked at.
    """
    found: dict[tuple[date, bool], Holiday] = {}
    refused: list[RefusedEvent] = []
    for lines in _events(_lines(raw)):
        name = ""
        try:
            event = _read(lines)
            name = _name(event)
            for holiday in _holidays(event, name, zone, first, last):
                found.setdefault((holiday.day, holiday.is_yearly), holiday)
        except _RefusedEventError as error:
            refused.append(RefusedEvent(name, str(error)))
        except (ValueError, TypeError, AttributeError, OverflowError, KeyError):
            refused.append(RefusedEvent(name, "unreadable"))
    return HolidayFile(tuple(sorted(found.values())), tuple(refused))


def _lines(raw: bytes) -> list[str]:
    if len(raw) > MAX_BYTES:
        raise HolidayFileError("too_large")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise HolidayFileError("not_text") from error
    if "\x00" in text:
        raise HolidayFileError("not_text")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = [line for line in _FOLD.sub("", text).split("\n") if line.strip()]
    if not lines or lines[0].strip().upper() != "BEGIN:VCALENDAR":
        raise HolidayFileError("not_a_calendar")
    return lines


def _events(lines: list[str]) -> Iterator[list[str]]:
    """Yield the properties of each event that are of use; whatever is inside of it is left out."""
    event: list[str] = []
    count = 0
    for line, parts, is_end in _with_parts(lines):
        if parts[1:] != ["VEVENT"]:
            continue
        if is_end:
            count += 1
            if count > MAX_EVENTS:
                raise HolidayFileError("too_many")
            yield event
            event = []
        elif _WANTED.match(line):
            event.append(line[:MAX_LINE])


def _with_parts(lines: list[str]) -> Iterator[tuple[str, list[str], bool]]:
    """Yield each line with the parts that it stands in, and whether it ends the innermost."""
    parts: list[str] = []
    for line in lines:
        key, _colon, value = line.partition(":")
        key, value = key.strip().upper(), value.strip().upper()
        if key == "BEGIN":
            parts.append(value)
            if len(parts) > MAX_DEPTH:
                raise HolidayFileError("too_deep")
        elif key == "END" and (not parts or parts[-1] != value):
            raise HolidayFileError("broken")
        else:
            yield line, parts, key == "END"
            if key == "END":
                parts.pop()
    if parts:
        raise HolidayFileError("broken")


def _read(lines: list[str]) -> Any:
    return Event.from_ical("\r\n".join(["BEGIN:VEVENT", *lines, "END:VEVENT"]) + "\r\n")


def _name(event: Any) -> str:
    shown = "".join(c if c.isprintable() else " " for c in str(event.get("SUMMARY", "")))
    return " ".join(shown.split())[:LONGEST_NAME]


def _holidays(event: Any, name: str, zone: str, first: date, last: date) -> Iterator[Holiday]:
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return
    start, days = _dates(event, zone)
    rule = event.get("RRULE")
    if rule is not None and _is_plain(rule, start):
        for n in range(days):
            yield Holiday(start + n * _ONE_DAY, name, is_yearly=True)
        return
    for begins in [start] if rule is None else _years(rule, start, last):
        for n in range(days):
            day = begins + n * _ONE_DAY
            if first <= day <= last:
                yield Holiday(day, name)


def _dates(event: Any, zone: str) -> tuple[date, int]:
    """Return the first day, and how many there are."""
    if any(name in event for name in ("RDATE", "EXDATE", "RECURRENCE-ID")):
        raise _RefusedEventError("repeats_otherwise")
    if "DTSTART" not in event:
        raise _RefusedEventError("no_date")
    start = _day(event["DTSTART"], zone)
    if "DTEND" in event:
        end = _day(event["DTEND"], zone)
    elif "DURATION" in event:
        end = start + _whole_days(event["DURATION"].dt)
    else:
        end = start + _ONE_DAY
    days = max((end - start).days, 1)
    if days > MAX_DAYS:
        raise _RefusedEventError("too_long")
    return start, days


def _day(property_: Any, zone: str) -> date:
    """Return a date; a time must be midnight, on its own wall or, if it is UTC, on ours."""
    if isinstance(property_, list):
        raise _RefusedEventError("unreadable")
    value = property_.dt
    if not isinstance(value, datetime):
        return value  # type: ignore[no-any-return]
    named = property_.params.get("TZID")
    if named is not None and value.tzinfo is None:
        raise _RefusedEventError("unknown_zone")
    if value.tzinfo is not None and named is None:
        value = value.astimezone(ZoneInfo(zone))
    if value.time() != time(0):
        raise _RefusedEventError("not_whole_days")
    return value.date()


def _whole_days(duration: timedelta) -> timedelta:
    if duration % _ONE_DAY:
        raise _RefusedEventError("not_whole_days")
    return duration


def _is_plain(rule: Any, start: date) -> bool:
    """Say whether it comes back every year on its date, for good."""
    _check_frequency(rule)
    if _one(rule, "INTERVAL", 1) != 1 or "COUNT" in rule or "UNTIL" in rule or "BYDAY" in rule:
        return False
    on_date = (_one(rule, "BYMONTH", start.month), _one(rule, "BYMONTHDAY", start.day))
    if on_date != (start.month, start.day):
        raise _RefusedEventError("repeats_otherwise")
    return True


def _check_frequency(rule: Any) -> None:
    if str(_one(rule, "FREQ", "")).upper() != "YEARLY":
        ends = "COUNT" in rule or "UNTIL" in rule
        raise _RefusedEventError("repeats_otherwise" if ends else "endless")
    if not _SIMPLE.issuperset(rule):
        raise _RefusedEventError("repeats_otherwise")


def _years(rule: Any, start: date, last: date) -> Iterator[date]:
    """Yield the first day of each year's holiday, until the rule or the dates asked for end."""
    interval, count = int(_one(rule, "INTERVAL", 1)), int(_one(rule, "COUNT", 1000))
    until = _one(rule, "UNTIL", last)
    until = min(until.date() if isinstance(until, datetime) else until, last)
    if interval < 1:
        raise _RefusedEventError("unreadable")
    for n in range(count):
        year = start.year + n * interval
        if year > until.year:
            return
        day = _in_year(rule, start, year)
        if day is not None and start <= day <= until:
            yield day


def _in_year(rule: Any, start: date, year: int) -> date | None:
    """Return the day of a year: the same date, or the nth weekday of a month."""
    if "BYDAY" not in rule:
        try:
            return start.replace(year=year)
        except ValueError:  # 29 February
            return None
    nth = _NTH_DAY.fullmatch(str(_one(rule, "BYDAY", "")).upper())
    if nth is None or "BYMONTHDAY" in rule:
        raise _RefusedEventError("repeats_otherwise")
    which, weekday = int(nth.group(1)), _DAYS.index(nth.group(2))
    month = int(_one(rule, "BYMONTH", start.month))
    days = [
        date(year, month, 1) + n * _ONE_DAY
        for n in range(31)
        if (date(year, month, 1) + n * _ONE_DAY).month == month
    ]
    fitting = [day for day in days if day.weekday() == weekday]
    place = which - 1 if which > 0 else which
    return fitting[place] if -len(fitting) <= place < len(fitting) else None


def _one(rule: Any, name: str, default: Any) -> Any:
    values = rule.get(name, [default])
    values = values if isinstance(values, list) else [values]
    if len(values) != 1:
        raise _RefusedEventError("repeats_otherwise")
    return values[0]
