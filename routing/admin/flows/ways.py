"""How a form names the steps of a flow: by their places, so that they may be renamed beside it."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from routing.engine.flow import graph


class Ways(NamedTuple):
    """The steps that can be gone on with. A step without a name cannot be gone to."""

    choices: tuple[tuple[str, str], ...]
    places: Mapping[str, int]

    @classmethod
    def through(cls, steps: Sequence[graph.Step]) -> "Ways":
        places: dict[str, int] = {}
        for place, step in enumerate(steps):
            if graph.name_of(step):
                places.setdefault(graph.name_of(step), place)
        choices = tuple((f"#{place}", f"{place + 1} · {name}") for name, place in places.items())
        return cls(choices, places)

    def encode(self, name: Any) -> str:
        """Return what stands for a step in the form; a step that is not there keeps its name."""
        if not name:
            return ""
        place = self.places.get(str(name))
        return f"={name}" if place is None else f"#{place}"


NOWHERE = Ways((), {})
#: Where a step's part of the document has names of steps.
_KEYS = ("next", "on_timeout", "on_failed", "otherwise")


def resolve(steps: Sequence[dict[str, Any]], names: Sequence[str]) -> None:
    """Write the names of steps where the form had their places; `names` are those of the places."""
    for step in steps:
        for values in (step, *step.get("paths", ())):
            for key in _KEYS:
                if key in values:
                    values[key] = _decode(values[key], names)


def _decode(sent: str, names: Sequence[str]) -> str:
    place = sent.removeprefix("#")
    if sent.startswith("#") and place.isdecimal() and int(place[:4]) < len(names):
        return names[int(place[:4])]
    return sent.removeprefix("=")
