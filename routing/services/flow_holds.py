"""A flow takes a conversation. Its first step is done by the drain, within a second."""

from datetime import datetime
from typing import Any

from conversations.actors import Actor
from conversations.models import Conversation
from conversations.services import events, lifecycle
from conversations.states import Status
from conversations.wake import wake
from routing.models import Flow, FlowRun, RunProblem, RunStatus
from routing.services import ai_holds, flow_ends

DRAIN = "routing.tasks.run_flows"


def begin(
    conversation: Conversation,
    *,
    flow: Flow,
    actor: Actor,
    now: datetime,
    is_new_contact: bool = False,
    changes: dict[str, Any] | None = None,
    event_data: dict[str, Any] | None = None,
) -> FlowRun:
    """Let a flow have a conversation, whose row is locked: the version that is published now.

    `actor` is who or what started it; `changes` are the columns that a rule sets besides.
    Whatever bot had it before has it no more. Raises what `lifecycle.hold_by_bot` raises.
    """
    version = flow.published
    if version is None:
        raise ValueError("Only a flow that was published can have a conversation.")
    data = {"flow": str(flow.public_id), "version": version.number, **(event_data or {})}
    if conversation.status != Status.BOT:
        lifecycle.hold_by_bot(conversation, actor=Actor.flow(flow.name), now=now, event_data=data)
    if changes:
        Conversation.objects.filter(pk=conversation.pk).update(**changes)
    conversation.refresh_from_db()
    ai_holds.end_all(conversation, reason=ai_holds.reason_now(conversation), now=now)
    flow_ends.cancel_all(conversation, reason=RunProblem.REPLACED, now=now)
    run = FlowRun.objects.create(
        conversation=conversation,
        flow=flow,
        version=version,
        status=RunStatus.RUNNING,
        due_at=now,
        memory={"is_new_contact": True} if is_new_contact else {},
        seen_sequence=conversation.message_count,
        actor_kind=actor.kind,
        actor_id=actor.user_id,
        actor_label=actor.label,
        started_at=now,
    )
    events.record(
        "flow.started",
        conversation=conversation,
        actor=actor,
        now=now,
        data={**data, "run": str(run.public_id)},
    )
    wake(DRAIN)
    return run
