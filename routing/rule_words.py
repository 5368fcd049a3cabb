"""Rules, and what is different between two sets of them, in the reader's language."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from channels.models import Channel
from routing.engine.facts import RuleSpec, Target, TargetKind
from routing.engine.rule_diff import Change, Part, Placed
from routing.models import AiAgent, Flow
from routing.rendering import render_rule
from teams.models import Team, User

#: Whoever compares two rules wants to see all of them.
EVERYTHING = 300
_TABLES: dict[TargetKind, type[Model]] = {
    TargetKind.TEAM: Team,
    TargetKind.PERSON: User,
    TargetKind.AI: AiAgent,
    TargetKind.FLOW: Flow,
    TargetKind.CHANNEL: Channel,
}
_LABELS = {
    Part.NAME: gettext_noop("Name"),
    Part.ORDER: gettext_noop("Number"),
    Part.SWITCH: gettext_noop("On or off"),
    Part.CONDITIONS: gettext_noop("If"),
    Part.ACTIONS: gettext_noop("Then"),
    Part.NOTE: gettext_noop("Note for colleagues"),
}


@dataclass(frozen=True, slots=True)
class RenderedPart:
    """One thing about a rule: what it was, and what it is; of a new rule there is no before."""

    code: str
    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class RenderedChange:
    """What happened to one rule: it was `added`, `removed`, `changed`, or only `moved`.

    `text` is one sentence; `rule_id` is the API's.
    """

    kind: str
    name: str
    rule_id: str
    text: str
    parts: tuple[RenderedPart, ...]


def load_names(specs: Iterable[RuleSpec]) -> dict[Target, str]:
    """Return the names of all that these rules speak of: a query for each kind."""
    ids: dict[TargetKind, set[int]] = {}
    for spec in specs:
        ids.setdefault(spec.target.kind, set()).add(spec.target.id)
        ids.setdefault(TargetKind.CHANNEL, set()).update(spec.channel_ids)
    return {
        Target(kind, pk): name
        for kind, some in ids.items()
        if some
        for pk, name in _TABLES[kind]._default_manager.filter(pk__in=some).values_list("pk", "name")
    }


def asks_and_deeds(
    spec: RuleSpec, *, names: Mapping[Target, str], limit: int = EVERYTHING
) -> tuple[str, str]:
    """Return what a rule asks for, and all that it does as one list of the reader's language."""
    asks, *firsts, text = render_rule(spec, names=names, limit=limit)
    for first in reversed(firsts):
        text = _("%(first)s, %(rest)s") % {"first": first, "rest": text}
    return asks, text


def render_changes(changes: Sequence[Change]) -> list[RenderedChange]:
    """Return every change in words, in its order."""
    placed = [each for change in changes for each in (change.before, change.after) if each]
    names = load_names(each.row.spec for each in placed)
    return [_render(change, names) for change in changes]


def _render(change: Change, names: Mapping[Target, str]) -> RenderedChange:
    before = _values(change.before, names) if change.before else {}
    after = _values(change.after, names) if change.after else {}
    codes = change.parts or (_OF_A_WHOLE if change.rule.is_active else (Part.SWITCH, *_OF_A_WHOLE))
    parts = (
        RenderedPart(part.value, _(_LABELS[part]), before.get(part, ""), after.get(part, ""))
        for part in codes
    )
    return RenderedChange(
        kind="moved" if change.parts == (Part.ORDER,) else change.kind.value,
        name=change.rule.spec.name,
        rule_id=change.rule.public_id,
        text=_sentence(change),
        parts=tuple(part for part in parts if part.before or part.after),
    )


#: What is said of a rule that is new, or that is gone.
_OF_A_WHOLE = (Part.CONDITIONS, Part.ACTIONS, Part.NOTE)


def _values(placed: Placed, names: Mapping[Target, str]) -> dict[Part, str]:
    row = placed.row
    asks, deeds = asks_and_deeds(row.spec, names=names)
    return {
        Part.NAME: row.spec.name,
        Part.ORDER: str(placed.number),
        Part.SWITCH: _("On") if row.is_active else _("Off"),
        Part.CONDITIONS: asks,
        Part.ACTIONS: deeds,
        Part.NOTE: row.note,
    }


def _sentence(change: Change) -> str:
    said = {"rule": change.rule.spec.name}
    if change.after is None:
        return _("“%(rule)s” is removed.") % said
    if change.before is None:
        said["number"] = str(change.after.number)
        return _("“%(rule)s” is new, as number %(number)s.") % said
    if change.parts == (Part.ORDER,):
        said |= {"old": str(change.before.number), "new": str(change.after.number)}
        return _("“%(rule)s” moves from number %(old)s to number %(new)s.") % said
    return _("“%(rule)s” is changed.") % said
