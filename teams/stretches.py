"""Stretches of time: pairs of instants, `[start, end)`. Pure."""

from collections.abc import Iterable
from datetime import datetime
from typing import TypeAlias

Stretch: TypeAlias = tuple[datetime, datetime]


def merged(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Return what the stretches cover, in order; those that overlap or touch become one."""
    found: list[Stretch] = []
    for start, end in sorted(stretches):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        elif start < end:
            found.append((start, end))
    return found


def clipped(stretches: Iterable[Stretch], *, since: datetime, until: datetime) -> list[Stretch]:
    """Return the parts of the stretches that lie within `[since, until)`."""
    parts = ((max(start, since), min(end, until)) for start, end in stretches)
    return [(start, end) for start, end in parts if start < end]
