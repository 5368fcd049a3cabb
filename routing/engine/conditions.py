"""Conditions of rules: a field, an operator and a value. No expression language, no patterns."""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from zoneinfo import ZoneInfo

from routing.engine.facts import ConditionSpec, Situation

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MAX_VALUE_LENGTH = 500


class Field(StrEnum):
    MESSAGE_TEXT = "message.text"
    CONTACT_TAG = "contact.tag"
    CONTACT_IS_NEW = "contact.is_new"
    CHANNEL = "channel"
    TIME_OF_DAY = "time.of_day"
    WEEKDAY = "time.weekday"


class Operator(StrEnum):
    EQUALS = "equals"
    NOT_EQUALS = "not_equals"
    CONTAINS = "contains"
    NOT_CONTAINS = "not_contains"
    STARTS_WITH = "starts_with"
    IN = "in"
    NOT_IN = "not_in"
    GTE = "gte"
    LT = "lt"
    IS_SET = "is_set"
    IS_NOT_SET = "is_not_set"


_TEXT = frozenset(
    {
        Operator.EQUALS,
        Operator.NOT_EQUALS,
        Operator.CONTAINS,
        Operator.NOT_CONTAINS,
        Operator.STARTS_WITH,
        Operator.IS_SET,
        Operator.IS_NOT_SET,
    }
)
_MEMBERSHIP = frozenset({Operator.IN, Operator.NOT_IN})

#: Which operators make sense for which field.
OPERATORS: dict[Field, frozenset[Operator]] = {
    Field.MESSAGE_TEXT: _TEXT,
    Field.CONTACT_TAG: _MEMBERSHIP | {Operator.IS_SET, Operator.IS_NOT_SET},
    Field.CONTACT_IS_NEW: frozenset({Operator.EQUALS}),
    Field.CHANNEL: _MEMBERSHIP,
    Field.TIME_OF_DAY: frozenset({Operator.GTE, Operator.LT}),
    Field.WEEKDAY: _MEMBERSHIP,
}
_WITHOUT_VALUE = frozenset({Operator.IS_SET, Operator.IS_NOT_SET})


class ConditionError(ValueError):
    """A condition that cannot be understood. `code` is stable; `part` is field, operator or value."""

    def __init__(self, code: str, part: str) -> None:
        self.code = code
        self.part = part
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one condition saw: `seen` is the value of the field at that moment."""

    has_passed: bool
    seen: str


def fold(text: str) -> str:
    """Return the text as it is compared: width, case and surrounding blanks do not matter."""
    return unicodedata.normalize("NFKC", text).casefold().strip()


def split_values(value: str) -> tuple[str, ...]:
    """Return the folded parts of "a, b、c"; empty parts are dropped."""
    for comma in ("、", "，"):  # noqa: RUF001 - the commas that people really type
        value = value.replace(comma, ",")
    return tuple(part for raw in value.split(",") if (part := fold(raw)))


def validate(spec: ConditionSpec) -> None:
    """Refuse, with a code, what could never be evaluated.

    Raises `ConditionError`: `unknown_field`, `unknown_operator`, `operator_not_for_field`,
    `value_required`, `value_too_long`, `value_has_control_characters`, `not_a_time`,
    `not_a_weekday`, `not_yes_or_no`.
    """
    field, operator = _parse_names(spec)
    if len(spec.value) > MAX_VALUE_LENGTH:
        raise ConditionError("value_too_long", "value")
    if any(unicodedata.category(char) in {"Cc", "Cs"} for char in spec.value):
        raise ConditionError("value_has_control_characters", "value")
    if operator in _WITHOUT_VALUE:
        return
    values = split_values(spec.value)
    if not values:
        raise ConditionError("value_required", "value")
    if field in _CHECK_VALUES:
        _CHECK_VALUES[field](values)


def evaluate(spec: ConditionSpec, situation: Situation) -> Finding:
    """Say whether the condition holds, and what it saw. The spec must have passed `validate`."""
    field = Field(spec.field)
    seen = _SEE[field](situation)
    holds = _holds(Operator(spec.operator), fold(seen), _tags(seen, field), spec.value)
    return Finding(has_passed=holds, seen=seen)


def _parse_names(spec: ConditionSpec) -> tuple[Field, Operator]:
    try:
        field = Field(spec.field)
    except ValueError:
        raise ConditionError("unknown_field", "field") from None
    try:
        operator = Operator(spec.operator)
    except ValueError:
        raise ConditionError("unknown_operator", "operator") from None
    if operator not in OPERATORS[field]:
        raise ConditionError("operator_not_for_field", "operator")
    return field, operator


def _check_times(values: tuple[str, ...]) -> None:
    try:
        for value in values:
            if value != "24:00":
                time.fromisoformat(value)
    except ValueError:
        raise ConditionError("not_a_time", "value") from None
    if len(values) != 1 or any(len(value) != len("HH:MM") for value in values):
        raise ConditionError("not_a_time", "value")


def _check_weekdays(values: tuple[str, ...]) -> None:
    if not set(values) <= set(WEEKDAYS):
        raise ConditionError("not_a_weekday", "value")


def _check_yes_no(values: tuple[str, ...]) -> None:
    if values not in {("yes",), ("no",)}:
        raise ConditionError("not_yes_or_no", "value")


_CHECK_VALUES: dict[Field, Callable[[tuple[str, ...]], None]] = {
    Field.TIME_OF_DAY: _check_times,
    Field.WEEKDAY: _check_weekdays,
    Field.CONTACT_IS_NEW: _check_yes_no,
}


def _local(situation: Situation) -> datetime:
    return situation.at.astimezone(ZoneInfo(situation.zone))


_SEE: dict[Field, Callable[[Situation], str]] = {
    Field.MESSAGE_TEXT: lambda s: s.text,
    Field.CONTACT_TAG: lambda s: ", ".join(s.contact_tags),
    Field.CONTACT_IS_NEW: lambda s: "yes" if s.is_new_contact else "no",
    Field.CHANNEL: lambda s: s.channel_name,
    Field.TIME_OF_DAY: lambda s: _local(s).strftime("%H:%M"),
    Field.WEEKDAY: lambda s: WEEKDAYS[_local(s).weekday()],
}


def _tags(seen: str, field: Field) -> frozenset[str]:
    """Return what IN and NOT_IN compare with: each tag, or the one value itself."""
    if field is Field.CONTACT_TAG:
        return frozenset(split_values(seen))
    return frozenset({fold(seen)})


def _holds(operator: Operator, seen: str, seen_set: frozenset[str], value: str) -> bool:
    wanted = split_values(value)
    tests: dict[Operator, Callable[[], bool]] = {
        Operator.EQUALS: lambda: seen in wanted,
        Operator.NOT_EQUALS: lambda: seen not in wanted,
        Operator.CONTAINS: lambda: any(part in seen for part in wanted),
        Operator.NOT_CONTAINS: lambda: not any(part in seen for part in wanted),
        Operator.STARTS_WITH: lambda: seen.startswith(wanted),
        Operator.IN: lambda: bool(seen_set & set(wanted)),
        Operator.NOT_IN: lambda: not seen_set & set(wanted),
        Operator.GTE: lambda: seen >= wanted[0],
        Operator.LT: lambda: seen < wanted[0],
        Operator.IS_SET: lambda: bool(seen),
        Operator.IS_NOT_SET: lambda: not seen,
    }
    return tests[operator]()
