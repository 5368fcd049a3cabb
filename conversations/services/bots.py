"""What a bot says and notes in a conversation that it has. No person wrote it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from django.db import transaction

from channels.models import Template
from channels.placeholders import fill
from conversations.actors import Actor
from conversations.delivery_states import DeliveryStatus
from conversations.event_types import EventType
from conversations.media_files import KeptFile
from conversations.models import Conversation, Message
from conversations.models.message import TEMPLATE_KIND, AuthorKind, Direction
from conversations.services import events, messages, replies
from conversations.services.messages import Draft
from conversations.services.replies import ReplyRefusedError
from conversations.wake import wake


@transaction.atomic
def queue_text(
    conversation: Conversation,
    *,
    body: str,
    answers_up_to: int,
    actor: Actor,
    now: datetime,
    files: Sequence[KeptFile] = (),
) -> Message:
    """Queue a bot's answer to all that the customer wrote up to a number of the conversation.

    With a file there may be no text.

    The customer goes on waiting only for an answer to what they wrote later. The row must be
    locked by the caller, with its contact and channel loaded. Raises `ReplyRefusedError`.
    """
    reason = replies.reason_not_to_reply(conversation, now=now)
    if reason:
        raise ReplyRefusedError(reason)
    draft = replace(_draft(actor, body, now=now), files=tuple(files))
    return _queue(conversation, draft, answers_up_to, actor=actor, now=now)


@transaction.atomic
def queue_template(
    conversation: Conversation,
    *,
    template: Template,
    values: Mapping[str, str],
    answers_up_to: int,
    actor: Actor,
    now: datetime,
) -> Message:
    """Queue an approved template as `queue_text` does a text, inside the 24 hours or after them."""
    reason = replies.reason_not_to_use(template, conversation=conversation, values=values)
    if reason:
        raise ReplyRefusedError(reason)
    draft = replace(
        _draft(actor, fill(template.body, values), now=now),
        kind=TEMPLATE_KIND,
        fields={"template": template, "template_variables": dict(values)},
    )
    return _queue(conversation, draft, answers_up_to, actor=actor, now=now)


def _draft(actor: Actor, body: str, *, now: datetime) -> Draft:
    """Return what a bot says; its kind as an author is its kind as an actor."""
    return Draft(
        direction=Direction.OUTBOUND,
        author_kind=AuthorKind(actor.kind),
        body=body,
        delivery_status=DeliveryStatus.QUEUED,
        send_due_at=now,
        author_name=actor.label,
    )


def _queue(
    conversation: Conversation, draft: Draft, answers_up_to: int, *, actor: Actor, now: datetime
) -> Message:
    message = messages.append_outbound(conversation, draft=draft, now=now)
    waiting = _first_unanswered(conversation, after=answers_up_to)
    Conversation.objects.filter(pk=conversation.pk).update(waiting_since=waiting)
    conversation.waiting_since = waiting
    _record("message.queued", message, actor=actor, now=now)
    wake("conversations.tasks.send_queued")
    return message


@transaction.atomic
def add_note(conversation: Conversation, *, body: str, actor: Actor, now: datetime) -> Message:
    """Leave a note for colleagues. The row must be locked by the caller."""
    draft = Draft(
        direction=Direction.NOTE,
        author_kind=AuthorKind.AI,
        body=body,
        author_name=actor.label,
    )
    message = messages.append(conversation, draft=draft, now=now)
    _record("note.added", message, actor=actor, now=now)
    return message


def _first_unanswered(conversation: Conversation, *, after: int) -> datetime | None:
    later = Message.objects.filter(
        conversation=conversation, direction=Direction.INBOUND, sequence__gt=after
    )
    first: datetime | None = later.order_by("sequence").values_list("created_at", flat=True).first()
    return first


def _record(type_: EventType, message: Message, *, actor: Actor, now: datetime) -> None:
    data = {"message": str(message.public_id), "sequence": message.sequence}
    events.record(type_, conversation=message.conversation, actor=actor, now=now, data=data)
