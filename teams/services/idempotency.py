"""One effect per `Idempotency-Key`, however often and however parallel it is sent."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction

from teams.models import ApiKey, StoredAnswer
from teams.queries import Insert, InstanceQuery

KEPT_FOR = timedelta(hours=24)
BATCH = 500
_KEEP = Insert(StoredAnswer)
_KEPT = InstanceQuery(
    lambda api_key_id, key: StoredAnswer.objects.order_by().filter(api_key_id=api_key_id, key=key),
    "api key",
    "key",
)


class IdempotencyKeyReusedError(Exception):
    """The key was used for another request."""

    code = "idempotency_key_reused"


class IdempotencyInProgressError(Exception):
    """A request with this key is running right now."""

    code = "idempotency_in_progress"


@dataclass(frozen=True, slots=True)
class Answer:
    """`body` is the JSON text as it was sent."""

    status: int
    body: str
    is_replayed: bool = False


def run_once(
    api_key: ApiKey,
    *,
    key: str,
    fingerprint: str,
    effect: Callable[[], Answer],
    now: datetime,
) -> Answer:
    """Run `effect` unless the key was answered before; then return that answer.

    1. Take the key for this transaction; whoever comes second is told so at once.
    2. An answer that is kept is given again; another request under the same key is refused.
    3. The effect and its answer are committed together. An effect that raises leaves nothing.
    """
    with transaction.atomic():
        _take(f"{api_key.pk}:{key}")
        stored = _KEPT.first(api_key.pk, key)
        if stored is not None and _is_fresh(stored, now=now):
            return _give_again(stored, fingerprint=fingerprint)
        answer = effect()
        if stored is not None:
            stored.delete()
        _KEEP.save(
            StoredAnswer(
                api_key=api_key,
                key=key,
                fingerprint=fingerprint,
                status=answer.status,
                body=answer.body,
                created_at=now,
            )
        )
        return answer


def find_answer(api_key: ApiKey, *, key: str, fingerprint: str, now: datetime) -> Answer | None:
    """Return what a request with this key was answered; None if it was not, or is forgotten.

    Raises `IdempotencyKeyReusedError` if it was another request.
    """
    stored = _KEPT.first(api_key.pk, key)
    if stored is None or not _is_fresh(stored, now=now):
        return None
    return _give_again(stored, fingerprint=fingerprint)


def forget_next_expired(*, now: datetime) -> bool:
    """Delete a batch of answers that need not be kept any longer; say whether there were any."""
    old = StoredAnswer.objects.filter(created_at__lte=now - KEPT_FOR).order_by("pk")
    count, _ = StoredAnswer.objects.filter(
        pk__in=list(old.values_list("pk", flat=True)[:BATCH])
    ).delete()
    return count > 0


def _is_fresh(stored: StoredAnswer, *, now: datetime) -> bool:
    return stored.created_at > now - KEPT_FOR


def _give_again(stored: StoredAnswer, *, fingerprint: str) -> Answer:
    if stored.fingerprint != fingerprint:
        raise IdempotencyKeyReusedError
    return Answer(stored.status, stored.body, is_replayed=True)


def _take(name: str) -> None:
    """Hold the name until the transaction ends. SQLite needs no lock: it has one writer."""
    if connection.vendor != "postgresql":
        return
    digest = hashlib.sha256(name.encode()).digest()
    with connection.cursor() as cursor:
        number = int.from_bytes(digest[:8], "big", signed=True)
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        row = cursor.fetchone()
    if not (row and row[0]):
        raise IdempotencyInProgressError
