"""What people write: answers that go to the customer, and notes that do not."""

import uuid
from datetime import datetime
from typing import Any

from django.db import transaction

from channels.models import Medium
from conversations.actors import Actor
from conversations.delivery_states import DeliveryStatus
from conversations.event_types import EventType
from conversations.models import Conversation, Message
from conversations.models.assignment import AssignmentKind, EndReason
from conversations.models.message import AuthorKind, Direction
from conversations.services import assignments, events, lifecycle, messages
from conversations.services.assignments import Ownership
from conversations.services.messages import Draft
from conversations.states import OPEN, Status
from conversations.wake import wake
from conversations.window import is_window_open
from teams.models import User

#: An answer; one that is too long for the provider goes out in several messages.
MAX_BODY_LENGTH = 10_000


class ReplyRefusedError(Exception):
    """An answer that may not be sent. `code` says why: `conversation.closed`,
    `message.template_required`, `message.id_taken`, `contact.opted_out`, `channel.inactive`."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@transaction.atomic
def queue_reply(
    conversation: Conversation,
    *,
    author: User,
    body: str,
    actor: Actor,
    now: datetime,
    public_id: uuid.UUID | None = None,
) -> Message:
    """Store an agent's answer and queue it for sending; the customer no longer waits.

    Answering one that is set aside or over reopens it; answering one that nobody has takes it. A
    caller that may ask twice names the message beforehand: one with this `public_id` is stored
    once. Raises `ReplyRefusedError`.
    """
    conversation = _lock(conversation)
    if stored := _stored_before(conversation, public_id):
        return stored
    reason = reason_not_to_reply(conversation, now=now)
    if reason:
        raise ReplyRefusedError(reason)
    team_id = conversation.team_id
    if conversation.status not in OPEN:
        conversation = lifecycle.reopen(conversation, actor=actor, now=now)
    if conversation.assignee_id is None:
        conversation = _take(conversation, user=author, team_id=team_id, actor=actor, now=now)
    message = messages.append_outbound(
        conversation,
        draft=Draft(
            direction=Direction.OUTBOUND,
            author_kind=AuthorKind.AGENT,
            author_id=author.pk,
            body=body,
            delivery_status=DeliveryStatus.QUEUED,
            send_due_at=now,
            fields=_named(public_id),
        ),
        now=now,
    )
    lifecycle.start_progress(conversation, author_id=author.pk, actor=actor, now=now)
    _note_message("message.queued", message, actor=actor, now=now)
    wake("conversations.tasks.send_queued")
    return message


@transaction.atomic
def add_note(
    conversation: Conversation,
    *,
    author: User,
    body: str,
    actor: Actor,
    now: datetime,
    public_id: uuid.UUID | None = None,
) -> Message:
    """Store an internal note, once per `public_id`. It is never sent, and it ends no waiting."""
    conversation = _lock(conversation)
    if stored := _stored_before(conversation, public_id):
        return stored
    draft = Draft(
        direction=Direction.NOTE,
        author_kind=AuthorKind.AGENT,
        author_id=author.pk,
        body=body,
        fields=_named(public_id),
    )
    message = messages.append(conversation, draft=draft, now=now)
    _note_message("note.added", message, actor=actor, now=now)
    return message


def reason_not_to_reply(conversation: Conversation, *, now: datetime) -> str:
    """Return why free text may not be sent now, as a code; blank if it may."""
    if conversation.status == Status.CLOSED:
        return "conversation.closed"
    if not conversation.channel.is_active:
        return "channel.inactive"
    return reason_not_to_write(conversation, now=now)


def reason_not_to_write(conversation: Conversation, *, now: datetime) -> str:
    """Return why this customer may not be sent free text at this moment; blank if they may.

    It is asked once more when a message leaves, for much can happen while one is queued.
    """
    if conversation.identity.opted_out_at is not None:
        return "contact.opted_out"
    is_whatsapp = conversation.channel.medium == Medium.WHATSAPP
    if is_whatsapp and not is_window_open(conversation.last_inbound_at, now=now):
        return "message.template_required"
    return ""


def _lock(conversation: Conversation) -> Conversation:
    locked: Conversation = (
        Conversation.objects.select_for_update(of=("self",))
        .select_related("channel", "identity")
        .get(pk=conversation.pk)
    )
    return locked


def _stored_before(conversation: Conversation, public_id: uuid.UUID | None) -> Message | None:
    """Return the message of this name, if it is there. The conversation's row is locked.

    Raises `ReplyRefusedError` if another conversation has a message of this name.
    """
    if public_id is None:
        return None
    stored = Message.objects.filter(public_id=public_id).first()
    if stored is not None and stored.conversation_id != conversation.pk:
        raise ReplyRefusedError("message.id_taken")
    return stored


def _named(public_id: uuid.UUID | None) -> dict[str, Any]:
    return {} if public_id is None else {"public_id": public_id}


def _take(
    conversation: Conversation, *, user: User, team_id: int | None, actor: Actor, now: datetime
) -> Conversation:
    """Give a conversation that nobody has to whoever answers it; its team stays."""
    assignments.end_active(conversation, reason=EndReason.REPLACED, now=now)
    owner = Ownership(
        kind=AssignmentKind.CLAIM,
        user_id=user.pk,
        team_id=team_id,
        event_data={"user": str(user.public_id), "by": "answering"},
    )
    assignments.give(conversation, owner=owner, actor=actor, now=now)
    conversation.refresh_from_db()
    return conversation


def _note_message(type_: EventType, message: Message, *, actor: Actor, now: datetime) -> None:
    events.record(
        type_,
        conversation=message.conversation,
        actor=actor,
        now=now,
        data={"message": str(message.public_id), "sequence": message.sequence},
    )
