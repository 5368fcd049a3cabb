"""An AI agent's hold on a conversation: its beginning and its end."""

from datetime import datetime
from typing import Any

from conversations.actors import Actor
from conversations.models import Conversation
from conversations.services import events, lifecycle
from conversations.states import Status
from conversations.wake import wake
from routing.models import AiAgent, AiRun, RunEnd, RunProblem
from routing.services import flow_ends

DRAIN = "routing.tasks.answer_waiting"


def begin(
    conversation: Conversation,
    *,
    agent: AiAgent,
    now: datetime,
    by: Actor | None = None,
    changes: dict[str, Any] | None = None,
    event_data: dict[str, Any] | None = None,
) -> AiRun:
    """Let an AI agent have a conversation, whose row is locked; it answers within seconds.

    `by` is who gave it the conversation, if somebody did, and `changes` are the columns that a rule
    sets besides.
    """
    actor = by or Actor.ai(agent.name)
    data = {"ai_agent": str(agent.public_id), **(event_data or {})}
    if conversation.status != Status.BOT:
        lifecycle.hold_by_bot(conversation, actor=actor, now=now, event_data=data)
    if changes:
        Conversation.objects.filter(pk=conversation.pk).update(**changes)
    conversation.refresh_from_db()
    end_all(conversation, reason=reason_now(conversation), now=now)
    flow_ends.cancel_all(conversation, reason=RunProblem.REPLACED, now=now)
    wake(DRAIN)
    return AiRun.objects.create(ai_agent=agent, conversation=conversation, started_at=now)


def end(run: AiRun, *, reason: RunEnd, now: datetime, data: dict[str, Any] | None = None) -> None:
    """Let an AI agent have a conversation no more. Its row must be locked by the caller."""
    ended = AiRun.objects.filter(pk=run.pk, ended_at=None).update(
        ended_at=now, end_reason=reason, lease_until=None, retry_at=None
    )
    if not ended:
        return
    run.refresh_from_db()
    facts = {
        "ai_agent": str(run.ai_agent.public_id),
        "reason": str(reason),
        "answers": run.turns,
        **(data or {}),
    }
    events.record(
        "ai.ended",
        conversation=run.conversation,
        actor=Actor.ai(run.ai_agent.name),
        now=now,
        data=facts,
    )


def end_all(conversation: Conversation, *, reason: RunEnd, now: datetime) -> None:
    """End whatever runs in a conversation that an AI agent has no more."""
    running = AiRun.objects.filter(conversation=conversation, ended_at=None)
    for run in running.select_related("ai_agent", "conversation"):
        end(run, reason=reason, now=now)


def last_run(conversation: Conversation) -> AiRun | None:
    runs = AiRun.objects.filter(conversation=conversation).select_related("ai_agent")
    return runs.order_by("-pk").first()


def reason_now(conversation: Conversation) -> RunEnd:
    """Return why an AI agent has it no more, as far as the conversation's state tells."""
    if conversation.status in {Status.RESOLVED, Status.CLOSED}:
        return RunEnd.RESOLVED
    return RunEnd.SNOOZED if conversation.status == Status.SNOOZED else RunEnd.TAKEN
