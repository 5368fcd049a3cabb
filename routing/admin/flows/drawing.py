"""The steps of a flow as forms to be shown: from the document, whatever is wrong with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django import forms

from conversations.models import HouseFile
from conversations.templatetags.relaydesk import language_name
from routing import flow_house
from routing.admin.flows.step_forms import FIELDS, StepFields
from routing.admin.flows.step_rows import (
    PairForm,
    PathRow,
    TextRow,
    draw_pairs,
    draw_paths,
    draw_texts,
)
from routing.admin.flows.typed import Pick
from routing.admin.flows.ways import Ways
from routing.engine.flow import graph
from routing.engine.flow.problem_words import sentence_of
from routing.engine.flow.problems import Problem, languages_of
from routing.models.flow import StepKind
from routing.rendering import write_phrase
from teams.texts import Text

_NEW = "message"
#: The kinds of steps, to choose from.
KINDS = StepKind.choices
Offers = Mapping[str, Sequence[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Complaint:
    """A problem as the page shows it: a sentence, and where it is."""

    text: str
    number: int | None
    step: str
    key: str
    id: str


@dataclass(frozen=True, slots=True)
class FileName:
    """The file of a step, as its page names it; `size` in bytes."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Body:
    """The fields of one kind, as they stand in a step."""

    kind: str
    prefix: str
    form: StepFields
    texts: Sequence[TextRow] = ()
    pairs: Sequence[PairForm] = ()
    pairs_key: str = ""
    paths: Sequence[PathRow] = ()
    file: FileName | None = None

    @property
    def place(self) -> str:
        return self.prefix.rpartition("-")[2]


@dataclass(frozen=True, slots=True)
class Card:
    """A step on the page. `number` counts from 1."""

    number: int
    name: str
    kind: str
    kind_label: Text
    body: Body
    complaints: Sequence[Complaint]
    is_open: bool
    is_first: bool
    is_last: bool

    @property
    def place(self) -> int:
        return self.number - 1

    @property
    def prefix(self) -> str:
        return self.body.prefix


def load_offers() -> dict[str, list[tuple[str, str]]]:
    """Return what steps may name, as choices, by the key of the step."""
    return {
        key: [(str(row.public_id), str(row)) for row in flow_house.offered(key)]
        for key in flow_house.MODELS
    }


def complain(problems: Sequence[Problem]) -> list[Complaint]:
    """Return problems as sentences in the reader's language."""
    return [
        Complaint(
            text=write_phrase(sentence_of(problem, language_name=language_name)),
            number=None if problem.place is None else problem.place + 1,
            step=problem.step,
            key=problem.key,
            id=f"problem-{count}",
        )
        for count, problem in enumerate(problems, start=1)
    ]


def draw(
    document: Any,
    *,
    complaints: Sequence[Complaint],
    offers: Offers,
    focus: int | None,
    files: Mapping[str, HouseFile],
) -> list[Card]:
    """Return each step; open are the one in focus and those with a problem."""
    steps = graph.steps_of(document)
    ways, spoken = Ways.through(steps), languages_of(steps)
    cards = []
    for place, step in enumerate(steps):
        own = [each for each in complaints if each.number == place + 1]
        kind = graph.kind_of(step)
        body = _body(step, kind, f"steps-{place}", ways=ways, spoken=spoken, offers=offers)
        body = replace(body, file=_file_of(step, files))
        _mark(body, own)
        cards.append(
            Card(
                number=place + 1,
                name=graph.name_of(step),
                kind=kind,
                kind_label=dict(StepKind.choices).get(kind, kind),
                body=body,
                complaints=own,
                is_open=bool(own) or place == focus,
                is_first=place == 0,
                is_last=place + 1 == len(steps),
            )
        )
    return cards


def _file_of(step: graph.Step, files: Mapping[str, HouseFile]) -> FileName | None:
    file = files.get(graph.text_at(step, "file"))
    return None if file is None else FileName(file.filename, file.size)


def draw_kinds(document: Any, *, offers: Offers) -> list[Body]:
    """Return the empty fields of each kind, put in place when that is chosen."""
    steps = graph.steps_of(document)
    ways, spoken = Ways.through(steps), languages_of(steps)
    return [
        _body({}, kind, "steps-__step__", ways=ways, spoken=spoken, offers=offers)
        for kind in FIELDS
    ]


def _body(
    step: graph.Step,
    kind: str,
    prefix: str,
    *,
    ways: Ways,
    spoken: Sequence[str],
    offers: Offers,
) -> Body:
    fields = FIELDS.get(kind, FIELDS[_NEW])
    form = fields(prefix=prefix)
    for name, field in form.fields.items():
        if isinstance(field, Pick):
            field.choices = [*field.choices, *offers[name]]
    form.fill(step, ways=ways)
    pairs_key = next((key for key in fields.rows if key in ("values", "attributes")), "")
    return Body(
        kind=kind,
        prefix=prefix,
        form=form,
        texts=draw_texts(step, spoken=spoken, prefix=prefix) if "text" in fields.rows else (),
        pairs=draw_pairs(step, key=pairs_key, prefix=prefix) if pairs_key else (),
        pairs_key=pairs_key,
        paths=draw_paths(step, ways=ways, prefix=prefix) if "paths" in fields.rows else (),
    )


def _mark(body: Body, complaints: Sequence[Complaint]) -> None:
    """Let each field say that something is wrong with it, and where that is written."""
    for complaint in complaints:
        head, _dot, rest = complaint.key.partition(".")
        if head in body.form.fields:
            _point(body.form, head, complaint)
        elif head == "text":
            for row in body.texts:
                if row.language == rest:
                    _point(row.form, "text", complaint)
        elif head == "paths" and rest.partition(".")[0].isdecimal():
            _mark_path(body.paths, rest, complaint)


def _mark_path(paths: Sequence[PathRow], key: str, complaint: Complaint) -> None:
    number, _dot, rest = key.partition(".")
    if int(number) >= len(paths):
        return
    path = paths[int(number)]
    if rest in path.form.fields:
        _point(path.form, rest, complaint)
        return
    place, _dot, part = rest.removeprefix("conditions.").partition(".")
    if place.isdecimal() and int(place) < len(path.conditions):
        row = path.conditions[int(place)]
        _point(row, part if part in row.fields else "value", complaint)


def _point(form: forms.Form, name: str, complaint: Complaint) -> None:
    attributes = {"aria-invalid": "true", "aria-describedby": complaint.id}
    form.fields[name].widget.attrs.update(attributes)
