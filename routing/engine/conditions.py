"""Conditions of rules: a field, an operator and a value. No expression language, no patterns."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, NamedTuple, TypedDict

from routing.engine.text import fold, split_values

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MAX_VALUE_LENGTH = 500
# 24:00 is the end of a day: everything is before it.
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00")


class Field(StrEnum):
    MESSAGE_TEXT = "message.text"
    CONTACT_TAG = "contact.tag"
    CONTACT_IS_NEW = "contact.is_new"
    CHANNEL = "channel"
    TIME_OF_DAY = "time.of_day"
    WEEKDAY = "time.weekday"
    OPEN_HOURS = "time.open_hours"


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
    Field.OPEN_HOURS: frozenset({Operator.EQUALS}),
}
#: Operators that need no value.
WITHOUT_VALUE = frozenset({Operator.IS_SET, Operator.IS_NOT_SET})
#: Operators that compare the whole: "yes, please" is two values and one text.
_WHOLE = frozenset({Operator.EQUALS, Operator.NOT_EQUALS}) | _MEMBERSHIP


class ConditionError(ValueError):
    """A condition that cannot be understood; `part` is field, operator or value.

    `code` is stable: `unknown_field`, `unknown_operator`, `operator_not_for_field`,
    `value_required`, `value_too_long`, `value_has_control_characters`, `not_a_time`,
    `not_a_weekday`, `not_yes_or_no`, `unknown_zone`.
    """

    def __init__(self, code: str, part: str) -> None:
        self.code = code
        self.part = part
        super().__init__(code)


class Seen(NamedTuple):
    """A field's value: as people read it, and folded: a text, or the members of a list."""

    shown: str
    folded: str | frozenset[str]


#: Looks into a folded value for the wanted ones; returns the one that it found, or "".
Look = Callable[[Any, tuple[str, ...]], str]


class Finding(TypedDict):
    """What one condition saw, as the explanation stores it.

    `seen` is the field's value at that moment, cut; `part` is the wanted value that was found.
    """

    field: str
    operator: str
    value: str
    seen: str
    part: str
    passed: bool


class Prepared(NamedTuple):
    """A condition ready to be evaluated. If negated, it holds where nothing is found."""

    field: str
    wanted: tuple[str, ...]
    look: Look
    is_negated: bool
    #: The finding before anything was seen: a copy is twice as fast as a new one.
    blank: Finding


@dataclass(frozen=True)
class ConditionSpec:
    """One condition of a rule, as it was stored."""

    field: str
    operator: str
    value: str

    @cached_property
    def prepared(self) -> Prepared:
        """Everything that does not depend on the message, worked out once.

        Raises `ConditionError` for what can no longer be understood.
        """
        field, operator = _parse_names(self)
        wanted = split_values(self.value)
        if not wanted and operator not in WITHOUT_VALUE:
            raise ConditionError("value_required", "value")
        if operator in _WHOLE:
            wanted = tuple(dict.fromkeys([*wanted, fold(self.value)]))
        look, is_negated = _LOOKS[operator]
        return Prepared(field.value, wanted, look, is_negated, self._blank())

    def _blank(self) -> Finding:
        return {
            "field": self.field,
            "operator": self.operator,
            "value": self.value,
            "seen": "",
            "part": "",
            "passed": False,
        }


def validate(spec: ConditionSpec) -> None:
    """Refuse, with a `ConditionError`, what could never be evaluated."""
    field, operator = _parse_names(spec)
    if len(spec.value) > MAX_VALUE_LENGTH:
        raise ConditionError("value_too_long", "value")
    if any(unicodedata.category(char) in {"Cc", "Cs"} for char in spec.value):
        raise ConditionError("value_has_control_characters", "value")
    if operator in WITHOUT_VALUE:
        return
    values = split_values(spec.value)
    if not values:
        raise ConditionError("value_required", "value")
    if field in _CHECK_VALUES:
        _CHECK_VALUES[field](values)


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


def _check_time(values: tuple[str, ...]) -> None:
    if len(values) != 1 or not _TIME.fullmatch(values[0]):
        raise ConditionError("not_a_time", "value")


def _check_weekdays(values: tuple[str, ...]) -> None:
    if not set(values) <= set(WEEKDAYS):
        raise ConditionError("not_a_weekday", "value")


def _check_yes_no(values: tuple[str, ...]) -> None:
    if values not in {("yes",), ("no",)}:
        raise ConditionError("not_yes_or_no", "value")


_CHECK_VALUES: dict[Field, Callable[[tuple[str, ...]], None]] = {
    Field.TIME_OF_DAY: _check_time,
    Field.WEEKDAY: _check_weekdays,
    Field.CONTACT_IS_NEW: _check_yes_no,
    Field.OPEN_HOURS: _check_yes_no,
}


def _look_equal(text: str, wanted: tuple[str, ...]) -> str:
    return text if text in wanted else ""


def _look_inside(text_or_list: str | frozenset[str], wanted: tuple[str, ...]) -> str:
    for part in wanted:
        if part in text_or_list:
            return part
    return ""


def _look_at_start(text: str, wanted: tuple[str, ...]) -> str:
    return next((part for part in wanted if text.startswith(part)), "")


def _look_not_before(text: str, wanted: tuple[str, ...]) -> str:
    return wanted[0] if text >= wanted[0] else ""


def _look_for_anything(text_or_list: str | frozenset[str], wanted: tuple[str, ...]) -> str:
    return "*" if text_or_list else ""


#: How each operator looks, and whether it holds where nothing is found.
_LOOKS: dict[Operator, tuple[Look, bool]] = {
    Operator.EQUALS: (_look_equal, False),
    Operator.NOT_EQUALS: (_look_equal, True),
    Operator.CONTAINS: (_look_inside, False),
    Operator.NOT_CONTAINS: (_look_inside, True),
    Operator.STARTS_WITH: (_look_at_start, False),
    Operator.IN: (_look_inside, False),
    Operator.NOT_IN: (_look_inside, True),
    Operator.GTE: (_look_not_before, False),
    Operator.LT: (_look_not_before, True),
    Operator.IS_SET: (_look_for_anything, False),
    Operator.IS_NOT_SET: (_look_for_anything, True),
}
