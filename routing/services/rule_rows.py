"""Writing all rules anew, as a version has them."""

from collections.abc import Iterable, Sequence

from django.db.models import Model

from channels.models import Channel
from routing.engine.facts import RuleSpec, Target, TargetKind
from routing.engine.rule_sets import RuleRow
from routing.models import AiAgent, Condition, Flow, Rule
from teams.identifiers import new_public_id
from teams.models import Team, User

_TABLES: dict[TargetKind, type[Model]] = {
    TargetKind.TEAM: Team,
    TargetKind.PERSON: User,
    TargetKind.AI: AiAgent,
    TargetKind.FLOW: Flow,
    TargetKind.CHANNEL: Channel,
}
_FIELDS = (
    "name",
    "position",
    "is_active",
    "match",
    "team",
    "person",
    "ai_agent",
    "flow",
    "add_tags",
    "set_priority",
    "pins_contact",
    "note",
)


def write_all(rows: Sequence[RuleRow]) -> list[str]:
    """Let these be the rules, in this order; return the names of those that cannot be any more.

    A rule cannot be whose target is gone, or all channels that it was for: without them it would
    go nowhere, or match everywhere.
    """
    there = _find({target for row in rows for target in _named_by(row.spec)})
    able = [row for row in rows if _is_able(row.spec, there)]
    kept = Rule.objects.in_bulk([row.spec.id for row in able])
    Rule.objects.exclude(pk__in=kept).delete()
    rules = [_fill(kept.get(row.spec.id), row, place=place) for place, row in enumerate(able)]
    Rule.objects.bulk_update([rule for rule in rules if rule.pk in kept], _FIELDS)
    Rule.objects.bulk_create([rule for rule in rules if rule.pk not in kept])
    _write_channels(able, there)
    _write_conditions(able)
    return [row.spec.name for row in rows if not _is_able(row.spec, there)]


def _find(targets: Iterable[Target]) -> set[Target]:
    """Return which of these there are: a query for each kind."""
    ids: dict[TargetKind, set[int]] = {}
    for target in targets:
        ids.setdefault(target.kind, set()).add(target.id)
    return {
        Target(kind, pk)
        for kind, some in ids.items()
        for pk in _TABLES[kind]._default_manager.filter(pk__in=some).values_list("pk", flat=True)
    }


def _named_by(spec: RuleSpec) -> list[Target]:
    return [spec.target, *(Target(TargetKind.CHANNEL, pk) for pk in spec.channel_ids)]


def _is_able(spec: RuleSpec, there: set[Target]) -> bool:
    target, *channels = _named_by(spec)
    return target in there and (not channels or any(channel in there for channel in channels))


def _fill(rule: Rule | None, row: RuleRow, *, place: int) -> Rule:
    spec = row.spec
    if rule is None:
        rule = Rule(pk=spec.id, public_id=row.public_id or new_public_id())
    rule.name, rule.position, rule.is_active = spec.name, place, row.is_active
    rule.match, rule.add_tags = spec.match, list(spec.add_tags)
    rule.set_priority, rule.pins_contact, rule.note = spec.set_priority, spec.pins_contact, row.note
    rule.team_id = spec.target.id if spec.target.kind == TargetKind.TEAM else None
    rule.person_id = spec.target.id if spec.target.kind == TargetKind.PERSON else None
    rule.ai_agent_id = spec.target.id if spec.target.kind == TargetKind.AI else None
    rule.flow_id = spec.target.id if spec.target.kind == TargetKind.FLOW else None
    return rule


def _write_channels(rows: Iterable[RuleRow], there: set[Target]) -> None:
    links = Rule.channels.through
    links._default_manager.all().delete()
    links._default_manager.bulk_create(
        links(rule_id=row.spec.id, channel_id=pk)
        for row in rows
        for pk in row.spec.channel_ids
        if Target(TargetKind.CHANNEL, pk) in there
    )


def _write_conditions(rows: Iterable[RuleRow]) -> None:
    Condition.objects.all().delete()
    Condition.objects.bulk_create(
        Condition(
            rule_id=row.spec.id,
            position=place,
            field=condition.field,
            operator=condition.operator,
            value=condition.value,
            group=condition.group,
        )
        for row in rows
        for place, condition in enumerate(row.spec.conditions)
    )
