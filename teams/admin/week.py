"""The week of a calendar as a form: a row for each day, and in it as many intervals as it has."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from teams.admin.clocks import read_clock
from teams.hours import Interval
from teams.models import Weekday
from teams.services import hours

_SOURCE = Weekday.MONDAY
_LIKE_IT = (Weekday.TUESDAY, Weekday.WEDNESDAY, Weekday.THURSDAY, Weekday.FRIDAY)
_HALF_HOURS = [f"{minutes // 60:02}:{minutes % 60:02}" for minutes in range(0, 24 * 60 + 1, 30)]

#: As many intervals as a closed day keeps, and as many characters of each time.
_MOST_KEPT, _LONGEST_TIME = 12, 8

#: The two texts of an interval.
Times = tuple[str, str]


@dataclass(frozen=True, slots=True)
class TypedDay:
    """What stands in the row of a day. `kept`: the times of a day that is switched off."""

    times: tuple[Times, ...] = ()
    is_open: bool = False
    kept: tuple[Times, ...] = ()


Typed = list[TypedDay]


@dataclass(frozen=True, slots=True)
class Week:
    """The intervals of Monday to Sunday, and the times that days keep while they are closed."""

    intervals: Sequence[Sequence[Interval]] = ((),) * len(Weekday)
    #: Weekday, as text -> times as they were typed.
    kept: Mapping[str, Sequence[Sequence[str]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Slot:
    """One interval as it is typed, and what there is to say about it."""

    start: str
    end: str
    note: str = ""
    is_spare: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One day of the form."""

    number: int
    name: str
    slots: list[Slot]
    is_open: bool
    #: As the form carries them along, and as a person reads them.
    kept: str
    kept_in_words: str
    problem: str
    may_be_copied: bool


def read_week(typed: Typed) -> tuple[list[list[Interval]], dict[int, str]]:
    """Return the intervals that are meant, and what is wrong with which day."""
    week: list[list[Interval]] = []
    problems: dict[int, str] = {}
    for weekday, day in enumerate(typed):
        try:
            week.append(_read_day(day))
        except ValidationError as error:
            week.append([])
            problems[weekday] = error.messages[0]
    return week, problems or hours.problems_of_week(week)


def _read_day(day: TypedDay) -> list[Interval]:
    if day.is_open and not day.times:
        raise ValidationError(_("Give the times of this day, or switch it off."))
    return [_read_slot(*times) for times in day.times] if day.is_open else []


def note_of(interval: Interval) -> str:
    """Say what the two times alone do not show: that it ends on the next day, or never closes."""
    if interval.start == interval.end == time(0):
        return _("all day")
    if interval.end > interval.start or interval.end == time(0):
        return ""
    return _("until %(time)s the next day") % {"time": f"{interval.end:%H:%M}"}


def week_in_words(week: Sequence[Sequence[Interval]]) -> SafeString:
    """Return a week for somebody who only reads it."""
    rows = [
        (Weekday(day).label, [(hours.written(i), note_of(i)) for i in intervals])
        for day, intervals in enumerate(week)
    ]
    return render_to_string("relaydesk/_week_in_words.html", {"rows": rows})


class WeekInput(forms.Widget):
    """Seven rows. Each has an empty interval more: so one is added without scripts."""

    def id_for_label(self, id_: str) -> str:
        return ""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Typed | None:
        """Return what was typed; None if no row of the week came along at all."""
        if f"{name}-{_SOURCE}-start" not in data:
            return None
        typed = [_read_row(data, name=f"{name}-{day}") for day in Weekday.values]
        if f"{name}-copy" in data:
            for day in _LIKE_IT:
                typed[day] = typed[_SOURCE]
        return typed

    def value_omitted_from_datadict(self, data: Any, files: Any, name: str) -> bool:
        return f"{name}-{_SOURCE}-start" not in data

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        typed: Typed = value or [TypedDay() for _day in Weekday.values]
        _week, problems = read_week(typed)
        rows = [_row(number, day, problems.get(number, "")) for number, day in enumerate(typed)]
        shown = {"name": name, "rows": rows, "half_hours": _HALF_HOURS}
        return render_to_string("relaydesk/_week.html", shown)


class WeekField(forms.Field):
    """A `Week`."""

    widget = WeekInput

    def prepare_value(self, value: Any) -> Any:
        """Return a stored week as it is typed; what was typed stays as it is."""
        if not isinstance(value, Week):
            return value
        return [
            TypedDay(
                tuple((f"{i.start:%H:%M}", hours.written_end(i.end)) for i in intervals),
                is_open=bool(intervals),
                kept=tuple((start, end) for start, end in value.kept.get(str(day), ())),
            )
            for day, intervals in enumerate(value.intervals)
        ]

    def clean(self, value: Any) -> Week:
        if value is None:
            raise ValidationError(self.error_messages["required"], code="required")
        intervals, problems = read_week(value)
        if problems:
            raise ValidationError(_named(problems), code="week")
        kept = {
            str(day): typed.kept
            for day, typed in enumerate(value)
            if typed.kept and not typed.is_open
        }
        return Week(intervals, kept)

    def has_changed(self, initial: Any, data: Any) -> bool:
        if data is None:
            return False
        week, problems = read_week(data)
        stored = [list(day) for day in (initial or Week()).intervals]
        return bool(problems) or week != stored


def _named(problems: Iterable[int]) -> str:
    names = ", ".join(str(Weekday(day).label) for day in problems)
    return _("Look at these days again: %(days)s.") % {"days": names}


def _read_slot(start: str, end: str) -> Interval:
    if not start or not end:
        raise ValidationError(_("Give both times."))
    if start.startswith("24"):
        raise ValidationError(_("An interval that begins at midnight begins at 00:00."))
    return Interval(read_clock(start), read_clock(end))


def _read_row(data: Any, *, name: str) -> TypedDay:
    """Return what the row of a day says.

    A day that is switched off keeps what stood in its row. Times in the row of a day that was off
    open it also without its switch: somebody who has no scripts may have seen the times alone.
    """
    starts, ends = data.getlist(f"{name}-start"), data.getlist(f"{name}-end")
    pairs = zip((each.strip() for each in starts), (each.strip() for each in ends), strict=False)
    times = tuple(pair for pair in pairs if any(pair))
    kept = _read_kept(data.get(f"{name}-kept", ""))
    was_open = data.get(f"{name}-was", "off") == "on"
    if f"{name}-open" in data:
        return TypedDay(times or kept, is_open=True)
    if times and not was_open:
        return TypedDay(times, is_open=True)
    return TypedDay(kept=_read_kept(_write_kept(times or kept)))


def _read_kept(text: str) -> tuple[Times, ...]:
    """Return the times that a form carried along: `09:00-12:00 13:00-18:00`."""
    pairs = (part.partition("-") for part in text.split()[:_MOST_KEPT])
    return tuple((start[:_LONGEST_TIME], end[:_LONGEST_TIME]) for start, _dash, end in pairs)


def _write_kept(times: Iterable[Times]) -> str:
    return " ".join("".join(f"{start}-{end}".split()) for start, end in times)


def _row(number: int, day: TypedDay, problem: str) -> Row:
    slots = [Slot(start, end, _note(start, end)) for start, end in day.times]
    return Row(
        number=number,
        name=str(Weekday(number).label),
        slots=[*slots, Slot("", "", is_spare=True)],
        is_open=day.is_open,
        kept=_write_kept(day.kept),
        kept_in_words=", ".join(f"{start}–{end}" for start, end in day.kept),
        problem=problem,
        may_be_copied=number == _SOURCE,
    )


def _note(start: str, end: str) -> str:
    try:
        return note_of(_read_slot(start, end))
    except ValidationError:
        return ""
