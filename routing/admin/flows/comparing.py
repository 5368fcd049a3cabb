"""The differences between two versions of a flow, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _

from conversations.templatetags.relaydesk import language_name
from routing import flow_files, flow_house
from routing.admin.flows.sent import ROW_LABELS
from routing.admin.flows.step_forms import FIELDS
from routing.admin.flows.typed import Attached, Choice, Duration, Pick, Way
from routing.engine.conditions import ConditionSpec
from routing.engine.explain_rules import describe_conditions
from routing.engine.flow import graph
from routing.engine.flow.diff import Change, Detail, How, compare
from routing.engine.phrases import Phrase
from routing.models import FlowVersion
from routing.models.flow import StepKind
from routing.rendering import write_phrase
from teams.durations import in_words
from teams.texts import Text

_TONES = {How.ADDED: "good", How.REMOVED: "bad", How.CHANGED: "info"}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing before and after; blank where there was nothing."""

    label: Text
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What became of a step, or of the head; `word` says it in a word."""

    word: Text
    tone: str
    title: Text
    lines: Sequence[Line] = ()


def compare_heads(
    old: FlowVersion, new: FlowVersion, *, names: Mapping[int, Text]
) -> list[Difference]:
    """Return what starts the flow now, where that is different. `names` are those of channels."""

    def channels(version: FlowVersion) -> str:
        listed = (str(names.get(pk, f"#{pk}")) for pk in version.channel_ids)
        return ", ".join(listed) or _("all")

    pairs = (
        (_("Starts with"), old.get_trigger_display(), new.get_trigger_display()),
        (_("Words"), ", ".join(old.words), ", ".join(new.words)),
        (_("Channels"), channels(old), channels(new)),
    )
    lines = [Line(label, str(a), str(b)) for label, a, b in pairs if a != b]
    return [Difference(_("changed"), "info", _("Start"), lines)] if lines else []


def compare_steps(old: Any, new: Any) -> list[Difference]:
    """Return what became of each step."""
    changes = compare(old, new)
    files = flow_files.load(old, new)
    names = flow_house.titles_of(old, new) | {key: str(file) for key, file in files.items()}
    return [_difference(change, names) for change in changes]


def _difference(change: Change, names: Mapping[str, str]) -> Difference:
    words = {
        How.ADDED: _("new"),
        How.REMOVED: _("gone"),
        How.CHANGED: _("changed"),
        How.RENAMED: _("renamed"),
        How.MOVED: _("moved"),
    }
    title = f"{change.place + 1} · {change.step} — {_kind(change.kind)}"
    lines = [_line(change.kind, detail, names) for detail in change.details]
    if change.how is How.RENAMED:
        lines = [Line(_("Name"), change.was, change.step)]
    tone = _TONES.get(change.how, "quiet")
    return Difference(words[change.how], tone, title, lines)


def _line(kind: str, detail: Detail, names: Mapping[str, str]) -> Line:
    if detail.key == "kind":
        return Line(_("Kind"), str(_kind(detail.before)), str(_kind(detail.after)))
    field = FIELDS[kind].base_fields.get(detail.key) if kind in FIELDS else None
    label = ROW_LABELS.get(detail.key) or (field.label if field is not None else detail.key)
    before, after = (_shown(field, value, names) for value in (detail.before, detail.after))
    return Line(label or detail.key, before, after)


def _kind(kind: Any) -> Text:
    return dict(StepKind.choices).get(kind, str(kind))


def _shown(field: Any, value: Any, names: Mapping[str, str]) -> str:
    """Return a value of the document as people say it."""
    if value is None:
        return ""
    if isinstance(field, Pick | Attached):
        return names.get(value, str(value))
    if isinstance(field, Duration) and isinstance(value, int):
        return in_words(timedelta(seconds=value))
    if isinstance(field, Choice) and not isinstance(field, Way):
        return str(dict(field.choices).get(value, value))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, Mapping):
        return "\n".join(f"{_before(key)}{text}" for key, text in value.items())
    if isinstance(value, list):
        return "\n".join(_path(each) if isinstance(each, Mapping) else str(each) for each in value)
    return str(value)


def _before(key: str) -> str:
    """Return what stands before a text or a value: its language, or its name."""
    if not key:
        return ""
    return _("%(label)s:") % {"label": language_name(key)} + " "


def _path(path: Mapping[str, Any]) -> str:
    """Return a path of a condition in one sentence."""
    asked = [
        ConditionSpec(**{part: str(each.get(part, "")) for part in ("field", "operator", "value")})
        for each in graph.members_of(path, "conditions")
    ]
    name, ahead = graph.name_of(path), graph.text_at(path, "next") or _("the step below")
    if not asked:
        return f"{name} → {ahead}"
    said = describe_conditions(asked, match="all")
    text = write_phrase(said) if isinstance(said, Phrase) else str(said)
    return f"{name}: {text} → {ahead}"
