"""Conditions of rules and flows: a field, an operator and a value. No expression language."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple, NotRequired, TypedDict

from routing.engine.fields import (
    OPERATORS,
    ORDERED,
    WEEKDAYS,
    WITHOUT_VALUE,
    Asked,
    Field,
    Operator,
    read_field,
    write_field,
)
from routing.engine.looks import Folded, Look, PatternError, compile_pattern, look_for, order_of
from routing.engine.text import fold, narrow, split_values
from routing.engine.written import LANGUAGES, TYPES

MAX_VALUE_LENGTH = 500
# 24:00 is the end of a day: everything is before it.
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00")
_PRIORITY = re.compile(r"[+-]?[0-9]{1,4}", re.ASCII)
_COUNTRY = re.compile(r"[a-z]{2}", re.ASCII)
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*", re.ASCII)
_PHONE = re.compile(r"\+[0-9]{1,15}", re.ASCII)
_GROUPS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

#: Operators that compare the whole: "yes, please" is two values and one text.
_WHOLE = frozenset({Operator.EQUALS, Operator.NOT_EQUALS, Operator.IN, Operator.NOT_IN})


class ConditionError(ValueError):
    """A condition that cannot be understood; `part` is field, operator, value or group.

    `code` is stable: `unknown_field`, `unknown_operator`, `operator_not_for_field`,
    `value_required`, `value_too_long`, `value_has_control_characters`, `not_a_time`, `not_a_date`,
    `not_a_weekday`, `not_yes_or_no`, `not_a_number`, `not_a_type`, `not_a_language`,
    `not_a_country`, `not_a_phone`, `no_order`, `not_a_pattern`, `unknown_group`, `unknown_zone`.
    `detail` says what in a pattern is not understood.
    """

    def __init__(self, code: str, part: str, *, detail: str = "") -> None:
        self.code = code
        self.part = part
        self.detail = detail
        super().__init__(code)


#: A field's value: as people read it, and folded: a text, or the members of a list.
Seen = tuple[str, Folded]


class Finding(TypedDict):
    """What one condition saw, as the explanation stores it.

    `seen` is the field's value at that moment, cut; `part` is the wanted value that was found.
    `group` is there where the condition has one.
    """

    field: str
    operator: str
    value: str
    seen: str
    part: str
    passed: bool
    group: NotRequired[str]


class Prepared(NamedTuple):
    """A condition ready to be evaluated. If negated, it holds where nothing is found."""

    field: str
    wanted: tuple[Any, ...]
    look: Look
    is_negated: bool
    #: The finding before anything was seen: a copy is twice as fast as a new one.
    blank: Finding


#: The parts of `Prepared` in a plain tuple, which Python takes apart twice as fast.
Parts = tuple[str, tuple[Any, ...], Look, bool, Finding]


@dataclass(frozen=True)
class ConditionSpec:
    """One condition, as it was stored. Those of one `group` count as one; blank: it stands alone.

    Where all must hold, one of a group is enough; where any is enough, all of a group must hold.
    """

    field: str
    operator: str
    value: str
    group: str = ""

    @cached_property
    def prepared(self) -> Prepared:
        """Everything that does not depend on the message, worked out once.

        Raises `ConditionError` for what can no longer be understood.
        """
        asked, operator = _parse_names(self)
        wanted = _wanted(self, operator)
        if not wanted and operator not in WITHOUT_VALUE:
            raise ConditionError("value_required", "value")
        if operator in _WHOLE:
            wanted = tuple(dict.fromkeys([*wanted, fold(self.value)]))
        if operator is Operator.MATCHES:
            _compile(wanted[0])
        look, is_negated = look_for(asked.field, operator, wanted)
        field = write_field(asked.field, name=fold(asked.name))
        return Prepared(field, wanted, look, is_negated, self._blank())

    def _blank(self) -> Finding:
        blank: Finding = {
            "field": self.field,
            "operator": self.operator,
            "value": self.value,
            "seen": "",
            "part": "",
            "passed": False,
        }
        return {**blank, "group": self.group} if self.group else blank


def validate(spec: ConditionSpec) -> None:
    """Refuse, with a `ConditionError`, what could never be evaluated, or never hold."""
    asked, operator = _parse_names(spec)
    if spec.group and spec.group not in _GROUPS:
        raise ConditionError("unknown_group", "group")
    if len(spec.value) > MAX_VALUE_LENGTH:
        raise ConditionError("value_too_long", "value")
    if any(unicodedata.category(char) in {"Cc", "Cs"} for char in spec.value):
        raise ConditionError("value_has_control_characters", "value")
    if operator not in WITHOUT_VALUE:
        _check_value(spec, asked, operator)


def _check_value(spec: ConditionSpec, asked: Asked, operator: Operator) -> None:
    values = _wanted(spec, operator)
    if not values:
        raise ConditionError("value_required", "value")
    if operator is Operator.MATCHES:
        _compile(values[0])
    elif asked.field in _CHECK_VALUES:
        _CHECK_VALUES[asked.field](values)
    elif operator in ORDERED and (len(values) != 1 or order_of(values[0]) is None):
        raise ConditionError("no_order", "value")


def _parse_names(spec: ConditionSpec) -> tuple[Asked, Operator]:
    asked = read_field(spec.field)
    if asked is None:
        raise ConditionError("unknown_field", "field")
    try:
        operator = Operator(spec.operator)
    except ValueError:
        raise ConditionError("unknown_operator", "operator") from None
    if operator not in OPERATORS[asked.field]:
        raise ConditionError("operator_not_for_field", "operator")
    return asked, operator


def _wanted(spec: ConditionSpec, operator: Operator) -> tuple[str, ...]:
    """Return the values that are looked for; a pattern is one, whatever commas it has."""
    if operator is Operator.MATCHES:
        pattern = narrow(spec.value)
        return (pattern,) if pattern else ()
    return split_values(spec.value)


def _compile(pattern: str) -> None:
    try:
        compile_pattern(pattern)
    except PatternError as error:
        raise ConditionError("not_a_pattern", "value", detail=str(error)) from None


def _check_one(code: str, is_right: Callable[[str], Any]) -> Callable[[tuple[str, ...]], None]:
    """Return a check that there is one value, and a right one."""

    def check(values: tuple[str, ...]) -> None:
        if len(values) != 1 or not is_right(values[0]):
            raise ConditionError(code, "value")

    return check


def _check_each(code: str, is_right: Callable[[str], Any]) -> Callable[[tuple[str, ...]], None]:
    """Return a check that every value is a right one."""

    def check(values: tuple[str, ...]) -> None:
        if not all(map(is_right, values)):
            raise ConditionError(code, "value")

    return check


def _is_date(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


_CHECK_VALUES: dict[Field, Callable[[tuple[str, ...]], None]] = {
    Field.TIME_OF_DAY: _check_one("not_a_time", _TIME.fullmatch),
    Field.DATE: _check_one("not_a_date", _is_date),
    Field.CONVERSATION_PRIORITY: _check_one("not_a_number", _PRIORITY.fullmatch),
    Field.CONTACT_IS_NEW: _check_one("not_yes_or_no", {"yes", "no"}.__contains__),
    Field.OPEN_HOURS: _check_one("not_yes_or_no", {"yes", "no"}.__contains__),
    Field.WEEKDAY: _check_each("not_a_weekday", WEEKDAYS.__contains__),
    Field.MESSAGE_TYPE: _check_each("not_a_type", TYPES.__contains__),
    Field.MESSAGE_LANGUAGE: _check_each("not_a_language", LANGUAGES.__contains__),
    Field.CONTACT_LANGUAGE: _check_each("not_a_language", _LANGUAGE.fullmatch),
    Field.CONTACT_COUNTRY: _check_each("not_a_country", _COUNTRY.fullmatch),
    Field.CONTACT_PHONE: _check_each("not_a_phone", _PHONE.fullmatch),
}
