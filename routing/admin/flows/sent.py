"""The steps as a form sent them: read into a document, and rearranged by the form's buttons."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from routing.admin.flows.step_forms import FIELDS, EndFields
from routing.admin.flows.step_rows import take_rows
from routing.admin.flows.ways import resolve
from routing.engine.flow.documents import MOST_STEPS
from routing.engine.flow.reader import LONGEST_NAME
from routing.models.flow import StepKind
from teams.texts import Text

Json = dict[str, Any]
#: A form may have a few more steps than a flow: the reader of flows says that they are too many.
_MOST_READ = MOST_STEPS + 20
_SAVED = "save"
#: What the rows of a step are called.
ROW_LABELS: dict[str, Text] = {
    "text": gettext_lazy("Text"),
    "values": gettext_lazy("Placeholders"),
    "attributes": gettext_lazy("Properties"),
    "paths": gettext_lazy("Paths"),
}


@dataclass
class Sent:
    """What a form said: its steps, what was left out of them, and the button that was pressed.

    `focus` is the place of the step at which the page is to be shown again.
    """

    steps: list[Json]
    left_out: list[Text] = field(default_factory=list)
    act: str = _SAVED
    focus: int | None = None

    @property
    def document(self) -> Json:
        return {"steps": self.steps}


def read(data: Mapping[str, str]) -> Sent:
    """Read the form, and do what its button says: move, insert, copy or delete a step."""
    names: list[str] = []
    sent = Sent([])
    for place in range(_MOST_READ):
        prefix = f"steps-{place}"
        if f"{prefix}-kind" not in data:
            break
        sent.steps.append(_read_step(data, prefix))
        names.append(sent.steps[-1]["name"] or data.get(f"{prefix}-was", ""))
        sent.left_out.extend(_left_out(data, prefix, sent.steps[-1], number=place + 1))
    resolve(sent.steps, names)
    name, _dash, rest = data.get("act", _SAVED).partition("-")
    sent.act = name
    if name in ACTS:
        place = int(rest) if rest.isdecimal() and len(rest) < len(str(_MOST_READ)) + 1 else -1
        sent.focus = ACTS[name](sent.steps, place)
    return sent


def _read_step(data: Mapping[str, str], prefix: str) -> Json:
    kind = data[f"{prefix}-kind"]
    form = FIELDS.get(kind, EndFields)(prefix=prefix, data=data)
    rows = {key: take_rows(data, prefix, key=key) for key in form.rows}
    name = data.get(f"{prefix}-name", "").strip()
    said = {key: value for key, value in {**rows, **form.taken()}.items() if value not in ({}, [])}
    return {"name": name, "kind": kind, **said}


def _left_out(data: Mapping[str, str], prefix: str, step: Json, *, number: int) -> list[Text]:
    """Say what was typed for another kind of step: the form had its fields, the step has not."""
    kind, shown = step["kind"], data.get(f"{prefix}-shown", "")
    if shown == kind or shown not in FIELDS or kind not in FIELDS:
        return []
    form = FIELDS[shown](prefix=prefix, data=data)
    fields = FIELDS[kind].base_fields
    typed = form.taken()
    labels = [
        str(form[name].label)
        for name in typed
        if name not in fields and typed[name] != form.fields[name].usual  # type: ignore[attr-defined]
    ]
    rows = [key for key in form.rows if key not in FIELDS[kind].rows]
    labels += [str(ROW_LABELS[key]) for key in rows if take_rows(data, prefix, key=key)]
    if not labels:
        return []
    sentence = _("Step %(number)d is of the kind “%(kind)s” now. Left out: %(fields)s.")
    names = {"number": number, "kind": StepKind(kind).label, "fields": ", ".join(labels)}
    return [sentence % names]


# --- What the buttons do


def _up(steps: list[Json], place: int) -> int:
    return _swap(steps, place, place - 1)


def _down(steps: list[Json], place: int) -> int:
    return _swap(steps, place, place + 1)


def _swap(steps: list[Json], place: int, other: int) -> int:
    if not (0 <= place < len(steps) and 0 <= other < len(steps)):
        return place
    steps[place], steps[other] = steps[other], steps[place]
    return other


def _insert(steps: list[Json], place: int) -> int:
    """Put a new step below this one; at the end, if there is none such."""
    at = place + 1 if 0 <= place < len(steps) else len(steps)
    name = _free_name(steps, _("Step %(number)d") % {"number": at + 1})
    steps.insert(at, {"name": name, "kind": "message"})
    return at


def _duplicate(steps: list[Json], place: int) -> int:
    if not 0 <= place < len(steps):
        return place
    name = _free_name(steps, steps[place]["name"])
    steps.insert(place + 1, {**steps[place], "name": name})
    return place + 1


def _delete(steps: list[Json], place: int) -> int:
    if 0 <= place < len(steps):
        del steps[place]
    return min(place, len(steps) - 1)


def _take_file_off(steps: list[Json], place: int) -> int:
    if 0 <= place < len(steps):
        steps[place].pop("file", None)
    return place


def _stay(steps: list[Json], place: int) -> int:
    """Change nothing: the button leads to a page about this step."""
    return place if 0 <= place < len(steps) else -1


def _add_path(steps: list[Json], place: int) -> int:
    if 0 <= place < len(steps):
        steps[place].setdefault("paths", []).append({"name": "", "conditions": []})
    return place


def _free_name(steps: list[Json], name: str) -> str:
    """Return a name that no step has: this one, or with a number behind it."""
    taken = {step["name"] for step in steps}
    number, free = 2, name
    while free in taken:
        end = f" {number}"
        free = f"{name[: LONGEST_NAME - len(end)]}{end}"
        number += 1
    return free


ACTS = {
    "up": _up,
    "down": _down,
    "insert": _insert,
    "duplicate": _duplicate,
    "delete": _delete,
    "path": _add_path,
    "file": _stay,
    "unfile": _take_file_off,
}
