"""What people write: answers that go to the customer, and notes that do not."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from channels.models import Medium, Template, TemplateStatus
from channels.placeholders import faults_in, fill
from conversations.actors import Actor
from conversations.delivery_states import DeliveryStatus
from conversations.event_types import EventType
from conversations.media_files import KeptFile
from conversations.models import Conversation, Message
from conversations.models.assignment import AssignmentKind, EndReason
from conversations.models.message import TEMPLATE_KIND, AuthorKind, Direction
from conversations.services import assignments, events, lifecycle, messages
from conversations.services.assignments import Ownership
from conversations.services.messages import Draft
from conversations.states import OPEN, Status
from conversations.wake import wake
from conversations.window import is_window_open
from teams.models import User

#: An answer; one that is too long for the provider goes out in several messages.
MAX_BODY_LENGTH = 10_000


@dataclass(frozen=True, slots=True)
class _Writing:
    """What somebody writes to a customer."""

    author: User
    actor: Actor
    kind: str
    body: str
    fields: dict[str, Any]
    files: tuple[KeptFile, ...] = ()


class ReplyRefusedError(Exception):
    """An answer that may not be sent. `code` says why: `conversation.closed`,
    `message.template_required`, `message.id_taken`, `contact.opted_out`, `channel.inactive`,
    `template.not_approved`, `template.values`."""

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
    files: Sequence[KeptFile] = (),
) -> Message:
    """Store an agent's answer and queue it for sending; the customer no longer waits.

    `files` were kept by `uploads.keep` for the channel of this conversation. With one there may be
    no text.

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
    writing = _Writing(author, actor, "text", body, _named(public_id), tuple(files))
    return _queue(conversation, writing, now=now)


@transaction.atomic
def queue_template(
    conversation: Conversation,
    *,
    author: User,
    template: Template,
    values: Mapping[str, str],
    actor: Actor,
    now: datetime,
    public_id: uuid.UUID | None = None,
) -> Message:
    """Store an answer made of an approved template, inside the 24 hours or after them.

    `values` fill its placeholders. Raises `ReplyRefusedError`, with the codes of `queue_reply`,
    `template.not_approved` or `template.values`.
    """
    conversation = _lock(conversation)
    if stored := _stored_before(conversation, public_id):
        return stored
    reason = reason_not_to_use(template, conversation=conversation, values=values)
    if reason:
        raise ReplyRefusedError(reason)
    extra = {**_named(public_id), "template": template, "template_variables": dict(values)}
    writing = _Writing(author, actor, TEMPLATE_KIND, fill(template.body, values), extra)
    return _queue(conversation, writing, now=now)


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
    return _reason_not_to_talk(conversation) or reason_not_to_write(conversation, now=now)


def reason_not_to_use(
    template: Template, *, conversation: Conversation, values: Mapping[str, str]
) -> str:
    """Return why a template may not be sent with these values, as a code; blank if it may."""
    return _reason_not_to_talk(conversation) or _reason_not_to_use(template, conversation, values)


def reason_not_to_resend(message: Message, *, now: datetime) -> str:
    """Return why a message may not be sent once more, as a code; blank if it may."""
    return _reason_not_to_talk(message.conversation) or reason_not_to_send(message, now=now)


def reason_not_to_send(message: Message, *, now: datetime) -> str:
    """Return why a message may not leave at this moment, as a code; blank if it may."""
    if message.kind == TEMPLATE_KIND:
        return _reason_not_to_address(message.conversation)
    return reason_not_to_write(message.conversation, now=now)


def reason_not_to_write(conversation: Conversation, *, now: datetime) -> str:
    """Return why this customer may not be sent free text at this moment; blank if they may.

    It is asked once more when a message leaves, for much can happen while one is queued.
    """
    opted_out = _reason_not_to_address(conversation)
    if opted_out:
        return opted_out
    is_whatsapp = conversation.channel.medium == Medium.WHATSAPP
    if is_whatsapp and not is_window_open(conversation.last_inbound_at, now=now):
        return "message.template_required"
    return ""


def _reason_not_to_talk(conversation: Conversation) -> str:
    if conversation.status == Status.CLOSED:
        return "conversation.closed"
    if not conversation.channel.is_active:
        return "channel.inactive"
    return _reason_not_to_address(conversation)


def _reason_not_to_address(conversation: Conversation) -> str:
    return "contact.opted_out" if conversation.identity.opted_out_at is not None else ""


def _reason_not_to_use(
    template: Template, conversation: Conversation, values: Mapping[str, str]
) -> str:
    is_theirs = template.channel_id == conversation.channel_id and template.removed_at is None
    if not is_theirs or template.status != TemplateStatus.APPROVED:
        return "template.not_approved"
    return "template.values" if faults_in(tuple(template.variables), values) else ""


def _queue(conversation: Conversation, writing: _Writing, *, now: datetime) -> Message:
    """Store what somebody wrote to the customer. The conversation's row is locked."""
    author, actor = writing.author, writing.actor
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
            kind=writing.kind,
            body=writing.body,
            files=writing.files,
            delivery_status=DeliveryStatus.QUEUED,
            send_due_at=now,
            fields=writing.fields,
        ),
        now=now,
    )
    lifecycle.start_progress(conversation, author_id=author.pk, actor=actor, now=now)
    _note_message("message.queued", message, actor=actor, now=now)
    wake("conversations.tasks.send_queued")
    return message


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
