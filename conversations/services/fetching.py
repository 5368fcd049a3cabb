"""Fetching customers' files: claim by lease, fetch, record behind a fence.

A file is fetched at least once and written down once: whoever comes too late throws away what was
fetched. Nothing is fetched inside a transaction.
"""

import logging
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F

from channels.downloads import DownloadError, download
from channels.providers import adapter_for, config_of
from channels.providers.base import NotSupportedError, SendError
from channels.secrets import SecretUnreadableError
from conversations import media_files
from conversations.actors import Actor
from conversations.backoff import next_attempt_at
from conversations.event_types import EventType
from conversations.file_errors import HOPELESS, SENTENCES
from conversations.media_files import EmptyFileError, StoredFile, TooLargeError
from conversations.models import Attachment, FileState
from conversations.services import events
from conversations.wake import wake

logger = logging.getLogger(__name__)

#: How long a worker may hold a file: twice the longest way to it.
LEASE = timedelta(seconds=180)
#: A worker that is killed is no failure of the file, so its try does not count. A file of which so
#: many were begun, and whose worker died again, is what kills them.
MOST_BEGUN = 20
#: What may go wrong on our side: the code, and whether the next try may go better.
_OUR_OWN: dict[type[Exception], tuple[str, bool]] = {
    TooLargeError: ("too_large", False),
    EmptyFileError: ("empty", True),
    SecretUnreadableError: ("secret", False),
    NotSupportedError: ("unsupported", False),
    OSError: ("storage", True),
    Exception: ("internal", True),
}
_UNFORESEEN = frozenset({"storage", "internal"})


class FetchRefusedError(Exception):
    """A file that is not fetched again: it is there, on its way, removed, or never was."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A file that this worker alone may fetch. `attempt` is the fence on every later write."""

    attachment: Attachment
    attempt: int
    tries: int
    is_hopeless: bool


def fetch_next(*, now: datetime) -> bool:
    """Fetch one due file and write down what became of it; say whether there was one."""
    claim = _claim_next(now=now)
    if claim is None:
        return False
    began = time.monotonic()
    outcome = _fetch(claim)
    if isinstance(outcome, StoredFile):
        _keep(claim, stored=outcome, now=now)
    else:
        ended = now + timedelta(seconds=time.monotonic() - began)
        _record_failure(claim, error=outcome, now=ended)
    return True


@transaction.atomic
def fetch_again(attachment: Attachment, *, actor: Actor, now: datetime) -> Attachment:
    """Fetch a file that could not be fetched, because a person says so.

    Raises `FetchRefusedError`. Of two who press at once, the second finds it on its way.
    """
    locked = (
        Attachment.objects.select_for_update(of=("self",))
        .select_related("message__conversation")
        .get(pk=attachment.pk)
    )
    if not may_fetch_again(locked):
        raise FetchRefusedError
    was = locked.error
    locked.state, locked.error, locked.tries, locked.fetch_due_at = FileState.PENDING, "", 0, now
    locked.save(update_fields=["state", "error", "tries", "fetch_due_at"])
    _note("message.file_retried", locked, actor=actor, now=now, error=was)
    wake("conversations.tasks.fetch_files")
    return locked


def may_fetch_again(attachment: Attachment) -> bool:
    """Say whether there is a point in another try."""
    return attachment.state == FileState.FAILED and attachment.error not in HOPELESS


@transaction.atomic
def _claim_next(*, now: datetime) -> Claim | None:
    """Take the file that is due longest; until the lease is over nobody else takes it."""
    attachment = (
        Attachment.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("message__conversation", "message__channel")
        .filter(fetch_due_at__lte=now)
        .order_by("fetch_due_at", "pk")
        .first()
    )
    if attachment is None:
        return None
    was_lost = attachment.lease_until is not None
    Attachment.objects.filter(pk=attachment.pk).update(
        fetch_due_at=now + LEASE, lease_until=now + LEASE, attempt=F("attempt") + 1
    )
    tries = attachment.tries if was_lost else attachment.tries + 1
    is_hopeless = was_lost and attachment.attempt >= MOST_BEGUN
    return Claim(attachment, attachment.attempt + 1, max(tries, 1), is_hopeless)


def _fetch(claim: Claim) -> StoredFile | DownloadError:
    """Fetch the file to the disk. Whatever is unforeseen is a failure of this file alone."""
    if claim.is_hopeless:
        return DownloadError("lost", is_passing=False)
    try:
        return _download(claim)
    except DownloadError as error:
        return error
    except SendError as error:
        code = error.code if error.code in SENTENCES else "provider"
        return DownloadError(code, error.outcome != "permanent", error.retry_after_s)
    except Exception as error:
        code, is_passing = next(
            known for type_, known in _OUR_OWN.items() if isinstance(error, type_)
        )
        if code in _UNFORESEEN:
            logger.exception("Fetching file %s failed.", claim.attachment.public_id)
        return DownloadError(code, is_passing)


def _download(claim: Claim) -> StoredFile:
    attachment = claim.attachment
    channel = attachment.message.channel
    source = adapter_for(channel.provider).media_source(attachment.reference, config_of(channel))
    # Whatever becomes of this worker: a sweep looks after what lies there and is nobody's.
    media_files.begin_upload(attachment.public_id)
    with closing(download(source, most_bytes=settings.MEDIA_MAX_BYTES)) as pieces:
        return media_files.write(
            attachment.public_id,
            pieces,
            attempt=claim.attempt,
            declared=attachment.declared_type,
        )


def _keep(claim: Claim, *, stored: StoredFile, now: datetime) -> None:
    """Write the file down, then remove what other attempts left; or this one, if it is too late."""
    is_ours = _record_stored(claim, stored=stored, now=now)
    if is_ours:
        media_files.remove_others(claim.attachment.public_id, but=stored.path)
    else:
        media_files.remove(stored.path)


@transaction.atomic
def _record_stored(claim: Claim, *, stored: StoredFile, now: datetime) -> bool:
    is_ours = _write(
        claim,
        state=FileState.STORED,
        path=stored.path,
        size=stored.size,
        content_type=stored.content_type[:100],
        error="",
        fetch_due_at=None,
        stored_at=now,
    )
    if is_ours:
        _note("message.file_stored", claim.attachment, actor=Actor.system(), now=now)
    return is_ours


@transaction.atomic
def _record_failure(claim: Claim, *, error: DownloadError, now: datetime) -> None:
    due_at = None
    if error.is_passing:
        due_at = next_attempt_at(claim.tries, now=now, retry_after_s=error.retry_after_s)
    state = FileState.PENDING if due_at else FileState.FAILED
    is_ours = _write(claim, state=state, error=error.code[:24], fetch_due_at=due_at)
    if is_ours and due_at is None:
        actor = Actor.system()
        _note("message.file_failed", claim.attachment, actor=actor, now=now, error=error.code)


def _write(claim: Claim, **changes: object) -> bool:
    """Write behind the fence: a later attempt has a higher number, and this one comes too late."""
    rows = Attachment.objects.filter(
        pk=claim.attachment.pk, attempt=claim.attempt, state=FileState.PENDING
    )
    return bool(rows.update(lease_until=None, tries=claim.tries, **changes))


def _note(
    type_: EventType, attachment: Attachment, *, actor: Actor, now: datetime, error: str = ""
) -> None:
    message = attachment.message
    events.record(
        type_,
        conversation=message.conversation,
        actor=actor,
        now=now,
        data={
            "message": str(message.public_id),
            "attachment": str(attachment.public_id),
            "error": error,
        },
    )
