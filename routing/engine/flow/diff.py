"""What is different between two versions of a flow, step by step. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from routing.engine.flow import graph
from routing.engine.flow.graph import Step


class How(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    RENAMED = "renamed"
    MOVED = "moved"


class Detail(NamedTuple):
    """One key of a step; None where a version does not have it."""

    key: str
    before: Any
    after: Any


class Change(NamedTuple):
    """A step that is not as it was. `place` is that of the newer version, where it is in it.

    `was` is its earlier name, where it has another.
    """

    how: How
    place: int
    step: str
    kind: str
    details: tuple[Detail, ...] = ()
    was: str = ""


def compare(before: Any, after: Any) -> list[Change]:
    """Return what became of each step, in the order of the newer version; then what is gone."""
    olds, news = graph.steps_of(before), graph.steps_of(after)
    pairs = _pair(olds, news)
    moved = _moved([old for _new, old in sorted(pairs.items())])
    changes = [
        change
        for place, new in enumerate(news)
        for change in _of(new, place, olds, pairs.get(place), moved)
    ]
    gone = [place for place in range(len(olds)) if place not in pairs.values()]
    return [*changes, *(_named(How.REMOVED, place, olds[place]) for place in gone)]


def _of(
    new: Step, place: int, olds: Sequence[Step], old: int | None, moved: frozenset[int]
) -> Iterator[Change]:
    if old is None:
        yield _named(How.ADDED, place, new)
        return
    was = graph.name_of(olds[old])
    details = tuple(_details(olds[old], new))
    name, kind = graph.name_of(new), graph.kind_of(new)
    if was != name:
        yield Change(How.RENAMED, place, name, kind, was=was)
    if details:
        yield Change(How.CHANGED, place, name, kind, details)
    elif old in moved:
        yield Change(How.MOVED, place, name, kind)


def _pair(olds: Sequence[Step], news: Sequence[Step]) -> dict[int, int]:
    """Return which older step each newer one was: that of its name, else one just like it."""
    pairs: dict[int, int] = {}
    for is_same in (_has_same_name, _is_alike):
        for place, new in enumerate(news):
            free = (old for old in range(len(olds)) if old not in pairs.values())
            if place not in pairs:
                found = next((old for old in free if is_same(olds[old], new)), None)
                if found is not None:
                    pairs[place] = found
    return pairs


def _has_same_name(old: Step, new: Step) -> bool:
    return graph.name_of(old) == graph.name_of(new)


def _is_alike(old: Step, new: Step) -> bool:
    return not any(_details(old, new)) and len(old) > len({"name", "kind"})


def _details(old: Step, new: Step) -> Iterator[Detail]:
    for key in dict.fromkeys([*new, *old]):
        if key != "name" and old.get(key) != new.get(key):
            yield Detail(key, old.get(key), new.get(key))


def _moved(order: Sequence[int]) -> frozenset[int]:
    """Return those that are out of their old order: all but the longest part that kept it."""
    best: list[list[int]] = []
    for place, old in enumerate(order):
        before = [best[other] for other in range(place) if order[other] < old]
        best.append([*max(before, key=len, default=[]), old])
    kept = max(best, key=len, default=[])
    return frozenset(order) - frozenset(kept)


def _named(how: How, place: int, step: Mapping[str, Any]) -> Change:
    return Change(how, place, graph.name_of(step), graph.kind_of(step))
