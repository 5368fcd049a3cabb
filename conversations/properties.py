"""A contact's own properties: what they may be called, and what they may hold. Pure."""

from collections.abc import Mapping
from typing import Any

MOST, LONGEST_NAME, LONGEST_VALUE, MOST_MEMBERS = 50, 64, 500, 20


def is_name(name: str) -> bool:
    """Say whether a property may be called so: printable, and without blanks around it."""
    return name == name.strip() and name.isprintable() and 0 < len(name) <= LONGEST_NAME


def is_value(value: Any) -> bool:
    """Say whether a property may hold this: a text, a number, yes or no, or a list of texts."""
    if isinstance(value, list):
        return len(value) <= MOST_MEMBERS and all(
            isinstance(each, str) and _fits(each) for each in value
        )
    return isinstance(value, bool | int | float) or (isinstance(value, str) and _fits(value))


def changed(properties: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the properties after these changes: None takes one away, the others stay."""
    joined = {**properties, **changes}
    return {name: value for name, value in joined.items() if value is not None}


def _fits(text: str) -> bool:
    return len(text) <= LONGEST_VALUE and "\x00" not in text
