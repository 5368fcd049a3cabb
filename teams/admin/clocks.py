"""Times of day as people type them into a form: 9, 0930, 9:30, 9h30, and 24:00 for midnight."""

import re
import unicodedata
from datetime import time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from teams.services.hours import written_end
from teams.texts import Text

_CLOCK = re.compile(r"(\d{1,2})(?:[:.h]?([0-5]\d)|h)?", re.IGNORECASE)
_HOURS_A_DAY = 24
#: A box for one, and the list beside it from which it can be chosen.
CLOCK_ATTRS = {
    "size": "5",
    "maxlength": "8",
    "autocomplete": "off",
    "list": "clock-times",
    "data-clock": "",
}


def read_clock(text: str) -> time:
    """Return the time of day that is meant; 24:00 is midnight. Raises `ValidationError`."""
    found = _CLOCK.fullmatch(unicodedata.normalize("NFKC", text).strip())
    hour, minute = (int(part or 0) for part in found.groups()) if found else (99, 0)
    if hour < _HOURS_A_DAY:
        return time(hour, minute)
    if (hour, minute) == (_HOURS_A_DAY, 0):
        return time(0)
    raise ValidationError(_("“%(text)s” is no time of day. Write 09:00.") % {"text": text.strip()})


class ClockField(forms.CharField):
    """A time of day to the minute; None if it is left empty."""

    def __init__(self, label: Text, *, is_end: bool = False, **kwargs: Any) -> None:
        # Where the columns have no headings, on a phone, the empty box says what it is for.
        attrs = {**CLOCK_ATTRS, "data-clock": "end" if is_end else "", "placeholder": label}
        widget = forms.TextInput(attrs=attrs)
        super().__init__(required=False, label=label, widget=widget, **kwargs)
        self.is_end = is_end

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, time):
            return value
        return written_end(value) if self.is_end else f"{value:%H:%M}"

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        return read_clock(text) if text else None

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)
