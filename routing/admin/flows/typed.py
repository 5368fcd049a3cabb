"""Fields of a step's form. What is typed is kept as it was typed: the reader of flows judges it.

Each field shows a value of the document (`show`), and takes one from the form (`take`); `take`
returns None for what is to be left out of the document.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from routing.admin.flows.ways import Ways
from routing.engine.flow.documents import LONGEST_TEXT
from routing.engine.flow.specs import DAY_S, HOUR_S, MINUTE_S
from routing.engine.text import narrow, split_raw
from teams.texts import Text

_MOST_DIGITS = 9
UNITS = (
    (DAY_S, gettext_lazy("days")),
    (HOUR_S, gettext_lazy("hours")),
    (MINUTE_S, gettext_lazy("minutes")),
    (1, gettext_lazy("seconds")),
)


class Typed(forms.Field):
    """A text of one line."""

    #: Shown where the document says nothing.
    usual: Any = None
    #: It stands in the part of the form that says where the flow goes on.
    is_way: ClassVar[bool] = False
    widget: Any = forms.TextInput

    def __init__(self, *, usual: Any = None, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)
        self.usual = usual if usual is not None else self.usual

    def show(self, value: Any) -> Any:
        return self.usual if value is None else value

    def take(self, raw: Any) -> Any:
        return str(raw or "").strip() or None


class Flag(Typed):
    widget = forms.CheckboxInput

    def show(self, value: Any) -> Any:
        return value is True

    def take(self, raw: Any) -> Any:
        return True if raw else None


class Number(Typed):
    """A whole number. What is none stays as it was typed."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "numeric", "class": "short"})
        super().__init__(widget=widget, **kwargs)

    def take(self, raw: Any) -> Any:
        return read_number(str(raw or "")) if str(raw or "").strip() else None


class Tags(Typed):
    """Several, with commas between them."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"class": "vTextField"})
        super().__init__(widget=widget, **kwargs)

    def show(self, value: Any) -> Any:
        return ", ".join(map(str, value)) if isinstance(value, list) else value or ""

    def take(self, raw: Any) -> Any:
        return list(dict.fromkeys(split_raw(str(raw or "")))) or None


class Lines(Typed):
    """Several, one a line."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.Textarea(attrs={"rows": 3, "class": "narrow"})
        super().__init__(widget=widget, **kwargs)

    def show(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, list) else value or ""

    def take(self, raw: Any) -> Any:
        return [line.strip() for line in str(raw or "").splitlines() if line.strip()] or None


class Choice(Typed):
    """One of several; the usual one where nothing was sent."""

    widget = forms.Select

    def __init__(self, *, choices: Sequence[tuple[str, Text]], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.choices = choices

    @property
    def choices(self) -> Sequence[tuple[str, Text]]:
        found: Sequence[tuple[str, Text]] = list(self.widget.choices)  # type: ignore[arg-type]
        return found

    @choices.setter
    def choices(self, choices: Sequence[tuple[str, Text]]) -> None:
        self.widget.choices = list(choices)

    def show(self, value: Any) -> Any:
        shown = super().show(value)
        self.offer(shown)
        return shown

    def take(self, raw: Any) -> Any:
        return raw or self.usual

    def offer(self, value: Any, label: Text = "") -> None:
        """Let what is chosen already be among what is offered, whatever became of it."""
        if value and value not in {known for known, _label in self.choices}:
            self.choices = [*self.choices, (str(value), label or str(value))]


class Pick(Choice):
    """Something of the house: a team, a person, an AI agent or a template, by public id."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=[("", gettext_lazy("– choose –"))], **kwargs)

    def show(self, value: Any) -> Any:
        self.offer(value, gettext_lazy("(not there any more)"))
        return value or ""

    def take(self, raw: Any) -> Any:
        return raw or None


class Attached(Typed):
    """A file, by public id. Its name and its buttons stand beside it."""

    widget = forms.HiddenInput


class Way(Choice):
    """Another step. In the form it is named by its place, so that it may be renamed beside it."""

    is_way = True

    def __init__(self, *, none: Text, **kwargs: Any) -> None:
        super().__init__(choices=[("", none)], **kwargs)

    def lead(self, ways: Ways, value: Any) -> str:
        """Offer these steps, and return what stands for the one that is chosen."""
        self.choices = [self.choices[0], *ways.choices]
        chosen = ways.encode(value)
        self.offer(chosen, _("%(step)s (not there)") % {"step": value})
        return chosen

    def take(self, raw: Any) -> Any:
        return raw or None


class _AmountWidget(forms.MultiWidget):
    use_fieldset = True

    def __init__(self) -> None:
        number = {"inputmode": "numeric", "class": "short", "aria-label": gettext_lazy("Number")}
        unit = {"aria-label": gettext_lazy("Unit")}
        super().__init__([forms.TextInput(attrs=number), forms.Select(unit, UNITS)])

    def decompress(self, value: Any) -> list[Any]:
        if isinstance(value, str):  # never understood: as it was typed
            typed, _blank, typed_unit = value.rpartition(" ")
            return [typed, typed_unit]
        unit = next((each for each, _name in UNITS if value and value % each == 0), MINUTE_S)
        return [value // unit if value else "", unit]


class Duration(Typed):
    """How long, in a unit that suits it; the document has seconds."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=_AmountWidget(), **kwargs)

    def show(self, value: Any) -> Any:
        shown = super().show(value)
        return shown if isinstance(shown, str | int) and not isinstance(shown, bool) else None

    def take(self, raw: Any) -> Any:
        typed, unit = (str(part or "") for part in raw or ("", ""))
        if not typed.strip():
            return None
        number = read_number(typed)
        is_known = unit in {str(each) for each, _name in UNITS}
        return number * int(unit) if isinstance(number, int) and is_known else f"{typed} {unit}"


class Timeout(Duration):
    """How long an answer is waited for."""

    is_way = True


class TextBox(forms.Textarea):
    """Where one writes what the customer reads."""

    def __init__(self) -> None:
        super().__init__(attrs={"rows": 2, "maxlength": LONGEST_TEXT, "class": "vLargeTextField"})


def read_number(typed: str) -> int | str:
    """Return the number that was typed, in whatever width; what is none as it was typed."""
    digits = narrow(typed)
    is_number = digits.isascii() and digits.isdecimal() and len(digits) <= _MOST_DIGITS
    return int(digits) if is_number else typed
