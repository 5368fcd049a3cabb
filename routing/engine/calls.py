"""The decision who calls a customer whose callback is due, and every reason on the way. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum

from routing.engine import desks
from routing.engine.decide import queue_with, still_here
from routing.engine.facts import (
    Answer,
    Desk,
    OpenDesk,
    Outcome,
    Situation,
    Step,
    Strategy,
    Target,
    TargetKind,
)


class CallReason(StrEnum):
    """Why somebody is looked for; it is the situation's `reason`."""

    DUE = "due"  # its time has come
    OWNED = "owned"  # so it has, and one person alone is to call
    RELEASED = "released"  # that person did not come in time
    LAPSED = "lapsed"  # whoever has the call did not begin it in time
    ANEW = "anew"  # somebody else was named, or who had it has it no more


def decide_callback(
    situation: Situation, *, targets: Sequence[Target], open_desk: OpenDesk
) -> Answer:
    """Decide who calls a customer whose callback is due.

    `targets` are the person who was promised, if one was, then the team. `situation.asked_by`
    promised it, and `situation.reason` is a `CallReason`.

    1. The contact's permanent agent, where that is respected.
    2. Who has the conversation already (`situation.holder`: they may keep it).
    3. The person who was promised, if able; for an owned callback nobody else.
    4. The team's strategy; else it waits in the team's queue.

    After an offer that lapsed: somebody of the team who has not had it; else it stays.
    """
    facts = {"actor": situation.asked_by}
    if situation.reason == CallReason.LAPSED:
        return _move_on(situation, targets=targets, open_desk=open_desk)
    steps = [Step("callback", "attention", situation.reason, facts)]
    if answer := _leave_with_known(situation, steps):
        return answer
    for target in targets:
        desk = open_desk(target)
        if target.kind is TargetKind.PERSON:
            steps.append(_asked_first(desk, situation))
        if answer := _ask(desk, situation, targets, steps):
            return answer
        if situation.reason == CallReason.OWNED:
            break
        if target.kind is TargetKind.TEAM and desk.is_active:
            return replace(queue_with(target, situation, open_desk, steps), via="callback")
    return Answer(Outcome.KEPT, tuple(steps), user_id=situation.holder_id)


def _leave_with_known(situation: Situation, steps: list[Step]) -> Answer | None:
    """Return the contact's permanent agent, else who has it already; if they still work here."""
    if situation.respects_permanent_agent and (
        agent := still_here(situation.permanent_agent, "permanent_agent", steps)
    ):
        if agent.user_id == situation.holder_id:
            return Answer(Outcome.KEPT, tuple(steps), user_id=agent.user_id)
        return Answer(Outcome.ASSIGNED, tuple(steps), user_id=agent.user_id, via="permanent")
    holder = situation.holder
    if holder is None or not holder.is_active:
        return None
    facts = {"user_id": holder.user_id, "name": holder.name}
    steps.append(Step("callback", "matched", "has_it", facts))
    return Answer(Outcome.KEPT, tuple(steps), user_id=holder.user_id)


def _asked_first(desk: Desk, situation: Situation) -> Step:
    code = "owner" if situation.reason == CallReason.OWNED else "preferred"
    return Step("callback", "noted", code, {"name": desk.name})


def _ask(
    desk: Desk, situation: Situation, targets: Sequence[Target], steps: list[Step]
) -> Answer | None:
    """Ask a desk; whoever gets it there has it for the team that was promised."""
    answer = desks.ask(desk, situation, steps)
    if answer is None or answer.outcome is not Outcome.ASSIGNED:
        return answer
    team = _team_of(targets)
    return replace(answer, via="callback", team_id=team.id if team else None)


def _move_on(situation: Situation, *, targets: Sequence[Target], open_desk: OpenDesk) -> Answer:
    team = _team_of(targets)
    holder = situation.holder
    facts = {"user_id": situation.holder_id, "name": holder.name if holder else None}
    lapsed = Step("callback", "attention", "lapsed", {**facts, "after_s": situation.waited_s})
    steps = [lapsed]
    if team is not None and (desk := open_desk(team)).strategy is not Strategy.MANUAL:
        tried = [lapsed]
        answer = _ask(desk, situation, targets, tried)
        if answer and answer.user_id not in situation.lapsed_ids:
            return answer
        # Whom the strategy would take has had it: naming them would only confuse.
        asked = Step("callback", "noted", "all_asked", {"desk": desk.name})
        steps = [*steps, asked] if answer else tried
    steps.append(Step("callback", "attention", "kept", facts))
    return Answer(Outcome.KEPT, tuple(steps), user_id=situation.holder_id)


def _team_of(targets: Sequence[Target]) -> Target | None:
    return next((target for target in targets if target.kind is TargetKind.TEAM), None)
