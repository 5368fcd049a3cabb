"""Adding a message to a conversation: the next number, the row, nothing else."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db.models import F

from channels.providers import adapter_for
from conversations.models import Conversation, Message
from conversations.models.message import AuthorKind, Direction
from conversations.parts import split


@dataclass(frozen=True, slots=True)
class Draft:
    """A message that is about to be stored. Outbound ones carry `send_due_at`."""

    direction: Direction
    author_kind: AuthorKind
    body: str
    author_id: int | None = None
    author_name: str = ""
    kind: str = "text"
    media: tuple[dict[str, str], ...] = ()
    provider_message_id: str | None = None
    delivery_status: str = ""
    send_due_at: datetime | None = None
    fields: dict[str, Any] = field(default_factory=dict)


def append(conversation: Conversation, *, draft: Draft, now: datetime) -> Message:
    """Store the draft as the conversation's next message. Runs inside the caller's transaction.

    The update locks the conversation's row, so two messages at once get two numbers.
    """
    Conversation.objects.filter(pk=conversation.pk).update(
        message_count=F("message_count") + 1, last_message_at=now
    )
    conversation.refresh_from_db(fields=["message_count", "last_message_at"])
    return Message.objects.create(
        conversation=conversation,
        channel_id=conversation.channel_id,
        sequence=conversation.message_count,
        direction=draft.direction,
        author_kind=draft.author_kind,
        author_id=draft.author_id,
        author_name=draft.author_name,
        kind=draft.kind,
        body=draft.body,
        media=list(draft.media),
        provider_message_id=draft.provider_message_id,
        delivery_status=draft.delivery_status,
        send_due_at=draft.send_due_at,
        created_at=now,
        **draft.fields,
    )


def append_outbound(conversation: Conversation, *, draft: Draft, now: datetime) -> Message:
    """Store an answer, in as many messages as its length needs; return the first of them.

    They are numbered one after the other, and so they go out. `conversation.channel` is loaded.
    """
    limit = adapter_for(conversation.channel.provider).text_limit
    first_text, *texts = split(draft.body, limit=limit)
    first = append(conversation, draft=replace(draft, body=first_text), now=now)
    for text in texts:
        rest = replace(draft, body=text, media=(), fields={"part_of": first})
        append(conversation, draft=rest, now=now)
    return first
