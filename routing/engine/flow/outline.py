"""A flow as a tree of its steps, for people to see where it goes. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from routing.engine.flow import graph
from routing.engine.flow.graph import Edge, Step


@dataclass(frozen=True, slots=True)
class Line:
    """A step where the flow comes to it first; later it `is_again`, and nothing is behind it.

    `place` counts from 0; None is the end of the flow, or what a step names that is not there:
    then `wanted` has the name.
    """

    place: int | None
    name: str = ""
    kind: str = ""
    wanted: str = ""
    is_again: bool = False
    branches: tuple["Branch", ...] = ()


class Branch(NamedTuple):
    """A way out of a step that is not the usual one, and the steps along it.

    `key` is `path`, whose name is the `label`, or `otherwise`, `on_failed`, `on_timeout`.
    """

    key: str
    label: str
    lines: tuple[Line, ...]


class Outline(NamedTuple):
    """The steps from the first on, and those to which no way leads."""

    lines: tuple[Line, ...]
    unreached: tuple[Line, ...]


def draw(document: Any) -> Outline:
    """Return the outline of a draft, however wrong it is."""
    steps = graph.steps_of(document)
    if not steps:
        return Outline((), ())
    drawing = _Drawing(steps, graph.edges(steps))
    lines = drawing.follow(Edge(graph.Exit("next", "", ""), 0))
    rest = [place for place in range(len(steps)) if place not in drawing.seen]
    return Outline(lines, tuple(_line(place, steps[place]) for place in rest))


@dataclass
class _Drawing:
    steps: Sequence[Step]
    ways: Sequence[Sequence[Edge]]
    seen: set[int] = field(default_factory=set)

    def follow(self, edge: Edge) -> tuple[Line, ...]:
        """Return the steps from here on: the usual way first, then what branches off it."""
        way: list[int] = []
        last: Edge | None = edge
        while last is not None and last.target is not None and last.target not in self.seen:
            way.append(last.target)
            self.seen.add(last.target)
            last = next((one for one in self.ways[last.target] if one.exit.key == "next"), None)
        lines = [_line(place, self.steps[place], branches=self._branches(place)) for place in way]
        return (*lines, *([] if last is None else [self._mention(last)]))

    def _branches(self, place: int) -> tuple[Branch, ...]:
        return tuple(self._branch(way) for way in self.ways[place] if way.exit.key != "next")

    def _branch(self, edge: Edge) -> Branch:
        key = "path" if edge.exit.key.startswith("paths.") else edge.exit.key
        return Branch(key, edge.exit.label, self.follow(edge))

    def _mention(self, edge: Edge) -> Line:
        if edge.target is None:
            return Line(None, wanted=edge.exit.wanted)
        return _line(edge.target, self.steps[edge.target], is_again=True)


def _line(
    place: int, step: Step, *, branches: tuple[Branch, ...] = (), is_again: bool = False
) -> Line:
    name, kind = graph.name_of(step), graph.kind_of(step)
    return Line(place, name, kind, is_again=is_again, branches=branches)
