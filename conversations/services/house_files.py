"""Files of the house: kept once, and lent to each message that sends one."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from channels.models import Channel
from channels.providers import adapter_for
from conversations import media_files
from conversations.media_files import KeptFile, StoredFile
from conversations.models import HouseFile
from conversations.services import uploads
from conversations.services.attachments import plain_name
from conversations.services.uploads import FileRefusedError
from teams.identifiers import new_public_id
from teams.models import User


def keep(file: "UploadedFile[Any]", *, author: User | None, now: datetime) -> HouseFile:
    """Write a file down for good. Raises `FileRefusedError` for one that nobody could send.

    Killed in between, it leaves a mark by which a sweep removes what was written.
    """
    uploads.kind_of(file)
    most = settings.UPLOAD_MAX_BYTES
    if (file.size or 0) > most:
        raise FileRefusedError("file.too_large", name=file.name or "", most_bytes=most)
    kept = uploads.write(file)
    with transaction.atomic():
        transaction.on_commit(partial(media_files.end_upload, kept.public_id))
        return HouseFile.objects.create(
            public_id=kept.public_id,
            filename=plain_name(kept.filename) or str(kept.public_id),
            content_type=kept.stored.content_type[:100],
            size=kept.stored.size,
            path=kept.stored.path,
            created_at=now,
            created_by=author,
        )


def lend(file: HouseFile) -> KeptFile:
    """Return the file for one message, under an id of its own: that message may lose it later.

    Nothing is copied where the disk can do without. Whoever stores the message takes the mark away.
    """
    public_id = new_public_id()
    media_files.begin_upload(public_id)
    path = media_files.link(public_id, file.path)
    stored = StoredFile(path, file.size, file.content_type)
    return KeptFile(public_id, stored, file.filename)


def is_sendable(file: HouseFile, *, channel: Channel) -> bool:
    """Say whether a channel's provider takes a file of this kind and size."""
    rules = adapter_for(channel.provider).media_rules(channel.medium)
    return file.size <= rules.most_bytes.get(file.content_type, 0)


@transaction.atomic
def remove(files: Sequence[HouseFile]) -> None:
    """Remove files that nothing names any more; messages keep theirs."""
    for file in files:
        file.delete()
        transaction.on_commit(partial(media_files.remove, file.path))
