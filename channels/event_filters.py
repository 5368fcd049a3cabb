"""Which events an endpoint wants. Pure.

A pattern is a type (`message.received`), all that begins alike (`message.*`), or everything (`*`).
An empty list of patterns wants everything, too.
"""

from collections.abc import Collection, Iterable

EVERYTHING = "*"
ANY_END = ".*"


def is_wanted(type_: str, *, patterns: Collection[str]) -> bool:
    return not patterns or any(_fits(type_, pattern) for pattern in patterns)


def find_unknown(patterns: Iterable[str], *, known: Collection[str]) -> list[str]:
    """Return the patterns that no known type fits: misspelt ones would wait in silence."""
    return [pattern for pattern in patterns if not any(_fits(type_, pattern) for type_ in known)]


def _fits(type_: str, pattern: str) -> bool:
    if pattern in (EVERYTHING, type_):
        return True
    return pattern.endswith(ANY_END) and type_.startswith(pattern.removesuffix("*"))
