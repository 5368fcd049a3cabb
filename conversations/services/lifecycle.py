"""The states of a conversation. Every verb here shares one guarded move."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Value
from django.db.models.functions import Coalesce

from conversations.actors import Actor
from conversations.event_types import EventType
from conversations.models import Conversation, SurveyStatus
from conversations.models.assignment import EndReason
from conversations.models.event import ActorKind, Event
from conversations.models.survey import SkipReason
from conversations.services import assignments, events, surveys
from conversations.states import LIVE, OPEN, IllegalTransitionError, Status, check_move


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


#: The deadlines of a conversation that is not over; each state sets its own anew.
_NOTHING_DUE: dict[str, Any] = {
    "routing_due_at": None,
    "placing_due_at": None,
    "reply_due_at": None,
    "snooze_due_at": None,
    "inactive_due_at": None,
}
#: What a conversation leaves behind when it goes on after having been over.
_NOT_OVER: dict[str, Any] = {
    "resolved_at": None,
    "closed_at": None,
    "close_due_at": None,
    "survey_due_at": None,
}
_NOBODYS: dict[str, Any] = {"assignee": None, "team": None}
#: How far ahead something may be set aside.
SNOOZE_MAX = timedelta(days=366)


class SnoozeRefusedError(Exception):
    """The instant to wake at is not in the future, or further ahead than `SNOOZE_MAX`."""

    code = "conversation.bad_snooze"


@transaction.atomic
def resolve(
    conversation: Conversation, *, actor: Actor, now: datetime, because: str = ""
) -> Conversation:
    """Resolve a conversation that is open, with a bot, or set aside.

    1. Move the state; deadlines fall away. 2. End the assignment, whose person keeps the credit.
    3. Ask for a rating if the channel does, at once or later; else close at once.

    `because` is a code for the event, where nobody in particular did it: `inactive`.
    Raises `IllegalTransitionError` or `ConversationMovedError`.
    """
    conversation = _lock(conversation)
    check_move(conversation.status, Status.RESOLVED)
    assignments.end_active(conversation, reason=EndReason.RESOLVED, now=now)
    conversation = _move(
        conversation,
        move=Move(
            Status.RESOLVED,
            "conversation.resolved",
            also={
                **_NOTHING_DUE,
                "waiting_since": None,
                "resolved_at": now,
                "resolution_count": F("resolution_count") + 1,
            },
            event_data={"because": because} if because else {},
        ),
        actor=actor,
        now=now,
    )
    survey = surveys.start(conversation, now=now)
    if survey is None or survey.status == SurveyStatus.SKIPPED:
        return close(conversation, actor=Actor.system(), now=now)
    return conversation


@transaction.atomic
def close(conversation: Conversation, *, actor: Actor, now: datetime) -> Conversation:
    """Close a resolved conversation: it is over, and no rating is waited for any more."""
    conversation = _lock(conversation)
    check_move(conversation.status, Status.CLOSED)
    surveys.end_waiting(conversation, reason=SkipReason.CLOSED, now=now)
    move = Move(
        Status.CLOSED,
        "conversation.closed",
        also={"closed_at": now, "close_due_at": None, "survey_due_at": None},
    )
    return _move(conversation, move=move, actor=actor, now=now)


@transaction.atomic
def finish(
    conversation: Conversation, *, actor: Actor, now: datetime, because: str
) -> Conversation:
    """Resolve and close what a bot has and nobody else had: no rating is asked for.

    `because` is a code for the events: `flow`. Raises as `resolve` does.
    """
    conversation = _lock(conversation)
    check_move(conversation.status, Status.RESOLVED)
    over = {
        **_NOTHING_DUE,
        "waiting_since": None,
        "resolved_at": now,
        "resolution_count": F("resolution_count") + 1,
    }
    data = {"because": because}
    move = Move(Status.RESOLVED, "conversation.resolved", also=over, event_data=data)
    conversation = _move(conversation, move=move, actor=actor, now=now)
    return close(conversation, actor=actor, now=now)


@transaction.atomic
def reopen(
    conversation: Conversation, *, actor: Actor, now: datetime, because: str = ""
) -> Conversation:
    """Open a conversation that is set aside or over again, unassigned and due for routing.

    Routing gives it back to the person who had it, if that person is still there; what a bot has is
    handed to people. `because` is a code for the event, where nobody did it: `snooze_over`.
    Refused with `IllegalTransitionError` while it is open, and with `ConversationMovedError` if
    the contact has another live conversation on this channel by now.
    """
    conversation = _lock(conversation)
    if conversation.status == Status.BOT:
        return hand_to_people(conversation, actor=actor, now=now)
    if conversation.status in OPEN:
        raise IllegalTransitionError(Status(conversation.status), Status.NEW)
    check_move(conversation.status, Status.NEW)
    move = Move(
        Status.NEW,
        "conversation.reopened",
        also={
            **_NOBODYS,
            **_NOTHING_DUE,
            **_NOT_OVER,
            "waiting_since": Coalesce("waiting_since", Value(now)),
            "routing_due_at": now,
        },
        event_data={"because": because} if because else {},
    )
    return _revive(conversation, move=move, actor=actor, now=now)


@transaction.atomic
def snooze(
    conversation: Conversation, *, until: datetime | None, actor: Actor, now: datetime
) -> Conversation:
    """Set a conversation aside until an instant, or until the customer writes (None).

    1. End the assignment: the person has room meanwhile, and gets it back when it wakes.
    2. Move the state. Only the waking is due; who had it stays to be seen.

    Raises `SnoozeRefusedError`, `IllegalTransitionError` or `ConversationMovedError`.
    """
    if until is not None and not now < until <= now + SNOOZE_MAX:
        raise SnoozeRefusedError
    conversation = _lock(conversation)
    check_move(conversation.status, Status.SNOOZED)
    assignments.end_active(conversation, reason=EndReason.SNOOZED, now=now)
    move = Move(
        Status.SNOOZED,
        "conversation.snoozed",
        also={**_NOTHING_DUE, "snooze_due_at": until},
        event_data={"until": until.isoformat() if until else None},
    )
    return _move(conversation, move=move, actor=actor, now=now)


@transaction.atomic
def hold_by_bot(
    conversation: Conversation,
    *,
    actor: Actor,
    now: datetime,
    event_data: dict[str, Any] | None = None,
) -> Conversation:
    """Let a flow or an AI agent have a conversation: no person has it, and nothing is due.

    `event_data` says which one. Raises `IllegalTransitionError` unless it is open, set aside or
    resolved, and `ConversationMovedError` as `reopen` does.
    """
    conversation = _lock(conversation)
    check_move(conversation.status, Status.BOT)
    move = Move(
        Status.BOT,
        "conversation.held_by_bot",
        also={**_NOBODYS, **_NOTHING_DUE, **_NOT_OVER, "bot_left_at": None},
        event_data=event_data or {},
    )
    return _revive(conversation, move=move, actor=actor, now=now, end_reason=EndReason.BOT)


@transaction.atomic
def hand_to_people(
    conversation: Conversation,
    *,
    actor: Actor,
    now: datetime,
    event_data: dict[str, Any] | None = None,
) -> Conversation:
    """Open what a bot has: unassigned, due for routing, its customer waiting from now on.

    `event_data` says why. Raises `IllegalTransitionError` unless a bot has it.
    """
    conversation = _lock(conversation)
    if conversation.status != Status.BOT:
        raise IllegalTransitionError(Status(conversation.status), Status.NEW)
    move = Move(
        Status.NEW,
        "conversation.handed_to_people",
        also={"waiting_since": now, "routing_due_at": now},
        event_data=event_data or {},
    )
    return _move(conversation, move=move, actor=actor, now=now)


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


def was_handed_to_people(conversation: Conversation) -> bool:
    """Say whether a bot had it, and that is why it wants an owner."""
    asked = Event.objects.filter(
        conversation=conversation,
        type__in=["conversation.created", "conversation.reopened", "conversation.handed_to_people"],
    )
    last = asked.order_by("-pk").values_list("type", flat=True).first()
    return last == "conversation.handed_to_people"


def _lock(conversation: Conversation) -> Conversation:
    locked: Conversation = (
        Conversation.objects.select_for_update(of=("self",))
        .select_related("channel")
        .get(pk=conversation.pk)
    )
    return locked


def _revive(
    conversation: Conversation,
    *,
    move: Move,
    actor: Actor,
    now: datetime,
    end_reason: EndReason = EndReason.REPLACED,
) -> Conversation:
    """Move a conversation that may have been over: only where the contact has no other by now."""
    if _has_other_live(conversation):
        raise ConversationMovedError
    assignments.end_active(conversation, reason=end_reason, now=now)
    surveys.end_waiting(conversation, reason=SkipReason.REOPENED, now=now)
    try:
        return _move(conversation, move=move, actor=actor, now=now)
    except IntegrityError as error:  # the contact's other one was started at this very moment
        raise ConversationMovedError from error


def _has_other_live(conversation: Conversation) -> bool:
    return (
        Conversation.objects.filter(
            contact_id=conversation.contact_id,
            channel_id=conversation.channel_id,
            status__in=LIVE,
        )
        .exclude(pk=conversation.pk)
        .exists()
    )


def _move(conversation: Conversation, *, move: Move, actor: Actor, now: datetime) -> Conversation:
    """Write the new state if the conversation is still as it was seen, and the event with it."""
    seen = conversation.status
    left = {"bot_left_at": now} if seen == Status.BOT else {}
    moved = Conversation.objects.filter(
        pk=conversation.pk, status=seen, version=conversation.version
    ).update(status=move.to, version=F("version") + 1, **left, **move.also)
    if not moved:
        raise ConversationMovedError
    conversation.refresh_from_db()
    data = {"from": seen, "to": str(move.to), **move.event_data}
    events.record(move.event, conversation=conversation, actor=actor, now=now, data=data)
    return conversation
