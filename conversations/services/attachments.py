"""The files of a message: written down when it comes, and given to one that goes."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial

from django.db import transaction

from channels.egress import BlockedAddressError, parse_url
from conversations import media_files
from conversations.media_files import KeptFile
from conversations.models import Attachment, FileState, Message
from conversations.statements import Incoming

LONGEST_NAME = 200
LONGEST_TYPE = 200


def record_incoming(incoming: Incoming, *, now: datetime) -> list[Attachment]:
    """Write down the files of a customer's message that was just stored; a worker fetches them.

    Runs in the transaction that stores the message. A message without files costs no statement.
    """
    files = incoming.files
    if not files:
        return []
    message_id = Message.objects.values_list("pk", flat=True).get(
        public_id=incoming.message_public_id
    )
    return Attachment.objects.bulk_create(
        _build(message_id, position=position, entry=entry, now=now)
        for position, entry in enumerate(files)
    )


def attach(message: Message, *, file: KeptFile, position: int, now: datetime) -> Attachment:
    """Give a file of ours to its message. Runs in the transaction that stores the message."""
    transaction.on_commit(partial(media_files.end_upload, file.public_id))
    return Attachment.objects.create(
        public_id=file.public_id,
        message=message,
        position=position,
        state=FileState.STORED,
        declared_type=file.declared_type[:LONGEST_TYPE],
        content_type=file.stored.content_type[:100],
        size=file.stored.size,
        filename=plain_name(file.filename),
        path=file.stored.path,
        created_at=now,
        stored_at=now,
    )


def plain_name(name: str) -> str:
    """Return a file's name as it may be shown: one line, no folders, not too long."""
    last = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(letter for letter in last if letter.isprintable())
    return shown.strip(" .")[:LONGEST_NAME]


def _build(
    message_id: int, *, position: int, entry: Mapping[str, str], now: datetime
) -> Attachment:
    error = _reason_not_to_fetch(entry)
    return Attachment(
        message_id=message_id,
        position=position,
        state=FileState.FAILED if error else FileState.PENDING,
        reference=entry.get("id") or entry.get("url", ""),
        declared_type=entry.get("content_type", "")[:LONGEST_TYPE],
        filename=plain_name(entry.get("filename", "")),
        error=error,
        fetch_due_at=None if error else now,
        created_at=now,
    )


def _reason_not_to_fetch(entry: Mapping[str, str]) -> str:
    """Return what the door thought of it; a host that the operator names may be private."""
    state = entry.get("state", "")
    if state == "blocked_ssrf" and _is_named(entry.get("url", "")):
        return ""
    return "" if state == "pending" else state or "missing"


def _is_named(url: str) -> bool:
    try:
        return parse_url(url).is_named
    except BlockedAddressError:
        return False
