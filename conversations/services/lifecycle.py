"""The states of a conversation. Every verb here shares one guarded move."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F

from conversations.actors import Actor
from conversations.event_types import EventType
from conversations.models import Conversation
from conversations.models.assignment import EndReason
from conversations.models.event import ActorKind, Event
from conversations.services import assignments, events, surveys
from conversations.states import OPEN, IllegalTransitionError, Status, check_move


class ConversationMovedError(Exception):
    """The conversation changed while this was being decided; read it again."""

    code = "conversation.moved"


@dataclass(frozen=True, slots=True)
class Move:
    """A change of state and what is written with it."""

    to: Status
    event: EventType
    also: dict[str, Any] = field(default_factory=dict)
    event_data: dict[str, Any] = field(default_factory=dict)


@transaction.atomic
def resolve(conversation: Conversation, *, actor: Actor, now: datetime) -> Conversation:
    """Resolve an open conversation.

    1. Move the state; deadlines fall away. 2. End the assignment, whose person keeps the credit.
    3. Ask for a rating if the channel does, else close at once.

    Raises `IllegalTransitionError` or `ConversationMovedError`.
    """
    conversation = _lock(conversation)
    check_move(conversation.status, Status.RESOLVED)
    assignments.end_active(conversation, reason=EndReason.RESOLVED, now=now)
    cleared = {"waiting_since": None, "routing_due_at": None, "placing_due_at": None}
    conversation = _move(
        conversation,
        move=Move(
            Status.RESOLVED,
            "conversation.resolved",
            also={
                **cleared,
                "reply_due_at": None,
                "resolved_at": now,
                "resolution_count": F("resolution_count") + 1,
            },
        ),
        actor=actor,
        now=now,
    )
    survey = surveys.start(conversation, now=now)
    if survey is None or survey.question_id is None:
        return close(conversation, actor=Actor.system(), now=now)
    return conversation


@transaction.atomic
def close(conversation: Conversation, *, actor: Actor, now: datetime) -> Conversation:
    """Close a resolved conversation: it is over, and no rating is waited for any more."""
    conversation = _lock(conversation)
    check_move(conversation.status, Status.CLOSED)
    surveys.expire_pending(conversation)
    move = Move(Status.CLOSED, "conversation.closed", also={"closed_at": now, "close_due_at": None})
    return _move(conversation, move=move, actor=actor, now=now)


@transaction.atomic
def reopen(conversation: Conversation, *, actor: Actor, now: datetime) -> Conversation:
    """Open a snoozed, resolved or closed conversation again, unassigned and due for routing.

    Routing gives it back to the person who had it, if that person is still there.
    Refused with `IllegalTransitionError` while it is open, and with `ConversationMovedError` if
    the contact has another live conversation on this channel by now.
    """
    conversation = _lock(conversation)
    if conversation.status in OPEN:
        raise IllegalTransitionError(Status(conversation.status), Status.NEW)
    check_move(conversation.status, Status.NEW)
    if _has_other_live(conversation):
        raise ConversationMovedError
    assignments.end_active(conversation, reason=EndReason.REPLACED, now=now)
    move = Move(
        Status.NEW,
        "conversation.reopened",
        also={
            "assignee": None,
            "team": None,
            "resolved_at": None,
            "closed_at": None,
            "close_due_at": None,
            "waiting_since": now,
            "routing_due_at": now,
        },
    )
    surveys.expire_pending(conversation)
    try:
        return _move(conversation, move=move, actor=actor, now=now)
    except IntegrityError as error:  # the contact's other one was started at this very moment
        raise ConversationMovedError from error


@transaction.atomic
def start_progress(
    conversation: Conversation, *, author_id: int, actor: Actor, now: datetime
) -> Conversation:
    """Note a person's public answer: the customer does not wait any more.

    If the author is the assignee, no reassignment is due; a colleague's answer does not stop it.

    The row must be locked by the caller.
    """
    answered: dict[str, Any] = {"waiting_since": None}
    if author_id == conversation.assignee_id:
        answered["reply_due_at"] = None
    if conversation.first_replied_at is None:
        answered["first_replied_at"] = now
    if conversation.status == Status.IN_PROGRESS:
        Conversation.objects.filter(pk=conversation.pk).update(**answered)
        conversation.refresh_from_db()
        return conversation
    check_move(conversation.status, Status.IN_PROGRESS)
    move = Move(Status.IN_PROGRESS, "conversation.in_progress", also=answered)
    return _move(conversation, move=move, actor=actor, now=now)


def reopened_by(conversation: Conversation) -> Actor | None:
    """Return who reopened it, if that was the last thing that asked for an owner.

    None where the customer did, or wrote since.
    """
    asked = Event.objects.filter(
        conversation=conversation, type__in=["conversation.reopened", "message.received"]
    )
    event = asked.order_by("-pk").first()
    if event is None or event.type == "message.received" or event.actor_kind == ActorKind.CONTACT:
        return None
    return Actor(event.actor_kind, event.actor_id, event.actor_label)


def _lock(conversation: Conversation) -> Conversation:
    locked: Conversation = (
        Conversation.objects.select_for_update(of=("self",))
        .select_related("channel")
        .get(pk=conversation.pk)
    )
    return locked


def _has_other_live(conversation: Conversation) -> bool:
    return (
        Conversation.objects.filter(
            contact_id=conversation.contact_id,
            channel_id=conversation.channel_id,
            status__in=[*OPEN, Status.BOT, Status.SNOOZED],
        )
        .exclude(pk=conversation.pk)
        .exists()
    )


def _move(conversation: Conversation, *, move: Move, actor: Actor, now: datetime) -> Conversation:
    """Write the new state if the conversation is still as it was seen, and the event with it."""
    seen = conversation.status
    moved = Conversation.objects.filter(
        pk=conversation.pk, status=seen, version=conversation.version
    ).update(status=move.to, version=F("version") + 1, **move.also)
    if not moved:
        raise ConversationMovedError
    conversation.refresh_from_db()
    data = {"from": seen, "to": str(move.to), **move.event_data}
    events.record(move.event, conversation=conversation, actor=actor, now=now, data=data)
    return conversation
