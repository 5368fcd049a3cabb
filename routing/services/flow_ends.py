"""A flow has a conversation no more: how its run ended is written down, once."""

from datetime import datetime

from conversations.actors import Actor
from conversations.event_types import EventType
from conversations.models import Conversation
from conversations.services import events
from conversations.states import Status
from routing.models import FlowRun, RunProblem, RunStatus

_EVENTS: dict[RunStatus, EventType] = {
    RunStatus.COMPLETED: "flow.completed",
    RunStatus.EXPIRED: "flow.expired",
    RunStatus.FAILED: "flow.failed",
    RunStatus.CANCELED: "flow.canceled",
}
_REASONS = {
    Status.SNOOZED: RunProblem.SNOOZED,
    Status.RESOLVED: RunProblem.RESOLVED,
    Status.CLOSED: RunProblem.RESOLVED,
}


def end(
    run: FlowRun, *, status: RunStatus, now: datetime, problem: str = "", actor: Actor | None = None
) -> bool:
    """End a run; say whether it was going on. The conversation's row must be locked by the caller.

    `actor` is who ended it, where that was not the flow itself.
    """
    ended = FlowRun.objects.filter(pk=run.pk, ended_at=None).update(
        status=status, problem=problem, ended_at=now, due_at=None, retry_at=None
    )
    if not ended:
        return False
    run.refresh_from_db()
    data = {
        "flow": str(run.flow.public_id),
        "run": str(run.public_id),
        "version": run.version.number,
        "step": run.step,
        **({"problem": problem} if problem else {}),
    }
    events.record(
        _EVENTS[status],
        conversation=run.conversation,
        actor=actor or Actor.flow(run.flow.name),
        now=now,
        data=data,
    )
    return True


def cancel_all(
    conversation: Conversation, *, reason: RunProblem, now: datetime, actor: Actor | None = None
) -> None:
    """End whatever runs in a conversation whose row is locked."""
    for run in live_in(conversation):
        end(run, status=RunStatus.CANCELED, problem=reason, actor=actor, now=now)


def reason_now(conversation: Conversation) -> RunProblem:
    """Return why a flow has it no more, as far as the conversation's state tells."""
    return _REASONS.get(Status(conversation.status), RunProblem.TAKEN)


def live_in(conversation: Conversation) -> list[FlowRun]:
    """Return what runs in a conversation: one at most."""
    running = FlowRun.objects.filter(conversation=conversation, ended_at=None)
    return list(running.select_related("flow", "version", "conversation").order_by("pk"))
