"""How a condition looks into a value: one function for each way of comparing. Pure.

Every value is compared folded: a text, or the members of a list. What is missing is an empty text
or an empty list: it equals nothing, contains nothing, and stands neither before nor after anything.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

import re2

from routing.engine.fields import Field, Operator

Folded = str | frozenset[str]
#: Looks into a folded value for the wanted ones; returns the one that it found, or "".
Look = Callable[[Any, tuple[Any, ...]], str]

_NUMBER = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
#: A pattern may not need more than this, compiled: what is larger is refused.
_PATTERN_BYTES = 1 << 20
#: A pattern that finds the empty text has found something, too.
_FOUND_NOTHING_SHOWN = "*"


class PatternError(ValueError):
    """A pattern that is not understood, or too large; the text says where, in RE2's words."""


@lru_cache(maxsize=2048)
def compile_pattern(pattern: str) -> Any:
    """Return a pattern that takes linear time on any text. Raises `PatternError`.

    No look-around, no back-references, repeats up to 1,000: that is the price of linear time.
    """
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = _PATTERN_BYTES
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        said = error.args[0] if error.args else ""
        raise PatternError(said.decode() if isinstance(said, bytes) else str(said)) from None


@lru_cache(maxsize=4096)
def order_of(text: str) -> tuple[str, Any] | None:
    """Return what a text is compared by: a number, or a date; None for what has no order."""
    if _NUMBER.fullmatch(text):
        return "number", Decimal(text)
    if _DATE.fullmatch(text):
        try:
            return "date", date.fromisoformat(text)
        except ValueError:
            return None
    return None


def look_for(field: Field, operator: Operator, wanted: tuple[str, ...]) -> tuple[Look, bool]:
    """Return how to look, and whether the condition holds where nothing is found."""
    if field not in _MIXED or operator not in _IN_MIXED:
        return _LOOKS[operator]
    look, is_negated = _IN_MIXED[operator]
    if look is _look_same and not any(map(order_of, wanted)):
        return _look_same_text, is_negated
    return look, is_negated


def _look_equal(text: str, wanted: tuple[str, ...]) -> str:
    return text if text in wanted else ""


def look_inside(text_or_list: Folded, wanted: tuple[str, ...]) -> str:
    for part in wanted:
        if part in text_or_list:
            return part
    return ""


def _look_at_start(text: str, wanted: tuple[str, ...]) -> str:
    return next((part for part in wanted if text.startswith(part)), "")


def _look_not_before(text: str, wanted: tuple[str, ...]) -> str:
    return wanted[0] if text >= wanted[0] else ""


def _look_after(text: str, wanted: tuple[str, ...]) -> str:
    return wanted[0] if text > wanted[0] else ""


def _look_for_anything(text_or_list: Folded, wanted: tuple[str, ...]) -> str:
    return "*" if text_or_list else ""


def _look_by_pattern(text: str, wanted: tuple[str, ...]) -> str:
    # Half a character, as broken senders write it, is no text for the library.
    whole = text.encode(errors="replace").decode()
    found = compile_pattern(wanted[0]).search(whole)
    return "" if found is None else found.group() or _FOUND_NOTHING_SHOWN


#: For values that are all of one kind, or all written so that their order is that of texts.
_LOOKS: Mapping[Operator, tuple[Look, bool]] = {
    Operator.EQUALS: (_look_equal, False),
    Operator.NOT_EQUALS: (_look_equal, True),
    Operator.CONTAINS: (look_inside, False),
    Operator.NOT_CONTAINS: (look_inside, True),
    Operator.STARTS_WITH: (_look_at_start, False),
    Operator.MATCHES: (_look_by_pattern, False),
    Operator.IN: (look_inside, False),
    Operator.NOT_IN: (look_inside, True),
    Operator.GTE: (_look_not_before, False),
    Operator.LT: (_look_not_before, True),
    Operator.GT: (_look_after, False),
    Operator.LTE: (_look_after, True),
    Operator.IS_SET: (_look_for_anything, False),
    Operator.IS_NOT_SET: (_look_for_anything, True),
}


def _members(text_or_list: Folded) -> frozenset[str]:
    return frozenset({text_or_list}) if isinstance(text_or_list, str) else text_or_list


def _look_same_text(text_or_list: Folded, wanted: tuple[str, ...]) -> str:
    """Find a member that is the same text: where no number is wanted, none has to be read."""
    if isinstance(text_or_list, str):
        return text_or_list if text_or_list in wanted else ""
    return look_inside(text_or_list, wanted)


def _look_same(text_or_list: Folded, wanted: tuple[str, ...]) -> str:
    """Find a member that is the same text, or the same number however it is written."""
    members = (text_or_list,) if isinstance(text_or_list, str) else text_or_list
    for want in wanted:
        if want in members:
            return want
    orders = {order for member in members if (order := order_of(member)) is not None}
    if not orders:
        return ""
    return next((want for want in wanted if order_of(want) in orders), "")


def _look_at_any_start(text_or_list: Folded, wanted: tuple[str, ...]) -> str:
    members = _members(text_or_list)
    return next((w for w in wanted if any(each.startswith(w) for each in members)), "")


def _look_by_any_pattern(text_or_list: Folded, wanted: tuple[str, ...]) -> str:
    found = (_look_by_pattern(each, wanted) for each in sorted(_members(text_or_list)) if each)
    return next(filter(None, found), "")


def _by_order(holds: Callable[[Any, Any], bool]) -> Look:
    def look(text_or_list: Folded, wanted: tuple[str, ...]) -> str:
        limit = order_of(wanted[0])
        for member in _members(text_or_list):
            order = order_of(member)
            if order and limit and order[0] == limit[0] and holds(order[1], limit[1]):
                return wanted[0]
        return ""

    return look


#: For values of any kind: nothing that has no order is before or after anything.
_IN_MIXED: Mapping[Operator, tuple[Look, bool]] = {
    Operator.EQUALS: (_look_same, False),
    Operator.NOT_EQUALS: (_look_same, True),
    Operator.IN: (_look_same, False),
    Operator.NOT_IN: (_look_same, True),
    Operator.STARTS_WITH: (_look_at_any_start, False),
    Operator.MATCHES: (_look_by_any_pattern, False),
    Operator.GTE: (_by_order(lambda value, limit: value >= limit), False),
    Operator.LT: (_by_order(lambda value, limit: value < limit), False),
    Operator.GT: (_by_order(lambda value, limit: value > limit), False),
    Operator.LTE: (_by_order(lambda value, limit: value <= limit), False),
}
_MIXED = frozenset({Field.CONTACT_ATTRIBUTE, Field.CONVERSATION_PRIORITY})
