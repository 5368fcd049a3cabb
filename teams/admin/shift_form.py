"""The plan of one member, as rows that people fill in."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, time
from typing import Any

from django import forms
from django.forms import BaseFormSet, formset_factory
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from teams.models import Weekday
from teams.services.shifts import FIRST_DATE, LAST_DATE, MOST_SHIFTS
from teams.shifts import ShiftKind, ShiftSpec
from teams.time_zones import validate_time_zone

KINDS = [
    (ShiftKind.WEEKLY.value, gettext_lazy("Every week")),
    (ShiftKind.SINGLE.value, gettext_lazy("On one date")),
    (ShiftKind.OFF.value, gettext_lazy("Off")),
]
_DATE = {"type": "date", "min": FIRST_DATE.isoformat(), "max": LAST_DATE.isoformat()}

#: A form sends at most a thousand fields.
MOST_IN_FORM = 90
#: So many days in a row are told by the first and the last.
A_RUN = 3
#: Field -> the kinds of shift that it is for.
_ONLY_FOR = {
    "weekday": "weekly",
    "day": "single",
    "start": "weekly single",
    "end": "weekly single",
    "valid_from": "weekly off",
    "valid_until": "weekly off",
}


def _date_field(label: Any) -> forms.DateField:
    widget = forms.DateInput(attrs=_DATE, format="%Y-%m-%d")
    return forms.DateField(label=label, required=False, widget=widget)


def _time_field(label: Any) -> forms.TimeField:
    widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    return forms.TimeField(label=label, required=False, widget=widget)


class ShiftForm(forms.Form):
    """One line. A row in which no time and no date stands is none."""

    kind = forms.ChoiceField(label=gettext_lazy("What"), choices=KINDS)
    weekday = forms.TypedChoiceField(
        label=gettext_lazy("Weekday"),
        choices=[("", "–"), *Weekday.choices],
        coerce=int,
        empty_value=None,
        required=False,
    )
    day = _date_field(gettext_lazy("Date"))
    start = _time_field(gettext_lazy("From"))
    end = _time_field(gettext_lazy("To"))
    valid_from = _date_field(gettext_lazy("First date"))
    valid_until = _date_field(gettext_lazy("Last date"))
    zone = forms.CharField(
        label=gettext_lazy("Time zone"),
        max_length=64,
        required=False,
        validators=[validate_time_zone],
        widget=forms.TextInput(attrs={"list": "time-zones", "size": 14}),
    )

    def __init__(self, *args: Any, home_zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.home_zone = home_zone
        self.fields["zone"].widget.attrs["placeholder"] = home_zone
        for name, kinds in _ONLY_FOR.items():
            attributes = {"data-decides": self.add_prefix("kind"), "data-only-for": kinds}
            self.fields[name].widget.attrs.update(attributes)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if self.errors or not self.says_something():
            return cleaned
        for name in self._needed():
            if cleaned.get(name) is None:
                self.add_error(name, _("This is needed."))
        first, last = cleaned.get("valid_from"), cleaned.get("valid_until")
        if first and last and last < first:
            self.add_error("valid_until", _("The last date is before the first."))
        for name in ("day", "valid_from", "valid_until"):
            if cleaned.get(name) and not FIRST_DATE <= cleaned[name] <= LAST_DATE:
                self.add_error(name, _("Enter dates from the years 2000 to 2199."))
        return cleaned

    def says_something(self) -> bool:
        given = self.cleaned_data
        return any(
            given.get(name) is not None
            for name in ("day", "start", "end", "valid_from", "valid_until")
        )

    def spec(self) -> ShiftSpec:
        """Return the line as a value, with what belongs to its kind."""
        given = self.cleaned_data
        kind = ShiftKind(given["kind"])
        zone = given["zone"] or self.home_zone
        if kind is ShiftKind.OFF:
            return ShiftSpec(
                kind, zone, valid_from=given["valid_from"], valid_until=given["valid_until"]
            )
        if kind is ShiftKind.SINGLE:
            return ShiftSpec(kind, zone, given["start"], given["end"], day=given["day"])
        return ShiftSpec(
            kind,
            zone,
            given["start"],
            given["end"],
            weekday=given["weekday"],
            valid_from=given["valid_from"],
            valid_until=given["valid_until"],
        )

    def _needed(self) -> tuple[str, ...]:
        return {
            ShiftKind.WEEKLY.value: ("weekday", "start", "end"),
            ShiftKind.SINGLE.value: ("day", "start", "end"),
            ShiftKind.OFF.value: ("valid_from", "valid_until"),
        }[self.cleaned_data["kind"]]


ShiftFormSet = formset_factory(
    ShiftForm, extra=0, can_delete=True, max_num=MOST_SHIFTS, absolute_max=MOST_SHIFTS + 20
)


def build_formset(data: Any, *, plan: list[ShiftSpec], home_zone: str) -> "BaseFormSet[ShiftForm]":
    """Return the rows of a plan and some empty ones: a week of them where nothing is planned."""
    rows = [_initial(shift) for shift in plan]
    empty = [{"kind": ShiftKind.WEEKLY.value, "weekday": day} for day in range(5)]
    more = [{"kind": kind} for kind in (ShiftKind.WEEKLY, ShiftKind.SINGLE, ShiftKind.OFF)]
    return ShiftFormSet(
        data,
        initial=[*rows, *([] if rows else empty), *more],
        prefix="shifts",
        form_kwargs={"home_zone": home_zone},
    )


def read_plan(formset: "BaseFormSet[ShiftForm]") -> list[ShiftSpec]:
    """Return the lines that are to stay."""
    return [
        form.spec()
        for form in formset.forms
        if form.says_something() and not form.cleaned_data.get("DELETE")
    ]


def in_words(plan: Iterable[ShiftSpec]) -> list[tuple[str, str]]:
    """Return a plan as phrases, each with its zone. The same hours on several days are one."""
    weekdays: dict[ShiftSpec, list[int]] = {}
    for shift in plan:
        weekdays.setdefault(replace(shift, weekday=None), []).append(shift.weekday or 0)
    return [(_phrase(shift, sorted(set(days))), shift.zone) for shift, days in weekdays.items()]


def _phrase(shift: ShiftSpec, weekdays: list[int]) -> str:
    if shift.kind is ShiftKind.OFF:
        dates = {"first": _day(shift.valid_from), "last": _day(shift.valid_until)}
        if shift.valid_from == shift.valid_until:
            return _("off on %(first)s") % dates
        return _("off from %(first)s to %(last)s") % dates
    when = _day(shift.day) if shift.day else _days(weekdays)
    phrase = f"{when} {shift.start:%H:%M}–{_end(shift)}"
    if shift.valid_from:
        phrase = _("%(shift)s, from %(date)s") % {"shift": phrase, "date": _day(shift.valid_from)}
    if shift.valid_until:
        phrase = _("%(shift)s, until %(date)s") % {
            "shift": phrase,
            "date": _day(shift.valid_until),
        }
    return phrase


def _days(weekdays: list[int]) -> str:
    """Return days of the week by name; three and more in a row by the first and the last."""
    first, last = weekdays[0], weekdays[-1]
    names = [str(Weekday(day).label) for day in weekdays]
    if len(weekdays) >= A_RUN and last - first == len(weekdays) - 1:
        return _("%(first)s to %(last)s") % {"first": names[0], "last": names[-1]}
    return ", ".join(names)


def _end(shift: ShiftSpec) -> str:
    if shift.end == time(0):
        return "24:00"
    text = f"{shift.end:%H:%M}"
    return _("%(time)s the next day") % {"time": text} if shift.end <= shift.start else text


def _day(day: date | None) -> str:
    return date_format(day, "DATE_FORMAT") if day else ""


def _initial(shift: ShiftSpec) -> dict[str, Any]:
    is_timed = shift.kind is not ShiftKind.OFF
    return {
        "kind": shift.kind.value,
        "weekday": shift.weekday,
        "day": shift.day,
        "start": shift.start if is_timed else None,
        "end": shift.end if is_timed else None,
        "valid_from": shift.valid_from,
        "valid_until": shift.valid_until,
        "zone": shift.zone,
    }
