"""What keeps a flow from being published: what is wrong with what it would do. Pure.

Works on a draft as it was typed, and begins with what its reader, `documents`, cannot understand.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, NamedTuple

from routing.engine.flow import documents, graph
from routing.engine.flow.graph import Edge, Step
from routing.engine.flow.reader import Fault
from routing.engine.text import fold

#: Kinds that name something of the house, and under which key.
TARGETS = {"team": "team", "person": "person", "ai_agent": "ai_agent", "message": "template"}
_OPTIONAL = frozenset({"message"})


class Problem(NamedTuple):
    """Something that is wrong, at a step or with the whole.

    `code` is stable; `problem_words` has a sentence for each. `place` counts the steps from 0 and
    is None for the whole; `key` is where in the step, such as `next`, `text.ja` or
    `paths.0.conditions.1.value`. `facts` fill the sentence.
    """

    code: str
    place: int | None = None
    step: str = ""
    key: str = ""
    facts: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class House:
    """What a step may name, by public id, and whether it can be used now."""

    team: Mapping[str, bool] = field(default_factory=dict)
    person: Mapping[str, bool] = field(default_factory=dict)
    ai_agent: Mapping[str, bool] = field(default_factory=dict)
    template: Mapping[str, bool] = field(default_factory=dict)
    #: Files, and the names of the flow's channels that cannot send each.
    files: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def of(self, kind: str) -> Mapping[str, bool]:
        found: Mapping[str, bool] = getattr(self, kind)
        return found


def find(document: Any, *, house: House) -> list[Problem]:
    """Return every problem of a draft: those of the whole first, then step by step."""
    steps = graph.steps_of(document)
    faults = faults_of(document)
    if not steps:
        return faults or [Problem("no_steps")]
    ways = graph.edges(steps)
    spoken = languages_of(steps)
    graph_wide = chain(_of_circles(steps, ways), _of_reach(steps, ways), _of_names(steps))
    found = [*faults, *graph_wide]
    for place, step in enumerate(steps):
        at = _At(place, graph.name_of(step))
        found.extend(_of_exits(step, ways[place], at))
        found.extend(_of_texts(step, spoken, at))
        found.extend(_of_target(step, house, at))
        found.extend(_of_file(step, house, at))
        found.extend(_of_paths(step, at))
    return sorted(found, key=lambda each: -1 if each.place is None else each.place)


def of_targets(document: Any, *, house: House) -> list[Problem]:
    """Return which of the things that its steps name are not there, or cannot be used now."""
    steps = enumerate(graph.steps_of(document))
    return [
        problem
        for place, step in steps
        for problem in _of_target(step, house, _At(place, graph.name_of(step)))
    ]


def faults_of(document: Any) -> list[Problem]:
    """Return what cannot be understood, and therefore cannot even be kept as a draft."""
    _spec, faults = documents.read(document)
    steps = graph.steps_of(document)
    return [_of_fault(fault, steps) for fault in faults]


def _of_fault(fault: Fault, steps: Sequence[Step]) -> Problem:
    facts = {"key": fault.path.rpartition(".")[2], **fault.facts}
    _steps, _dot, rest = fault.path.partition("steps.")
    number, _dot, key = rest.partition(".")
    if not number.isdecimal() or int(number) >= len(steps):
        return Problem(fault.code, key=fault.path, facts=facts)
    place = int(number)
    return Problem(fault.code, place, graph.name_of(steps[place]), key, facts)


class _At(NamedTuple):
    """Where a problem is."""

    place: int
    step: str

    def problem(self, code: str, key: str, **facts: Any) -> Problem:
        return Problem(code, self.place, self.step, key, facts)


def _of_circles(steps: Sequence[Step], ways: Sequence[Sequence[Edge]]) -> Iterator[Problem]:
    for ring in graph.rings(steps, ways):
        names = [graph.name_of(steps[place]) or f"{place + 1}" for place in ring]
        at = _At(ring[0], names[0])
        yield at.problem("circle_without_wait", "next", names=names)


def _of_reach(steps: Sequence[Step], ways: Sequence[Sequence[Edge]]) -> Iterator[Problem]:
    reached = graph.reached(ways)
    for place, step in enumerate(steps):
        if place not in reached:
            yield _At(place, graph.name_of(step)).problem("unreachable_step", "")


def _of_names(steps: Sequence[Step]) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for place, step in enumerate(steps):
        name = graph.name_of(step)
        at = _At(place, name)
        if not name:
            yield at.problem("unnamed_step", "name")
        elif fold(name) in first:
            yield at.problem("duplicate_name", "name", number=first[fold(name)] + 1)
        first.setdefault(fold(name), place)


def _of_exits(step: Step, ways: Sequence[Edge], at: _At) -> Iterator[Problem]:
    for edge in ways:
        if edge.is_dangling:
            yield at.problem("dangling_next", edge.exit.key, wanted=edge.exit.wanted)
    if graph.kind_of(step) == "go_to" and not graph.text_at(step, "next"):
        yield at.problem("go_to_nowhere", "next")


# --- Texts


def texts_of(step: Step) -> dict[str, str]:
    """Return the step's texts by language; that of everybody else is under a blank one."""
    found = step.get("text")
    if not isinstance(found, Mapping):
        return {}
    return {str(language): graph.text_at(found, language) for language in found}


def languages_of(steps: Sequence[Step]) -> list[str]:
    """Return the languages in which some step of the flow speaks."""
    spoken = chain.from_iterable(texts_of(step).items() for step in steps if _speaks(step))
    return sorted({language for language, text in spoken if language and text})


def _of_texts(step: Step, spoken: Sequence[str], at: _At) -> Iterator[Problem]:
    texts = texts_of(step)
    if not _speaks(step) or _is_silent(step):
        return
    if not any(texts.values()):
        yield at.problem("text_missing", "text.")
        return
    if not texts.get(""):
        yield at.problem("text_missing_otherwise", "text.")
    for language in spoken:
        if not texts.get(language):
            yield at.problem("text_missing_in", f"text.{language}", language=language)


def _speaks(step: Step) -> bool:
    return graph.kind_of(step) in ("message", "question")


def _is_silent(step: Step) -> bool:
    """Say whether a message needs no text: a template brings its own, a file speaks for itself."""
    has_other = graph.text_at(step, "template") or graph.text_at(step, "file")
    return bool(has_other) and not any(texts_of(step).values())


# --- What steps name


def _of_target(step: Step, house: House, at: _At) -> Iterator[Problem]:
    kind = graph.kind_of(step)
    key = TARGETS.get(kind)
    if key is None:
        return
    named = graph.text_at(step, key)
    if not named:
        if kind not in _OPTIONAL:
            yield at.problem(f"{key}_required", key)
        return
    is_usable = house.of(key).get(named)
    if is_usable is None:
        yield at.problem(f"{key}_missing", key)
    elif not is_usable:
        yield at.problem(f"{key}_inactive", key)


def _of_file(step: Step, house: House, at: _At) -> Iterator[Problem]:
    named = graph.text_at(step, "file") if graph.kind_of(step) == "message" else ""
    if not named:
        return
    refusing = house.files.get(named)
    if refusing is None:
        yield at.problem("file_missing", "file")
    elif refusing:
        yield at.problem("file_refused", "file", channels=list(refusing))


# --- Paths of a condition


def _of_paths(step: Step, at: _At) -> Iterator[Problem]:
    if graph.kind_of(step) != "condition":
        return
    paths = graph.members_of(step, "paths")
    if not paths:
        yield at.problem("no_paths", "paths")
    names: set[str] = set()
    for number, path in enumerate(paths):
        key, name = f"paths.{number}", graph.name_of(path)
        if not name:
            yield at.problem("unnamed_path", f"{key}.name", number=number + 1)
        elif fold(name) in names:
            yield at.problem("duplicate_path", f"{key}.name", path=name)
        names.add(fold(name))
        if not graph.members_of(path, "conditions"):
            yield at.problem(
                "path_without_conditions", f"{key}.conditions", path=name or f"{number + 1}"
            )
