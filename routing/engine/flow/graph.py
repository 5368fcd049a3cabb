"""Which step of a flow leads to which. Reads a draft as it was typed, however wrong it is. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

Step = Mapping[str, Any]
#: Kinds after which the flow goes on at `next`.
_GOES_ON = frozenset(
    {"message", "question", "update_contact", "team", "person", "delay", "ai_agent"}
)


class Exit(NamedTuple):
    """One way out of a step.

    `key` says where in the step it is written, such as `next` or `paths.0.next`; `label` is the
    name of the path. `wanted` is the step that was named; blank: the next in order.
    """

    key: str
    label: str
    wanted: str


class Edge(NamedTuple):
    """A way out, and where it leads: a step by its place from 0; None is the end of the flow.

    `is_dangling`: a step was named that is not there.
    """

    exit: Exit
    target: int | None
    is_dangling: bool = False


def steps_of(document: Any) -> list[Step]:
    """Return the steps of a document, whatever else it holds."""
    return members_of(document, "steps") if isinstance(document, Mapping) else []


def name_of(step: Step) -> str:
    return text_at(step, "name")


def kind_of(step: Step) -> str:
    return text_at(step, "kind")


def text_at(values: Mapping[str, Any], key: str) -> str:
    """Return a text without its surrounding blanks; blank for anything else."""
    value = values.get(key)
    return value.strip() if isinstance(value, str) else ""


def members_of(values: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """Return the members of a list that have keys of their own."""
    found = values.get(key)
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []


def waits(step: Step) -> bool:
    """Say whether the flow waits in this step: for the customer, or for time to pass."""
    kind = kind_of(step)
    return kind in ("question", "delay") or (kind == "message" and step.get("wait") is True)


def exits(step: Step) -> Iterator[Exit]:
    """Yield each way out that the step's kind has, the usual one last."""
    kind = kind_of(step)
    if kind == "condition":
        for number, path in enumerate(members_of(step, "paths")):
            yield Exit(f"paths.{number}.next", name_of(path), _way(path, "next"))
        yield Exit("otherwise", "", _way(step, "otherwise"))
    if kind == "question" and _way(step, "on_failed"):
        yield Exit("on_failed", "", _way(step, "on_failed"))
    if kind in ("message", "question") and waits(step) and _way(step, "on_timeout"):
        yield Exit("on_timeout", "", _way(step, "on_timeout"))
    if kind in _GOES_ON or kind == "go_to":
        yield Exit("next", "", _way(step, "next"))


def edges(steps: Sequence[Step]) -> list[list[Edge]]:
    """Return the ways out of each step. Of several steps of one name, the first is meant."""
    places: dict[str, int] = {}
    for place, step in enumerate(steps):
        places.setdefault(name_of(step), place)
    return [
        [_edge(each, place=place, places=places, count=len(steps)) for each in exits(step)]
        for place, step in enumerate(steps)
    ]


def reached(ways: Sequence[Sequence[Edge]]) -> set[int]:
    """Return the places that the flow can come to from its first step."""
    found: set[int] = set()
    to_visit = [0] if ways else []
    while to_visit:
        place = to_visit.pop()
        if place in found:
            continue
        found.add(place)
        to_visit.extend(edge.target for edge in ways[place] if edge.target is not None)
    return found


def rings(steps: Sequence[Step], ways: Sequence[Sequence[Edge]]) -> list[list[int]]:
    """Return the steps that can run in a circle without one of them waiting, circle by circle."""
    ahead = {
        place: set(_ahead(place, steps, ways))
        for place, step in enumerate(steps)
        if not waits(step)
    }
    found: list[list[int]] = []
    for place, others in ahead.items():
        ring = sorted(each for each in others if place in ahead[each])
        if ring and ring not in found:
            found.append(ring)
    return found


def _ahead(place: int, steps: Sequence[Step], ways: Sequence[Sequence[Edge]]) -> set[int]:
    """Return where one can come from this step without waiting on the way."""
    found: set[int] = set()
    to_visit = [place]
    while to_visit:
        for edge in ways[to_visit.pop()]:
            other = edge.target
            if other is not None and other not in found and not waits(steps[other]):
                found.add(other)
                to_visit.append(other)
    return found


def _way(values: Mapping[str, Any], key: str) -> str:
    """Return the name of a step exactly as it stands: the walk compares it so."""
    value = values.get(key)
    return value if isinstance(value, str) else ""


def _edge(way: Exit, *, place: int, places: Mapping[str, int], count: int) -> Edge:
    if way.wanted:
        target = places.get(way.wanted)
        return Edge(way, target, is_dangling=target is None)
    return Edge(way, place + 1 if place + 1 < count else None)
