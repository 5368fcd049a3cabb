"""The week of a calendar as a form: a row for each day, and in it as many intervals as it has."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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

#: What was typed: for each day the two texts of each interval.
Typed = list[list[tuple[str, str]]]


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
    is_closed: bool
    problem: str
    may_be_copied: bool


def read_week(typed: Typed) -> tuple[list[list[Interval]], dict[int, str]]:
    """Return the intervals that are meant, and what is wrong with which day."""
    week: list[list[Interval]] = []
    problems: dict[int, str] = {}
    for weekday, slots in enumerate(typed):
        try:
            week.append([_read_slot(*slot) for slot in slots if any(slot)])
        except ValidationError as error:
            week.append([])
            problems[weekday] = error.messages[0]
    return week, problems or hours.problems_of_week(week)


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
        typed = [
            [
                (start.strip(), end.strip())
                for start, end in zip(
                    data.getlist(f"{name}-{day}-start"),
                    data.getlist(f"{name}-{day}-end"),
                    strict=False,
                )
            ]
            for day in Weekday.values
        ]
        if f"{name}-copy" in data:
            for day in _LIKE_IT:
                typed[day] = list(typed[_SOURCE])
        return typed

    def value_omitted_from_datadict(self, data: Any, files: Any, name: str) -> bool:
        return f"{name}-{_SOURCE}-start" not in data

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        typed: Typed = value or [[] for _day in Weekday.values]
        _week, problems = read_week(typed)
        rows = [_row(day, slots, problems.get(day, "")) for day, slots in enumerate(typed)]
        shown = {"name": name, "rows": rows, "half_hours": _HALF_HOURS}
        return render_to_string("relaydesk/_week.html", shown)


class WeekField(forms.Field):
    """The intervals of Monday to Sunday, as seven lists."""

    widget = WeekInput

    def prepare_value(self, value: Any) -> Any:
        """Return a stored week as it is typed; what was typed stays as it is."""
        if not value or not any(isinstance(i, Interval) for day in value for i in day):
            return value
        return [[(f"{i.start:%H:%M}", hours.written_end(i.end)) for i in day] for day in value]

    def clean(self, value: Any) -> list[list[Interval]]:
        if value is None:
            raise ValidationError(self.error_messages["required"], code="required")
        week, problems = read_week(value)
        if problems:
            raise ValidationError(_named(problems), code="week")
        return week

    def has_changed(self, initial: Any, data: Any) -> bool:
        if data is None:
            return False
        week, problems = read_week(data)
        stored = [list(day) for day in initial or [()] * len(Weekday)]
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


def _row(day: int, typed: list[tuple[str, str]], problem: str) -> Row:
    slots = [Slot(start, end, _note(start, end)) for start, end in typed if start or end]
    return Row(
        number=day,
        name=str(Weekday(day).label),
        slots=[*slots, Slot("", "", is_spare=True)],
        is_closed=not slots,
        problem=problem,
        may_be_copied=day == _SOURCE,
    )


def _note(start: str, end: str) -> str:
    try:
        return note_of(_read_slot(start, end))
    except ValidationError:
        return ""
