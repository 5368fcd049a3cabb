"""Adding a message to a conversation: the next number, the row, nothing else."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db.models import F

from channels.providers import adapter_for
from conversations.media_files import KeptFile
from conversations.models import Conversation, Message
from conversations.models.message import AuthorKind, Direction
from conversations.parts import Piece, lay_out
from conversations.services import attachments

#: The kind of a message with a file; received ones are called so as well.
FILE_KIND = "media"


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
    files: tuple[KeptFile, ...] = ()
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
    """Store an answer, in as many messages as its length and its files need; return the first.

    They are numbered one after the other, and so they go out. `conversation.channel` is loaded.
    """
    channel = conversation.channel
    adapter = adapter_for(channel.provider)
    rules = adapter.media_rules(channel.medium)
    pieces = lay_out(
        draft.body,
        limit=adapter.text_limit,
        are_captioned=[file.stored.content_type in rules.captioned for file in draft.files],
        caption_limit=rules.caption_limit,
    )
    first = _append_piece(conversation, draft=draft, piece=pieces[0], now=now)
    rest = replace(draft, fields={"part_of": first})
    for piece in pieces[1:]:
        _append_piece(conversation, draft=rest, piece=piece, now=now)
    return first


def _append_piece(
    conversation: Conversation, *, draft: Draft, piece: Piece, now: datetime
) -> Message:
    if piece.file is None:
        return append(conversation, draft=replace(draft, body=piece.text), now=now)
    of_file = replace(draft, body=piece.text, kind=FILE_KIND)
    message = append(conversation, draft=of_file, now=now)
    attachments.attach(message, file=draft.files[piece.file], position=piece.file, now=now)
    return message
