"""Where the files of messages lie: below DATA_DIR/media, never under an address of their own.

A file is named by the id of its row and by the attempt that wrote it, so that nothing anybody says
becomes part of a path, and so that two workers never write the same file.
"""

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from django.conf import settings

from conversations.media_types import HEAD_BYTES, sniff

#: Longer than anybody takes to write a file and its row.
SETTLED_AFTER_S = 15 * 60


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file as it lies there. `path` is below MEDIA_DIR, `content_type` what its bytes are."""

    path: str
    size: int
    content_type: str


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file that somebody uploaded, on its way to its message. `filename` is only for people."""

    public_id: UUID
    stored: StoredFile
    filename: str
    declared_type: str = ""


class TooLargeError(Exception):
    """More bytes came than a file may have. Nothing of it is kept."""


class EmptyFileError(Exception):
    """No byte came."""


def write(
    public_id: UUID,
    chunks: Iterable[bytes],
    *,
    attempt: int = 0,
    declared: str = "",
    most_bytes: int | None = None,
) -> StoredFile:
    """Write a file: whole or not at all. It stops taking chunks where they get too many.

    `most_bytes`: how many there may be; without it, as many as a customer's file may have.
    Raises `TooLargeError`, `EmptyFileError`, `OSError`, and whatever the chunks raise.
    """
    path = f"{public_id.hex[-2:]}/{public_id.hex}-{attempt}"
    target = settings.MEDIA_DIR / path
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=target.parent, prefix=f"{target.name}.part-")
    try:
        with os.fdopen(descriptor, "wb") as out:
            size, head = _copy(chunks, out, most_bytes=most_bytes or settings.MEDIA_MAX_BYTES)
            out.flush()
            os.fsync(out.fileno())
        os.replace(draft, target)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
    return StoredFile(path, size, sniff(head, declared=declared))


def _copy(chunks: Iterable[bytes], out: BinaryIO, *, most_bytes: int) -> tuple[int, bytes]:
    size, head = 0, b""
    for chunk in chunks:
        size += len(chunk)
        if size > most_bytes:
            raise TooLargeError
        if len(head) < HEAD_BYTES:
            head += chunk[: HEAD_BYTES - len(head)]
        out.write(chunk)
    if not size:
        raise EmptyFileError
    return size, head


def link(public_id: UUID, path: str) -> str:
    """Let a stored file lie there under another id too; return where. It is never changed.

    Copied only where the disk cannot do without. Raises `FileNotFoundError`.
    """
    linked = f"{public_id.hex[-2:]}/{public_id.hex}-0"
    source, target = settings.MEDIA_DIR / path, settings.MEDIA_DIR / linked
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copyfile(source, target)
    return linked


def open_file(path: str) -> BinaryIO:
    """Open a stored file to be read. Raises `FileNotFoundError`."""
    return (settings.MEDIA_DIR / path).open("rb")


def exists(path: str) -> bool:
    return (settings.MEDIA_DIR / path).is_file()


def remove(path: str) -> None:
    """Remove a file, if it is still there."""
    if path:
        (settings.MEDIA_DIR / path).unlink(missing_ok=True)


def remove_others(public_id: UUID, *, but: str = "") -> None:
    """Remove what other attempts at this file left behind, when their workers died."""
    folder = settings.MEDIA_DIR / public_id.hex[-2:]
    for found in folder.glob(f"{public_id.hex}-*"):
        if f"{folder.name}/{found.name}" != but:
            found.unlink(missing_ok=True)


def remove_settled(public_id: UUID, *, but: str, now: datetime) -> None:
    """Remove what attempts left behind so long ago that nobody can be writing it any more."""
    folder = settings.MEDIA_DIR / public_id.hex[-2:]
    before = now.timestamp() - SETTLED_AFTER_S
    for found in folder.glob(f"{public_id.hex}-*"):
        if f"{folder.name}/{found.name}" != but and _is_older(found, than=before):
            found.unlink(missing_ok=True)


def begin_upload(public_id: UUID) -> None:
    """Leave a mark that a file of this id is written, and may be left behind.

    One that is uploaded may never get its message; one that is fetched may lose its worker.
    """
    settings.UPLOAD_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    (settings.UPLOAD_DIR / public_id.hex).touch(mode=0o600)


def end_upload(public_id: UUID) -> None:
    """Take the mark away: the file has its message, or is gone."""
    (settings.UPLOAD_DIR / public_id.hex).unlink(missing_ok=True)


def begun_uploads(*, now: datetime) -> list[Path]:
    """Return what lies where uploads wait and should not do so any more, oldest names first."""
    if not settings.UPLOAD_DIR.is_dir():
        return []
    before = now.timestamp() - SETTLED_AFTER_S
    return [path for path in sorted(settings.UPLOAD_DIR.iterdir()) if _is_older(path, than=before)]


def paths() -> Iterator[str]:
    """Go through the files that lie there, as `path` is written in the rows."""
    for found in settings.MEDIA_DIR.glob("*/*"):
        yield f"{found.parent.name}/{found.name}"


def settled_paths(*, now: datetime) -> list[str]:
    """Return the files that were written a while ago: recorded, or removed, long since."""
    written_before = now.timestamp() - 2 * SETTLED_AFTER_S
    return [path for path in paths() if _is_older(settings.MEDIA_DIR / path, than=written_before)]


def _is_older(path: Path, *, than: float) -> bool:
    try:
        return bool(path.stat().st_mtime < than)
    except FileNotFoundError:  # removed while we looked
        return False
