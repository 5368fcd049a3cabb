"""What is different between two sets of rules. Pure."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from routing.engine.rule_sets import RuleRow


class ChangeKind(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


class Part(StrEnum):
    """What of a rule may be different."""

    NAME = "name"
    ORDER = "order"
    SWITCH = "switch"  # on or off
    CONDITIONS = "conditions"  # on which channels it matches what
    ACTIONS = "actions"  # where it sends to, and what it sets
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Placed:
    """A rule at its number; 1 is tried first."""

    number: int
    row: RuleRow


@dataclass(frozen=True, slots=True)
class Change:
    """A rule of which something is different; `parts` only of one that was there before.

    `rule` is as it is now; one that was removed, as it was.
    """

    kind: ChangeKind
    rule: RuleRow
    before: Placed | None = None
    after: Placed | None = None
    parts: tuple[Part, ...] = ()


def compare(before: Sequence[RuleRow], after: Sequence[RuleRow]) -> tuple[Change, ...]:
    """Return what is different, in the order of `after`; what was removed comes last.

    Of rules that changed places the fewest are named that explain the new order.
    """
    old, new = _placed(before), _placed(after)
    stayed = _stayed([old[id].number for id in new if id in old])
    changes = [_change(old.get(id), placed, stayed=stayed) for id, placed in new.items()]
    removed = [
        Change(ChangeKind.REMOVED, old[id].row, before=old[id]) for id in old if id not in new
    ]
    return (*(change for change in changes if change), *removed)


def _placed(rows: Iterable[RuleRow]) -> dict[int, Placed]:
    return {row.spec.id: Placed(number, row) for number, row in enumerate(rows, start=1)}


def _change(before: Placed | None, after: Placed, *, stayed: set[int]) -> Change | None:
    if before is None:
        return Change(ChangeKind.ADDED, after.row, after=after)
    parts = tuple(_parts(before, after, has_stayed=before.number in stayed))
    return Change(ChangeKind.CHANGED, after.row, before, after, parts) if parts else None


def _parts(before: Placed, after: Placed, *, has_stayed: bool) -> Iterable[Part]:
    old, new = before.row, after.row
    if old.spec.name != new.spec.name:
        yield Part.NAME
    if not has_stayed:
        yield Part.ORDER
    if old.is_active != new.is_active:
        yield Part.SWITCH
    if _asks(old) != _asks(new):
        yield Part.CONDITIONS
    if _deeds(old) != _deeds(new):
        yield Part.ACTIONS
    if old.note != new.note:
        yield Part.NOTE


def _asks(row: RuleRow) -> object:
    spec = row.spec
    match = spec.match if len(spec.conditions) > 1 else ""  # of one, all and any are the same
    return match, spec.conditions, frozenset(spec.channel_ids)


def _deeds(row: RuleRow) -> object:
    spec = row.spec
    return spec.target, spec.pins_contact, spec.add_tags, spec.set_priority


def _stayed(numbers: Sequence[int]) -> set[int]:
    """Return the longest run of numbers that still rise: those rules did not move."""
    ends: list[int] = []  # the smallest last number of a run of each length
    lengths = []
    for number in numbers:
        length = bisect_left(ends, number)
        ends[length : length + 1] = [number]
        lengths.append(length)
    stayed: set[int] = set()
    wanted = len(ends) - 1
    for number, length in zip(reversed(numbers), reversed(lengths), strict=True):
        if length == wanted:
            stayed.add(number)
            wanted -= 1
    return stayed
