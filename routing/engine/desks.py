"""Asking one desk - a team, a person, a channel's agents - and writing down what was seen there."""

from decimal import Decimal
from typing import Any

from routing.engine import strategies
from routing.engine.facts import (
    AiState,
    Answer,
    Candidate,
    Desk,
    Outcome,
    PassedOver,
    Situation,
    Step,
    Strategy,
    Target,
    TargetKind,
)
from routing.engine.strategies import Choice

_AWAY = frozenset(
    {PassedOver.OFFLINE, PassedOver.AWAY, PassedOver.INACTIVE, PassedOver.NOT_RECEIVING}
)
_OFF_SHIFT = frozenset({PassedOver.OFF_SHIFT, PassedOver.INACTIVE, PassedOver.NOT_RECEIVING})
_OUT = _AWAY | _OFF_SHIFT
_FULL = _OUT | {PassedOver.AT_CAPACITY}


def is_manual(desk: Desk) -> bool:
    """Say whether people take conversations from this desk themselves."""
    return desk.is_active and desk.strategy is Strategy.MANUAL


def ask(desk: Desk, situation: Situation, steps: list[Step]) -> Answer | None:
    """Return who of the desk gets it, or None. A desk by hand answers that it waits there.

    Notes everybody's load and reason as they were before anything is changed.
    """
    if desk.ai is not None:
        return _ask_ai(desk, desk.ai, situation, steps)
    if desk.is_flow:
        return _start_flow(desk, situation, steps)
    if not desk.is_active:
        steps.append(Step("people", "attention", "desk_inactive", _names(desk)))
        return None
    if is_manual(desk):
        steps.append(Step("strategy", "matched", "manual", _names(desk)))
        return Answer(Outcome.WAITING, tuple(steps), team_id=team_id(desk.target))
    choice = strategies.choose(desk, situation)
    facts = _describe(desk, choice)
    if choice.chosen is None:
        steps.append(Step("people", "attention", _why_nobody(desk, choice), facts))
        return None
    steps.append(Step("strategy", "matched", str(desk.strategy), facts))
    return Answer(
        Outcome.ASSIGNED,
        tuple(steps),
        user_id=choice.chosen.user_id,
        team_id=team_id(desk.target),
        via="strategy",
        cursor=desk.target if strategies.moves_cursor(desk) else None,
        is_capacity_bound=strategies.is_capacity_bound(desk),
    )


def _ask_ai(desk: Desk, state: AiState, situation: Situation, steps: list[Step]) -> Answer | None:
    """Let an AI agent have it, if it runs, has some budget left, and people have not had it."""
    obstacle = _why_not(state, situation)
    if obstacle:
        steps.append(Step("ai", "attention", obstacle, _names(desk)))
        return None
    left: dict[str, Any] = {
        "messages_left": state.messages_left,
        "tokens_left": state.tokens_left,
    }
    if state.money_left is not None:  # decisions from before there was money have no such fact
        left["money_left"] = state.money_left
    steps.append(Step("ai", "matched", "accepted", _names(desk) | left))
    return Answer(Outcome.HELD, tuple(steps), ai_agent_id=desk.target.id, via="ai")


def _start_flow(desk: Desk, situation: Situation, steps: list[Step]) -> Answer | None:
    """Let a flow have it, if it is on, and nobody took this conversation from one before."""
    if situation.is_flow_silent or not desk.is_active:
        code = "silent" if situation.is_flow_silent else "off"
        steps.append(Step("flow", "attention", code, _names(desk)))
        return None
    steps.append(Step("flow", "matched", "accepted", _names(desk)))
    return Answer(Outcome.HELD, tuple(steps), flow_id=desk.target.id, via="flow")


def _why_not(state: AiState, situation: Situation) -> str:
    if situation.is_ai_silent:
        return "silent"
    if not state.is_running:
        return "not_running"
    if state.messages_left is not None and state.messages_left <= 0:
        return "out_of_messages"
    if state.tokens_left is not None and state.tokens_left <= 0:
        return "out_of_tokens"
    if state.money_left is not None and Decimal(state.money_left) <= 0:
        return "out_of_money"
    return ""


def team_id(target: Target) -> int | None:
    return target.id if target.kind is TargetKind.TEAM else None


def name_of(user_id: int | None, *, desk: Desk) -> str | None:
    """Return the name of one of the desk's people; None for anybody else."""
    return next((c.name for c in desk.candidates if c.user_id == user_id), None)


def _names(desk: Desk) -> dict[str, Any]:
    return {"desk": desk.name, "desk_kind": desk.target.kind, "desk_id": desk.target.id}


def _describe(desk: Desk, choice: Choice) -> dict[str, Any]:
    return _names(desk) | {
        "strategy": desk.strategy,
        "cursor_user_id": desk.cursor_user_id,
        "cursor": name_of(desk.cursor_user_id, desk=desk),
        "chosen_id": choice.chosen.user_id if choice.chosen else None,
        "chosen": choice.chosen.name if choice.chosen else None,
        "tie_break": choice.tie_break,
        "level_with": [candidate.name for candidate in choice.level_with],
        "candidates": [_describe_candidate(c, desk, choice) for c in desk.candidates],
        "is_short": desk.is_short,
    }


def _describe_candidate(candidate: Candidate, desk: Desk, choice: Choice) -> dict[str, Any]:
    return {
        "user_id": candidate.user_id,
        "name": candidate.name,
        "presence": candidate.presence,
        "load": candidate.load,
        "capacity": strategies.capacity_of(candidate, desk),
        "reason": choice.reason_for(candidate),
    }


def _why_nobody(desk: Desk, choice: Choice) -> str:
    if not desk.candidates:
        return "no_agents"
    if desk.target.kind is TargetKind.PERSON:
        return "person_unable"
    if desk.strategy is Strategy.DEFAULT_USER:
        return "no_default_user"
    reasons = set(choice.passed_over.values())
    if reasons <= {PassedOver.HAD_IT}:
        return "only_holder"
    if reasons <= _OFF_SHIFT and PassedOver.OFF_SHIFT in reasons:
        return "all_off_shift"
    if reasons <= _OUT:
        return "all_away"
    return "all_full" if reasons <= _FULL else "nobody_else"
