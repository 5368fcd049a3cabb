"""Fields for days and times of day, as plans and calendars write them."""

from datetime import date, time
from typing import Any, ClassVar

from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from teams.api.fields import Choice, Text
from teams.models import Weekday

#: How a program names the days of the week, from Monday on.
WEEKDAYS = tuple(day.name.lower() for day in Weekday)


class WeekdayName(Choice):
    """`monday` to `sunday`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=list(WEEKDAYS), **kwargs)


class _Written(Text):
    """Text of one form that stands for something: it is checked as text, and then read."""

    form: ClassVar[str]
    refusal: ClassVar[tuple[str, Any]]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 10, **kwargs})
        code, sentence = self.refusal
        self.error_messages[code] = sentence
        self.validators.append(RegexValidator(self.form, sentence, code))

    def run_validation(self, data: Any = serializers.empty) -> Any:
        value = super().run_validation(data)
        return self.read(value) if isinstance(value, str) else value

    def read(self, text: str) -> Any:
        raise NotImplementedError


class ClockTime(_Written):
    """A time of day to the minute, `09:00`."""

    form = r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z"
    refusal = ("not_a_time", _("Enter a time such as 09:00."))

    def read(self, text: str) -> time:
        return time(int(text[:2]) % 24, int(text[3:]))

    def to_representation(self, value: Any) -> str:
        return f"{value:%H:%M}"


class EndTime(ClockTime):
    """A time of day at which something ends. Midnight is `24:00` or `00:00`."""

    form = r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)\Z"
    refusal = ("not_a_time", _("Enter a time such as 17:00 or 24:00."))

    def to_representation(self, value: Any) -> str:
        return "24:00" if value == time(0) else f"{value:%H:%M}"


class Day(_Written):
    """A date, `2026-12-24`."""

    form = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}\Z"
    refusal = ("not_a_date", _("Enter a date such as 2026-12-24."))

    def read(self, text: str) -> date:
        try:
            return date.fromisoformat(text)
        except ValueError:
            self.fail("not_a_date")

    def to_representation(self, value: Any) -> str:
        return str(value.isoformat())
