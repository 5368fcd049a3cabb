"""The decision: who gets a conversation, and every reason on the way. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from routing.engine import desks, flow_starts
from routing.engine.conditions import ConditionError
from routing.engine.facts import (
    Answer,
    Desk,
    KnownPerson,
    OpenDesk,
    Outcome,
    RuleSpec,
    Situation,
    Step,
    Strategy,
    Target,
    TargetKind,
)
from routing.engine.flow_starts import Started
from routing.engine.observer import Observed, matches


def decide(situation: Situation, *, rules: Sequence[RuleSpec], open_desk: OpenDesk) -> Answer:
    """Decide for a conversation that a customer's message started or reopened.

    1. The contact's permanent agent, even when offline; on a reopened one, who had it before.
    2. The rules of the channel, in the order given; the first match whose target can take it.
    3. The first flow that the message starts.
    4. The first AI agent of the channel that is running.
    5. The channel's human agents.
    6. Nobody: it waits, with the first team that a rule named, else with the channel.
    """
    started = flow_starts.find_started(situation)
    steps = [_received(situation)]
    return _route(steps, situation, rules=rules, open_desk=open_desk, started=started)


def decide_reopened(
    situation: Situation, *, rules: Sequence[RuleSpec], open_desk: OpenDesk
) -> Answer:
    """Decide for a conversation that somebody reopened, or that woke up by itself.

    As for a message, with its own reason; but only messages start flows by themselves.
    """
    code = "reopened" if situation.asked_by else "woke_up"
    reopened = Step("manual", "noted", code, {"actor": situation.asked_by})
    return _route([reopened], situation, rules=rules, open_desk=open_desk)


def _route(
    steps: list[Step],
    situation: Situation,
    *,
    rules: Sequence[RuleSpec],
    open_desk: OpenDesk,
    started: Sequence[Started] = (),
) -> Answer:
    if answer := _give_to_known_person(situation, steps):
        return answer
    observed = Observed(situation)
    matched: list[RuleSpec] = []
    for rule in rules:
        if not _match(rule, situation, observed, steps):
            continue
        matched.append(rule)
        if answer := _try_rule(rule, situation, open_desk, steps):
            return answer
    if answer := _ask_flows(started, situation, open_desk, steps):
        return answer
    if answer := _ask_ai_agents(situation, open_desk, steps):
        return answer
    if answer := _ask_channel(situation, open_desk, steps):
        return answer
    return _wait(matched, situation, open_desk, steps)


def decide_handover(situation: Situation, *, open_desk: OpenDesk) -> Answer:
    """Decide for a conversation that an AI agent gives to people: rules are not asked again.

    `situation.asked_by` is the AI agent's name, and `situation.reason` says why, as a code.
    """
    facts = {"name": situation.asked_by, "reason": situation.reason}
    steps = [Step("ai", "attention", "handed_over", facts)]
    answer = _give_to_known_person(situation, steps) or _ask_channel(situation, open_desk, steps)
    return answer or queue_with(None, situation, open_desk, steps)


def decide_flow(situation: Situation, *, targets: Sequence[Target], open_desk: OpenDesk) -> Answer:
    """Decide for a conversation that a flow gives to somebody; no target: to the channel's agents.

    `situation.asked_by` is the flow's name, `situation.reason` how it ended, and
    `situation.flow_log` what it did before. A team whose strategy finds nobody keeps it in its
    queue; who or what is not there any more is passed over for the channel's agents.
    """
    steps = flow_starts.retrace(situation)
    if situation.respects_permanent_agent and (answer := _give_to_known_person(situation, steps)):
        return answer
    for target in targets:
        desk = open_desk(target)
        if answer := desks.ask(desk, situation, steps):
            return replace(answer, via="flow") if answer.outcome is Outcome.ASSIGNED else answer
        if target.kind is TargetKind.TEAM and desk.is_active:
            return replace(queue_with(target, situation, open_desk, steps), via="flow")
    answer = _ask_channel(situation, open_desk, steps)
    return answer or queue_with(None, situation, open_desk, steps)


def decide_waiting(
    situation: Situation, *, targets: Sequence[Target], open_desk: OpenDesk
) -> Answer:
    """Decide again for a conversation that waits: its team's desk, then its channel's.

    A team that works by hand keeps it: nobody else is asked.
    """
    steps = [Step("presence", "noted", "looked_again", {})]
    for target in targets:
        if answer := desks.ask(open_desk(target), situation, steps):
            return answer
    return queue_with(_first_team(targets), situation, open_desk, steps)


def decide_reassignment(situation: Situation, *, target: Target, open_desk: OpenDesk) -> Answer:
    """Decide for a conversation that nobody answered in time: somebody else, or it stays.

    Without a holder it waits in the team's queue, and only another team could be next.
    """
    desk = open_desk(target)
    holder = {
        "user_id": situation.holder_id,
        "name": desks.name_of(situation.holder_id, desk=desk),
        "desk": desk.name,
    }
    steps: list[Step] = []
    if answer := _escalate(desk, situation, open_desk, steps):
        return answer
    if desk.reassign_after_s is None or situation.holder_id is None:
        steps.append(Step("timer", "attention", "timer_off", holder))
        return _keep(situation, target, steps)
    steps.append(Step("timer", "attention", "fired", {**holder, "after_s": desk.reassign_after_s}))
    answer = desks.ask(desk, situation, steps)
    if answer and answer.outcome is Outcome.ASSIGNED:
        return answer
    steps.append(Step("timer", "attention", "kept", holder))
    return _keep(situation, target, steps)


def decide_offline(situation: Situation, *, target: Target, open_desk: OpenDesk) -> Answer:
    """Decide for a conversation whose holder went offline: somebody else of the team, or its queue.

    `situation.asked_by` is the holder's name.
    """
    desk = open_desk(target)
    names = {"name": situation.asked_by, "desk": desk.name}
    steps = [Step("presence", "attention", "back_to_queue", names)]
    answer = desks.ask(desk, situation, steps)
    return answer or queue_with(target, situation, open_desk, steps)


def decide_named(situation: Situation, *, targets: Sequence[Target], open_desk: OpenDesk) -> Answer:
    """Decide for a team, a person, an AI agent or a flow that somebody named.

    A person is given it in any case, an AI agent or a flow only if it can take it.
    """
    team = _first_team(targets)
    person = next((t for t in targets if t.kind is TargetKind.PERSON), None)
    is_claim = person is not None and person.id == situation.asked_by_id
    facts = {"actor": situation.asked_by, "reason": situation.reason}
    steps = [Step("manual", "matched", "claimed" if is_claim else "assigned", facts)]
    desk = open_desk(person or targets[0])
    if person:
        desk = replace(desk, strategy=Strategy.NAMED)
    answer = desks.ask(desk, situation, steps)
    if desk.ai is not None or desk.is_flow:
        return answer or Answer(Outcome.KEPT, tuple(steps), user_id=situation.holder_id)
    if answer is None:
        answer = queue_with(team, situation, open_desk, steps)
    via = "claim" if is_claim else "manual"
    return replace(answer, team_id=team.id if team else answer.team_id, via=via)


def _received(situation: Situation) -> Step:
    facts = {"channel": situation.channel_name, "is_new_contact": situation.is_new_contact}
    return Step("inbound", "noted", "received", facts)


def _give_to_known_person(situation: Situation, steps: list[Step]) -> Answer | None:
    """Return the contact's permanent agent, else who had the conversation before; if active."""
    if agent := still_here(situation.permanent_agent, "permanent_agent", steps):
        return Answer(Outcome.ASSIGNED, tuple(steps), user_id=agent.user_id, via="permanent")
    if owner := still_here(situation.previous_owner, "previous_owner", steps):
        team_id = situation.previous_team_id
        return Answer(
            Outcome.ASSIGNED, tuple(steps), user_id=owner.user_id, team_id=team_id, via="reopened"
        )
    return None


def still_here(person: KnownPerson | None, code: str, steps: list[Step]) -> KnownPerson | None:
    """Return the person if they still work here, and write down what was found."""
    if person is None:
        return None
    facts = {"user_id": person.user_id, "name": person.name}
    if not person.is_active:
        steps.append(Step("contact", "attention", f"{code}_inactive", facts))
        return None
    steps.append(Step("contact", "matched", code, facts))
    return person


def _match(rule: RuleSpec, situation: Situation, observed: Observed, steps: list[Step]) -> bool:
    """Walk the rule's conditions, note what each saw, and say whether the rule matches.

    A rule that cannot be understood counts as not matched: it must not hold up the message.
    """
    if rule.channel_ids and situation.channel_id not in rule.channel_ids:
        return False
    try:
        has_matched, findings = matches(rule, observed=observed)
    except ConditionError as error:
        problem = {"rule_id": rule.id, "rule": rule.name, "problem": error.code}
        steps.append(Step("rule", "error", "broken", problem))
        return False
    facts = {"rule_id": rule.id, "rule": rule.name, "match": rule.match, "conditions": findings}
    outcome, code = ("matched", "matched") if has_matched else ("no", "not_matched")
    steps.append(Step("rule", outcome, code, facts))
    return has_matched


def _try_rule(
    rule: RuleSpec, situation: Situation, open_desk: OpenDesk, steps: list[Step]
) -> Answer | None:
    desk = open_desk(rule.target)
    if answer := desks.ask(desk, situation, steps):
        return _by_rule(answer, rule)
    facts = {"rule_id": rule.id, "rule": rule.name, "desk": desk.name, "reason": steps[-1].code}
    steps.append(Step("rule", "attention", "skipped", facts))
    return None


def _ask_flows(
    started: Sequence[Started], situation: Situation, open_desk: OpenDesk, steps: list[Step]
) -> Answer | None:
    """Start the first of the flows that the message starts, if it is still on."""
    for start, word in started:
        facts = {"flow": start.name, "trigger": start.trigger, "word": word}
        steps.append(Step("flow", "matched", "triggered", facts))
        desk = open_desk(Target(TargetKind.FLOW, start.id))
        if answer := desks.ask(desk, situation, steps):
            return answer
    return None


def _ask_ai_agents(situation: Situation, open_desk: OpenDesk, steps: list[Step]) -> Answer | None:
    """Ask the AI agents that serve the channel, in their order."""
    for ai_agent_id in situation.ai_agent_ids:
        desk = open_desk(Target(TargetKind.AI, ai_agent_id))
        if answer := desks.ask(desk, situation, steps):
            return answer
    return None


def _ask_channel(situation: Situation, open_desk: OpenDesk, steps: list[Step]) -> Answer | None:
    channel = open_desk(Target(TargetKind.CHANNEL, situation.channel_id))
    return desks.ask(channel, situation, steps)


def _wait(
    matched: Sequence[RuleSpec], situation: Situation, open_desk: OpenDesk, steps: list[Step]
) -> Answer:
    """Leave it with the first team that a matching rule named and that is still working."""
    for rule in matched:
        if rule.target.kind is TargetKind.TEAM and open_desk(rule.target).is_active:
            return _by_rule(queue_with(rule.target, situation, open_desk, steps), rule)
    return queue_with(None, situation, open_desk, steps)


def queue_with(
    team: Target | None, situation: Situation, open_desk: OpenDesk, steps: list[Step]
) -> Answer:
    """Return that it waits with a team, or with the channel's agents."""
    team_id = team.id if team else None
    name = open_desk(team).name if team else situation.channel_name
    facts = {"team_id": team_id, "desk": name}
    steps.append(Step("people", "attention", "queued", facts))
    return Answer(Outcome.WAITING, tuple(steps), team_id=team_id)


def _escalate(
    desk: Desk, situation: Situation, open_desk: OpenDesk, steps: list[Step]
) -> Answer | None:
    """Give it to the team that is next in line, or to its queue; None if it is not time for that.

    Never to a team that had it already, so that it cannot go around in a circle.
    """
    escalation = desk.escalation
    if escalation is None or escalation.team.id in situation.former_team_ids:
        return None
    facts = {"desk": desk.name, "tries": situation.tries, "after_s": escalation.after_s}
    if escalation.after_tries is not None and situation.tries >= escalation.after_tries:
        code = "escalated_after_tries"
    elif escalation.after_s is not None and situation.waited_s >= escalation.after_s:
        code = "escalated_after_wait"
    else:
        return None
    other = open_desk(escalation.team)
    steps.append(Step("timer", "attention", code, {**facts, "to": other.name}))
    answer = desks.ask(other, situation, steps)
    if answer is None and other.is_active:
        return queue_with(escalation.team, situation, open_desk, steps)
    return answer


def _keep(situation: Situation, target: Target, steps: list[Step]) -> Answer:
    return Answer(
        Outcome.KEPT,
        tuple(steps),
        user_id=situation.holder_id,
        team_id=desks.team_id(target),
    )


def _by_rule(answer: Answer, rule: RuleSpec) -> Answer:
    pins = rule.pins_contact and answer.user_id is not None
    return replace(
        answer,
        steps=(*answer.steps, _pinned(answer)) if pins else answer.steps,
        pins_contact=pins,
        rule_id=rule.id,
        via="rule",
        add_tags=rule.add_tags,
        set_priority=rule.set_priority,
    )


def _pinned(answer: Answer) -> Step:
    """Say that the contact has a permanent agent from now on: whom the last step chose."""
    facts = {"user_id": answer.user_id, "name": answer.steps[-1].facts["chosen"]}
    return Step("contact", "noted", "pinned", facts)


def _first_team(targets: Sequence[Target]) -> Target | None:
    return next((t for t in targets if t.kind is TargetKind.TEAM), None)
