"""The decision: who gets a conversation, and every reason on the way. Pure."""

from collections.abc import Sequence

from routing.engine import strategies
from routing.engine.conditions import evaluate
from routing.engine.facts import (
    Answer,
    Desk,
    OpenDesk,
    Outcome,
    RuleSpec,
    Situation,
    Step,
    Strategy,
    Target,
    TargetKind,
)
from routing.engine.strategies import Choice


def decide(situation: Situation, *, rules: Sequence[RuleSpec], open_desk: OpenDesk) -> Answer:
    """Decide for a conversation that a customer started or reopened.

    1. The contact's permanent agent, even when offline; on a reopened one, who had it before.
    2. The rules of the channel, by position; the first match whose target can take it.
    3. The channel's human agents.
    4. Nobody: it waits, with the first team that a rule named, else with the channel.
    """
    steps: list[Step] = []
    if answer := _give_to_permanent_agent(situation, steps):
        return answer
    if answer := _give_back_to_owner(situation, steps):
        return answer
    matched: list[RuleSpec] = []
    for rule in rules:
        if not _match(rule, situation, steps):
            continue
        matched.append(rule)
        if answer := _try_rule(rule, situation, open_desk, steps):
            return answer
    channel = Target(TargetKind.CHANNEL, situation.channel_id)
    if answer := _try_desk(open_desk(channel), situation, steps):
        return answer
    return _wait(matched, steps)


def decide_waiting(
    situation: Situation, *, targets: Sequence[Target], open_desk: OpenDesk
) -> Answer:
    """Decide again for a conversation that waits: its team's desk, then its channel's."""
    steps: list[Step] = []
    for target in targets:
        if answer := _try_desk(open_desk(target), situation, steps):
            return answer
    team_id = next((t.id for t in targets if t.kind is TargetKind.TEAM), None)
    steps.append(Step("people", "attention", "queued", {"team_id": team_id}))
    return Answer(Outcome.WAITING, tuple(steps), team_id=team_id)


def decide_reassignment(situation: Situation, *, target: Target, open_desk: OpenDesk) -> Answer:
    """Decide for a conversation whose holder did not answer: somebody else, or it stays."""
    steps = [Step("timer", "attention", "fired", {"user_id": situation.holder_id})]
    if answer := _try_desk(open_desk(target), situation, steps):
        return answer
    steps.append(Step("timer", "attention", "nobody_else", {"user_id": situation.holder_id}))
    return Answer(
        Outcome.KEPT, tuple(steps), user_id=situation.holder_id, team_id=_team_id(target)
    )


def decide_named(situation: Situation, *, targets: Sequence[Target], open_desk: OpenDesk) -> Answer:
    """Decide for a team or a person that somebody named. A person is given it in any case."""
    steps: list[Step] = []
    team_id = next((t.id for t in targets if t.kind is TargetKind.TEAM), None)
    person = next((t for t in targets if t.kind is TargetKind.PERSON), None)
    target = person or targets[0]
    if answer := _try_desk(open_desk(target), situation, steps):
        return _with_team(answer, team_id)
    steps.append(Step("people", "attention", "queued", {"team_id": team_id}))
    return Answer(Outcome.WAITING, tuple(steps), team_id=team_id, via="manual")


def _give_to_permanent_agent(situation: Situation, steps: list[Step]) -> Answer | None:
    agent = situation.permanent_agent
    if agent is None:
        return None
    facts = {"user_id": agent.user_id, "name": agent.name}
    if not agent.is_active:
        steps.append(Step("contact", "attention", "permanent_agent_inactive", facts))
        return None
    steps.append(Step("contact", "matched", "permanent_agent", facts))
    return Answer(Outcome.ASSIGNED, tuple(steps), user_id=agent.user_id, via="permanent")


def _give_back_to_owner(situation: Situation, steps: list[Step]) -> Answer | None:
    owner = situation.previous_owner
    if owner is None:
        return None
    facts = {"user_id": owner.user_id, "name": owner.name}
    if not owner.is_active:
        steps.append(Step("contact", "attention", "previous_owner_inactive", facts))
        return None
    steps.append(Step("contact", "matched", "previous_owner", facts))
    return Answer(
        Outcome.ASSIGNED,
        tuple(steps),
        user_id=owner.user_id,
        team_id=situation.previous_team_id,
        via="reopened",
    )


def _match(rule: RuleSpec, situation: Situation, steps: list[Step]) -> bool:
    """Walk the rule's conditions, note what each saw, and say whether the rule matches."""
    if rule.channel_ids and situation.channel_id not in rule.channel_ids:
        return False
    findings = [(spec, evaluate(spec, situation)) for spec in rule.conditions]
    results = [finding.has_passed for _, finding in findings]
    has_matched = all(results) if rule.match == "all" else any(results) or not results
    conditions = [
        {
            "field": spec.field,
            "operator": spec.operator,
            "value": spec.value,
            "seen": finding.seen[:200],
            "passed": finding.has_passed,
        }
        for spec, finding in findings
    ]
    facts = {"rule_id": rule.id, "rule": rule.name, "match": rule.match, "conditions": conditions}
    outcome, code = ("matched", "matched") if has_matched else ("no", "not_matched")
    steps.append(Step("rule", outcome, code, facts))
    return has_matched


def _try_rule(
    rule: RuleSpec, situation: Situation, open_desk: OpenDesk, steps: list[Step]
) -> Answer | None:
    desk = open_desk(rule.target)
    if desk.is_active and desk.strategy is Strategy.MANUAL:
        steps.append(Step("strategy", "matched", "manual", {"desk": desk.name}))
        return _by_rule(_leave_to_team(desk, steps), rule)
    answer = _try_desk(desk, situation, steps)
    if answer:
        return _by_rule(answer, rule)
    steps.append(Step("rule", "attention", "skipped", {"rule_id": rule.id, "rule": rule.name}))
    return None


def _leave_to_team(desk: Desk, steps: list[Step]) -> Answer:
    return Answer(Outcome.WAITING, tuple(steps), team_id=_team_id(desk.target))


def _try_desk(desk: Desk, situation: Situation, steps: list[Step]) -> Answer | None:
    """Ask one desk. Notes everybody's load and reason, taken before anything is changed."""
    if not desk.is_active:
        steps.append(Step("people", "attention", "desk_inactive", {"desk": desk.name}))
        return None
    choice = strategies.choose(desk, situation)
    facts = _describe(desk, choice)
    if choice.chosen is None:
        steps.append(Step("people", "attention", _why_nobody(desk, choice), facts))
        return None
    steps.append(Step("strategy", "matched", desk.strategy, facts))
    return Answer(
        Outcome.ASSIGNED,
        tuple(steps),
        user_id=choice.chosen.user_id,
        team_id=_team_id(desk.target),
        via="strategy",
        cursor=desk.target if strategies.moves_cursor(desk) else None,
        is_capacity_bound=strategies.is_capacity_bound(desk),
    )


def _describe(desk: Desk, choice: Choice) -> dict[str, object]:
    return {
        "desk": desk.name,
        "desk_kind": desk.target.kind,
        "desk_id": desk.target.id,
        "strategy": desk.strategy,
        "cursor_user_id": desk.cursor_user_id,
        "chosen_id": choice.chosen.user_id if choice.chosen else None,
        "chosen": choice.chosen.name if choice.chosen else None,
        "candidates": [
            {
                "user_id": candidate.user_id,
                "name": candidate.name,
                "presence": candidate.presence,
                "load": candidate.load,
                "capacity": strategies.capacity_of(candidate, desk),
                "reason": choice.reason_for(candidate),
            }
            for candidate in desk.candidates
        ],
    }


def _why_nobody(desk: Desk, choice: Choice) -> str:
    if not desk.candidates:
        return "no_agents"
    reasons = set(choice.passed_over.values())
    if reasons <= {"offline", "away", "inactive", "not_receiving"}:
        return "all_away"
    if reasons <= {"offline", "away", "inactive", "not_receiving", "at_capacity"}:
        return "all_full"
    return "nobody_able"


def _wait(matched: Sequence[RuleSpec], steps: list[Step]) -> Answer:
    rule = next((r for r in matched if r.target.kind is TargetKind.TEAM), None)
    team_id = rule.target.id if rule else None
    steps.append(Step("people", "attention", "queued", {"team_id": team_id}))
    answer = Answer(Outcome.WAITING, tuple(steps), team_id=team_id)
    return _by_rule(answer, rule) if rule else answer


def _by_rule(answer: Answer, rule: RuleSpec) -> Answer:
    return Answer(
        answer.outcome,
        answer.steps,
        user_id=answer.user_id,
        team_id=answer.team_id,
        rule_id=rule.id,
        via="rule",
        cursor=answer.cursor,
        is_capacity_bound=answer.is_capacity_bound,
        add_tags=rule.add_tags,
        set_priority=rule.set_priority,
    )


def _with_team(answer: Answer, team_id: int | None) -> Answer:
    return Answer(
        answer.outcome,
        answer.steps,
        user_id=answer.user_id,
        team_id=team_id if team_id is not None else answer.team_id,
        via="manual",
        cursor=answer.cursor,
        is_capacity_bound=answer.is_capacity_bound,
    )


def _team_id(target: Target) -> int | None:
    return target.id if target.kind is TargetKind.TEAM else None
