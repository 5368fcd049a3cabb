"""What is odd about the rules as they are edited: proved from them, or seen of their targets."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Q

from routing import loaders
from routing.engine.facts import RuleSpec, TargetKind
from routing.engine.rule_lint import RuleWarning, WarningCode, lint
from routing.models import AiAgent, Decision, Flow, Rule
from teams.models import Strategy, Team, User

#: A rule that has decided nothing for so long is said to.
LATELY = timedelta(days=30)


def lint_draft(*, now: datetime) -> list[RuleWarning]:
    """Return what is odd about the active rules of the draft, in their order."""
    return lint_rules(loaders.load_draft(), now=now)


def lint_rules(rules: tuple[RuleSpec, ...], *, now: datetime) -> list[RuleWarning]:
    """Return what is odd about rules that are tried in this order, and about their targets now."""
    place = {rule.id: number for number, rule in enumerate(rules)}
    warnings = [*lint(rules), *_about_targets(rules), *_idle(rules, now=now)]
    return sorted(warnings, key=lambda warning: place[warning.rule_id])


def by_rule(warnings: Iterable[RuleWarning]) -> dict[int, list[RuleWarning]]:
    """Return the warnings of each rule that has some, by its key."""
    found: dict[int, list[RuleWarning]] = {}
    for warning in warnings:
        found.setdefault(warning.rule_id, []).append(warning)
    return found


def _idle(rules: Iterable[RuleSpec], *, now: datetime) -> Iterator[RuleWarning]:
    """Name the rules that are older than `LATELY` and have decided nothing for as long."""
    since = now - LATELY
    rows = Rule.objects.filter(pk__in=[rule.id for rule in rules]).values_list("pk", "public_id")
    old = [pk for pk, public_id in rows if _made_ms(public_id) < since.timestamp() * 1000]
    decided = Decision.objects.filter(rule_id__in=old, decided_at__gt=since)
    busy = set(decided.order_by().values_list("rule_id", flat=True).distinct())
    for pk in old:
        if pk not in busy:
            code = WarningCode.NOT_MATCHED_LATELY
            yield RuleWarning(code, pk, facts={"days": LATELY.days})


def _made_ms(public_id: UUID) -> int:
    """Return when an id was given out, which a UUIDv7 begins with."""
    return public_id.int >> 80


def _about_targets(rules: Iterable[RuleSpec]) -> Iterator[RuleWarning]:
    """Name the targets that cannot take anything, whoever is online. One query for each kind."""
    by_kind: dict[TargetKind, list[RuleSpec]] = {}
    for rule in rules:
        by_kind.setdefault(rule.target.kind, []).append(rule)
    for kind, aimed in by_kind.items():
        load, look = _TARGETS[kind]
        rows = {row.pk: row for row in load({rule.target.id for rule in aimed})}
        for rule in aimed:
            row = rows.get(rule.target.id)
            code = look(row) if row is not None else None
            if row is not None and code is not None:
                yield RuleWarning(code, rule.id, facts={"target": row.name})


def _load_teams(ids: set[int]) -> Any:
    receives = Q(members__is_active=True, members__is_receiving=True)
    return Team.objects.filter(pk__in=ids).annotate(
        member_count=Count("members"), receiving_count=Count("members", filter=receives)
    )


def _look_at_team(team: Any) -> WarningCode | None:
    if not team.is_active:
        return WarningCode.TEAM_INACTIVE
    if not team.member_count:
        return WarningCode.TEAM_WITHOUT_MEMBERS
    if not team.receiving_count and team.strategy != Strategy.MANUAL:
        return WarningCode.TEAM_NOT_RECEIVING
    return None


def _look_at_person(person: User) -> WarningCode | None:
    if not person.is_active:
        return WarningCode.PERSON_INACTIVE
    return None if person.is_receiving else WarningCode.PERSON_NOT_RECEIVING


def _look_at_ai_agent(agent: AiAgent) -> WarningCode | None:
    return None if agent.is_running else WarningCode.AI_AGENT_STOPPED


def _look_at_flow(flow: Flow) -> WarningCode | None:
    return None if flow.is_active else WarningCode.FLOW_OFF


_TARGETS: dict[
    TargetKind,
    tuple[Callable[[set[int]], Iterable[Any]], Callable[[Any], WarningCode | None]],
] = {
    TargetKind.TEAM: (_load_teams, _look_at_team),
    TargetKind.PERSON: (lambda ids: User.objects.filter(pk__in=ids), _look_at_person),
    TargetKind.AI: (lambda ids: AiAgent.objects.filter(pk__in=ids), _look_at_ai_agent),
    TargetKind.FLOW: (lambda ids: Flow.objects.filter(pk__in=ids), _look_at_flow),
}
