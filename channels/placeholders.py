"""Filling the placeholders of a template: `{{1}}`, `{{name}}`. Pure."""

import re
from collections.abc import Mapping

_PLACEHOLDER = re.compile(r"\{\{\s*([A-Za-z0-9_]{1,64})\s*\}\}")
#: A value with a line break or many blanks is refused by WhatsApp.
_BREAKS = re.compile(r"[\r\n\t]|    ")
LONGEST_VALUE = 1024


def names_in(text: str) -> tuple[str, ...]:
    """Return the names of the placeholders, each once, in the order in which they stand there."""
    return tuple(dict.fromkeys(_PLACEHOLDER.findall(text)))


def fill(text: str, values: Mapping[str, str], *, missing: str | None = None) -> str:
    """Put the values into the text.

    A placeholder without a value stays as it is, unless `missing` is to stand there.
    """

    def put(found: re.Match[str]) -> str:
        return values.get(found[1]) or (found[0] if missing is None else missing)

    return _PLACEHOLDER.sub(put, text)


def faults_in(names: tuple[str, ...], values: Mapping[str, str]) -> dict[str, str]:
    """Return what is wrong with the values: `missing`, `unknown`, `too_long` or `line_break`."""
    faults = {name: "missing" for name in names if not values.get(name, "").strip()}
    for name, value in values.items():
        if name not in names:
            faults[name] = "unknown"
        elif len(value) > LONGEST_VALUE:
            faults[name] = "too_long"
        elif _BREAKS.search(value):
            faults[name] = "line_break"
    return faults
