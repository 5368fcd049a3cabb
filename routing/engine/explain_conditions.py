"""What conditions ask for, and what they found, as phrases."""

from collections.abc import Mapping
from typing import Any

from routing.engine.condition_words import ASKS, EMPTY, FINDINGS, NAMES, OPPOSITE, YES_NO
from routing.engine.conditions import ConditionSpec
from routing.engine.fields import Asked, Field, Operator, read_field
from routing.engine.phrases import Hole, Phrase, any_of
from routing.engine.text import fold, split_raw

#: As many values as the description of a condition names, and as many as a finding does.
NAMED, FOUND = 8, 4
_SHOWN_LENGTH = 60


def describe_condition(condition: ConditionSpec, *, limit: int = NAMED) -> Phrase:
    """Return what a condition asks for; one that cannot be understood is said as it is stored."""
    asked = read_field(condition.field)
    if asked is not None:
        clause = YES_NO.get(asked.field, {}).get(fold(condition.value))
        if clause is not None:
            return Phrase(clause)
        template = ASKS.get((asked.field, condition.operator))
        if template is not None:
            values = _values(asked, condition.operator, condition.value, limit=limit)
            return Phrase(template, {"values": values, "name": asked.name})
    stored = {name: getattr(condition, name) for name in ("field", "operator", "value")}
    return Phrase("%(field)s %(operator)s %(value)s", stored)


def describe_finding(finding: Mapping[str, Any]) -> Phrase:
    """Return what a condition found, true whether it held or not."""
    asked = read_field(finding["field"])
    if asked is None:  # a field that there was once
        return Phrase("%(field)s", {"field": finding["field"]})
    part, seen = finding["part"], _shorten(finding["seen"])
    if asked.field in YES_NO:
        return Phrase(YES_NO[asked.field][seen])
    if not seen and asked.field in EMPTY:
        return Phrase(EMPTY[asked.field], {"name": asked.name})
    operator = finding["operator"]
    with_part, without_part = _templates(asked.field, operator)
    return Phrase(
        with_part if part else without_part,
        {
            "name": asked.name,
            "part": _name(asked, _as_typed(part, value=finding["value"])),
            "seen": _name(asked, seen),
            "values": _values(asked, operator, finding["value"], limit=FOUND),
        },
    )


def _templates(field: Field, operator: str) -> tuple[str, str]:
    """Return what is said where something was found, and where nothing was."""
    if (field, operator) in FINDINGS:
        return FINDINGS[field, operator]
    return FINDINGS[field, OPPOSITE[operator]]


def _values(asked: Asked, operator: str, value: str, *, limit: int) -> Hole:
    if operator == Operator.MATCHES:
        return value
    values = [_name(asked, part) for part in split_raw(value)]
    return any_of(values or [value], limit=limit)


def _name(asked: Asked, value: str) -> Hole:
    """Return a value as people read it: some are words of their language."""
    word = NAMES.get(asked.field, {}).get(fold(value))
    return Phrase(word) if word else value


def _as_typed(part: str, *, value: str) -> str:
    """Return the found value as the condition has it; it was compared folded."""
    return next((typed for typed in split_raw(value) if fold(typed) == part), part)


def _shorten(text: str) -> str:
    """Return a text on one line, cut to what a sentence can carry."""
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN_LENGTH else f"{line[:_SHOWN_LENGTH]}…"
