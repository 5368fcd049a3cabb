"""From a flow to whoever goes on: one decision, with what the flow did before."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from conversations.actors import Actor
from conversations.models import Conversation
from conversations.services import lifecycle
from routing import flow_scenes, loaders
from routing.engine.decide import decide_flow
from routing.engine.facts import Outcome, Target, TargetKind, Trigger
from routing.engine.flow.progress import TO_CHANNEL, Goal
from routing.models import AiAgent, Decision, FlowRun, FlowRunStep, RunProblem
from routing.services.decisions import Question, decide_and_apply
from teams.models import Team, User

#: As many of a flow's last steps stand in the explanation.
_MOST_STEPS = 50
_ROWS: dict[str, tuple[TargetKind, Any]] = {
    "team": (TargetKind.TEAM, Team),
    "person": (TargetKind.PERSON, User),
    "ai": (TargetKind.AI, AiAgent),
}


class HandedOver(NamedTuple):
    """The decision, and what went otherwise than the flow was drawn; blank if nothing did."""

    decision: Decision | None
    warning: str = ""


def hand_over(
    run: FlowRun, *, conversation: Conversation, status: str, now: datetime
) -> HandedOver:
    """Give a conversation to whom the flow named, else to the channel's agents.

    It opens, and a person is chosen in the same transaction. A team that nobody of can take it
    keeps it in its queue. The conversation's row must be locked by the caller, with its channel and
    contact loaded.
    """
    goal = flow_scenes.state_of(run).goal or TO_CHANNEL
    if goal.kind != "ai":
        data = {"flow": str(run.flow.public_id), "run": str(run.public_id), "reason": status}
        actor = Actor.flow(run.flow.name)
        lifecycle.hand_to_people(conversation, actor=actor, now=now, event_data=data)
        conversation.refresh_from_db()
    decision = decide_for(run, conversation=conversation, status=status, now=now)
    if goal.kind == "ai" and conversation.last_inbound_at is not None:
        # What the flow has read, the AI agent has not: the customer waits for its answer.
        Conversation.objects.filter(pk=conversation.pk).update(waiting_since=now)
    return HandedOver(decision, _warning(goal, decision))


def decide_for(
    run: FlowRun, *, conversation: Conversation, status: str, now: datetime
) -> Decision | None:
    """Decide who goes on after a flow. `status` is how it ended."""
    return decide_and_apply(
        conversation,
        pose=_pose(run, conversation, status, now),
        actor=Actor.flow(run.flow.name),
        now=now,
    )


def target_of(goal: Goal) -> Target | None:
    """Return whom a goal means; None if that is not there any more, or no longer active."""
    if goal.kind not in _ROWS or not goal.id:
        return None
    kind, model = _ROWS[goal.kind]
    rows = model._default_manager.filter(public_id=goal.id)
    if goal.kind != "ai":
        rows = rows.filter(is_active=True)
    key = rows.order_by("pk").values_list("pk", flat=True).first()
    return None if key is None else Target(kind, key)


def _pose(
    run: FlowRun, conversation: Conversation, status: str, now: datetime
) -> Callable[[], Question]:
    goal = flow_scenes.state_of(run).goal or TO_CHANNEL
    log = _log(run)

    def pose() -> Question:
        situation = loaders.load_handover_situation(
            conversation, name=run.flow.name, reason=status, now=now
        )
        if not goal.respects_permanent_agent and goal.kind in _ROWS:
            situation = replace(situation, permanent_agent=None)
        situation = replace(
            situation, flow_log=log, respects_permanent_agent=goal.respects_permanent_agent
        )
        target = target_of(goal)
        targets = () if target is None else (target,)
        return Question(
            trigger=Trigger.FLOW,
            situation=situation,
            ask=lambda open_desk: decide_flow(situation, targets=targets, open_desk=open_desk),
            targets=targets,
        )

    return pose


def _log(run: FlowRun) -> tuple[dict[str, Any], ...]:
    last = FlowRunStep.objects.filter(run=run).order_by("-position")[:_MOST_STEPS]
    return tuple(
        {"kind": step.kind, "outcome": step.outcome, "facts": step.facts} for step in reversed(last)
    )


def _warning(goal: Goal, decision: Decision | None) -> str:
    if goal.kind in _ROWS and target_of(goal) is None:
        return RunProblem.TARGET_GONE
    is_waiting = decision is not None and decision.outcome == Outcome.WAITING
    by_hand = decision is not None and any(step["code"] == "manual" for step in decision.steps)
    return RunProblem.NOBODY_THERE if is_waiting and not by_hand else ""
