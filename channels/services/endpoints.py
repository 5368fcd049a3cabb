"""Setting up endpoints, their secrets, and how they do."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from channels import signatures
from channels.models import Channel, Endpoint, PauseReason
from channels.secrets import is_readable

MOST_PER_CHANNEL = 10
#: How long the old secret signs beside the new one, unless told.
OVERLAP = timedelta(hours=24)
#: An endpoint that was not reached for so long is paused: what happens is kept until it is resumed.
PAUSE_AFTER = timedelta(days=5)
#: Failing slowly is held against an endpoint: it may take a fifth of a worker's time, not more.
SLOW_S = 2.0
HOLD_FACTOR = 4
LONGEST_HOLD = timedelta(days=1)


class TooManyEndpointsError(Exception):
    """The channel has as many endpoints as it may have; so has the house, where none is named."""

    code = "endpoint.too_many"


@transaction.atomic
def create(
    *, name: str, url: str, now: datetime, channel: Channel | None = None, **fields: Any
) -> Endpoint:
    """Create an endpoint with a new secret. Its address was looked at by the caller.

    Raises `TooManyEndpointsError`, and `ValidationError` naming the fields.
    """
    _refuse_eleventh(channel)
    endpoint = Endpoint(name=name.strip(), url=url, channel=channel, created_at=now, **fields)
    endpoint.full_clean(exclude={"secret", "previous_secret"})
    endpoint.save()
    return endpoint


@transaction.atomic
def update(endpoint: Endpoint, *, now: datetime, **changes: Any) -> Endpoint:
    """Change an endpoint's settings. A new address starts with a clean record.

    Raises `TooManyEndpointsError`, and `ValidationError` naming the fields.
    """
    if "channel" in changes and changes["channel"] != endpoint.channel:
        _refuse_eleventh(changes["channel"])
    if changes.get("url", endpoint.url) != endpoint.url:
        changes |= _UNTRIED
    for name, value in changes.items():
        setattr(endpoint, name, value)
    endpoint.full_clean(exclude={"secret", "previous_secret"})
    endpoint.save(update_fields=[*changes])
    return endpoint


@transaction.atomic
def rotate_secret(endpoint: Endpoint, *, now: datetime, overlap: timedelta = OVERLAP) -> Endpoint:
    """Give the endpoint a new secret; the old one goes on signing until the overlap is over."""
    endpoint = _lock(endpoint.pk)
    keeps_old = overlap > timedelta(0)
    endpoint.previous_secret = vars(endpoint)["secret"] if keeps_old else ""
    endpoint.previous_secret_until = now + overlap if keeps_old else None
    endpoint.secret = signatures.new_secret()
    endpoint.save(update_fields=["secret", "previous_secret", "previous_secret_until"])
    return endpoint


def living_secrets(endpoint: Endpoint, *, now: datetime) -> list[str]:
    """Return the secrets that sign now, the new one first. Raises `SecretUnreadableError`."""
    until = endpoint.previous_secret_until
    if until is None or until <= now or not is_readable(endpoint, "previous_secret"):
        return [endpoint.secret]
    return [endpoint.secret, endpoint.previous_secret]


def delete(endpoint: Endpoint) -> None:
    """Remove an endpoint for good, with the list of what it was sent."""
    endpoint.delete()


# --- Health. The caller has a transaction and holds the endpoint's row.


def lock_all(endpoint_ids: Iterable[int]) -> list[Endpoint]:
    """Lock endpoints by id, in order: whoever changes what they are sent locks them first."""
    rows = Endpoint.objects.select_for_update(of=("self",), no_key=True)
    return list(rows.filter(pk__in=list(endpoint_ids)).order_by("pk"))


def note_success(endpoint: Endpoint, *, now: datetime) -> None:
    Endpoint.objects.filter(pk=endpoint.pk).update(
        **_UNTRIED, last_success_at=now, last_tried_at=now
    )


def note_failure(
    endpoint: Endpoint, *, error: str, took_s: float, retry_after_s: float | None, now: datetime
) -> None:
    """Count a failure, hold back the next calls where that helps, pause what fails for days."""
    since = endpoint.failing_since or now
    hold = timedelta(seconds=HOLD_FACTOR * took_s if took_s >= SLOW_S else 0)
    hold = min(max(hold, timedelta(seconds=retry_after_s or 0)), LONGEST_HOLD)
    Endpoint.objects.filter(pk=endpoint.pk).update(
        consecutive_failures=F("consecutive_failures") + 1,
        failing_since=since,
        last_error=error,
        last_failure_at=now,
        last_tried_at=now,
        held_until=now + hold if hold else None,
    )
    if now - since >= PAUSE_AFTER:
        pause(endpoint, reason=PauseReason.FAILING, now=now)


def pause(endpoint: Endpoint, *, reason: PauseReason, now: datetime) -> None:
    Endpoint.objects.filter(pk=endpoint.pk, paused_at=None).update(
        paused_at=now, pause_reason=reason
    )


def clear_record(endpoint: Endpoint) -> None:
    """Forget what went wrong: the endpoint is called again."""
    Endpoint.objects.filter(pk=endpoint.pk).update(**_UNTRIED)


_UNTRIED: dict[str, Any] = {
    "paused_at": None,
    "pause_reason": "",
    "consecutive_failures": 0,
    "failing_since": None,
    "last_error": "",
    "held_until": None,
}


def _lock(endpoint_id: int) -> Endpoint:
    locked: Endpoint = Endpoint.objects.select_for_update(of=("self",)).get(pk=endpoint_id)
    return locked


def _refuse_eleventh(channel: Channel | None) -> None:
    """Count behind a lock: two who add the tenth at once are told apart."""
    siblings = Endpoint.objects.filter(channel=channel)
    if channel is not None:
        Channel.objects.select_for_update(of=("self",)).get(pk=channel.pk)
    else:
        list(siblings.select_for_update(of=("self",)).order_by("pk").values("pk"))
    if siblings.count() >= MOST_PER_CHANNEL:
        raise TooManyEndpointsError
