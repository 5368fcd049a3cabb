"""Files that somebody wants to send: looked at, written down, and given to a message later.

Writing a file and storing its message are two things. A mark is left before the first; whoever
stores the message takes it away. What is marked for too long has no message and is removed.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from channels.models import Channel
from channels.providers import adapter_for
from conversations import media_files
from conversations.media_files import KeptFile
from conversations.media_types import HEAD_BYTES, UNKNOWN, declared_by, sniff
from conversations.models import Attachment, HouseFile
from teams.identifiers import new_public_id

logger = logging.getLogger(__name__)

MOST_FILES = 10


class FileRefusedError(Exception):
    """A file that may not be sent. `code` says why, `facts` are what its sentence names:
    `file.too_many` (most), `file.empty` (name), `file.unknown_type` (name), `file.refused_type`
    (name, type), `file.too_large` (name, most_bytes)."""

    def __init__(self, code: str, **facts: Any) -> None:
        self.code, self.facts = code, facts
        super().__init__(code)


def keep(files: "Sequence[UploadedFile[Any]]", *, channel: Channel) -> list[KeptFile]:
    """Look at all files, then write them where they stay. Raises `FileRefusedError`.

    They are meant for one message over this channel, which is stored afterwards.
    """
    if len(files) > MOST_FILES:
        raise FileRefusedError("file.too_many", most=MOST_FILES)
    for file in files:
        _examine(file, channel=channel)
    return [write(file) for file in files]


@contextmanager
def kept(files: "Sequence[UploadedFile[Any]]", *, channel: Channel) -> Iterator[list[KeptFile]]:
    """Keep files while their message is stored; if that is refused, remove them at once."""
    found = keep(files, channel=channel)
    try:
        yield found
    except BaseException:
        for file in found:
            media_files.remove(file.stored.path)
            media_files.end_upload(file.public_id)
        raise


def remove_next_abandoned(*, now: datetime) -> bool:
    """Remove what was written for one file and never recorded; say whether a mark was left.

    A file that was uploaded got no message, or a worker died while it fetched one.
    """
    for path in media_files.begun_uploads(now=now):
        try:
            _remove(path, now=now)
        except OSError:
            logger.exception("Removing the upload %s failed.", path.name)
            continue
        return True
    return False


def _remove(path: Path, *, now: datetime) -> None:
    """Remove a mark with its file, or what a process left there that was killed.

    The row's own file stays, and so does what somebody may be writing at this moment.
    """
    with suppress(ValueError):
        public_id = UUID(path.name)
        rows = Attachment.objects.filter(public_id=public_id)
        kept = rows.values_list("path", flat=True).first()  # blank while it is being fetched
        if kept is None:
            kept = _kept_by_the_house(public_id)
        if kept is None:
            media_files.remove_others(public_id)
        else:
            media_files.remove_settled(public_id, but=kept, now=now)
    path.unlink(missing_ok=True)


def _kept_by_the_house(public_id: UUID) -> str | None:
    return HouseFile.objects.filter(public_id=public_id).values_list("path", flat=True).first()


def kind_of(file: "UploadedFile[Any]") -> str:
    """Return the media type that a file has by its own bytes.

    Raises `FileRefusedError` for one that is empty or of no known kind.
    """
    name = file.name or ""
    if not file.size:
        raise FileRefusedError("file.empty", name=name)
    kind = sniff(_head(file), declared=_declared(file))
    if kind == UNKNOWN:
        raise FileRefusedError("file.unknown_type", name=name)
    return kind


def _examine(file: "UploadedFile[Any]", *, channel: Channel) -> None:
    name, kind = file.name or "", kind_of(file)
    rules = adapter_for(channel.provider).media_rules(channel.medium)
    if kind not in rules.most_bytes:
        raise FileRefusedError("file.refused_type", name=name, type=kind)
    most_bytes = min(rules.most_bytes[kind], settings.UPLOAD_MAX_BYTES)
    if (file.size or 0) > most_bytes:
        raise FileRefusedError("file.too_large", name=name, most_bytes=most_bytes)


def _head(file: "UploadedFile[Any]") -> bytes:
    file.seek(0)
    head: bytes = file.read(HEAD_BYTES)
    file.seek(0)
    return head


def _declared(file: "UploadedFile[Any]") -> str:
    """Return what its sender calls it; what knows no better word leaves it to the name."""
    return declared_by(file.name or "") or file.content_type or ""


def write(file: "UploadedFile[Any]") -> KeptFile:
    """Write a file where it stays, under a mark that is left before and taken away by others."""
    public_id = new_public_id()
    declared = _declared(file)
    media_files.begin_upload(public_id)
    stored = media_files.write(
        public_id, file.chunks(), declared=declared, most_bytes=settings.UPLOAD_MAX_BYTES
    )
    return KeptFile(public_id, stored, file.name or "", declared)
