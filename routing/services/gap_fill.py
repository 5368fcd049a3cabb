"""Fetching what never reached our door: the provider's own list, compared with what we have.

Each channel is looked at every few minutes, so also after an outage, however long. A stretch of
time is fetched at a time, a little of the one before it again; what is known is left alone.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from channels.addresses import inbound_url
from channels.models import Channel
from channels.providers import adapter_for, config_of
from channels.providers.base import NotSupportedError, ReceivedMessage, SendError
from channels.secrets import SecretUnreadableError
from channels.services.channels import FETCHING
from conversations.models import Message
from conversations.wake import wake
from routing.services import late_arrivals
from routing.services.arrivals import ReceiptKind

logger = logging.getLogger(__name__)

#: How often a channel is looked at, and how much of the stretch before is looked at again.
EVERY = timedelta(minutes=10)
OVERLAP = timedelta(minutes=5)
#: So much is fetched at once; a longer outage takes several looks, one right after the other.
STRETCH = timedelta(hours=6)
#: What is older stays where it is: nobody waits for that answer any more.
FARTHEST = timedelta(days=3)
#: How long a worker may take for one stretch.
LEASE = timedelta(minutes=10)
LONGEST_WAIT = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Claim:
    """A channel that this worker alone looks at, and the stretch. `lease` is the fence."""

    channel: Channel
    since: datetime
    until: datetime
    lease: datetime


def fetch_next(*, now: datetime) -> bool:
    """Look at one due channel and store what is missing; say whether there was one."""
    claim = _claim_next(now=now)
    if claim is None:
        return False
    try:
        stored = _fetch(claim, now=now)
    except (SendError, NotSupportedError, SecretUnreadableError) as error:
        logger.warning("Channel %s could not be compared: %s.", claim.channel.public_id, error)
        _put_off(claim, now=now)
    except Exception:
        logger.exception("Comparing channel %s failed.", claim.channel.public_id)
        _put_off(claim, now=now)
    else:
        if stored:
            logger.info("Fetched %d messages for channel %s.", stored, claim.channel.public_id)
        _finish(claim, now=now)
    return True


def request_fetch(channel: Channel, *, now: datetime, since: datetime | None = None) -> bool:
    """Have a channel looked at now, from an instant on if one is named; say whether that can be."""
    rows = Channel.objects.filter(pk=channel.pk, is_active=True, provider__in=FETCHING)
    from_there = {"fetched_until": since + OVERLAP} if since is not None else {}
    if not rows.update(fetch_due_at=now, fetch_failures=0, **from_there):
        return False
    wake("routing.tasks.fetch_missed")
    return True


@transaction.atomic
def _claim_next(*, now: datetime) -> Claim | None:
    channel = (
        Channel.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(fetch_due_at__lte=now, is_active=True, provider__in=FETCHING)
        .order_by("fetch_due_at", "pk")
        .first()
    )
    if channel is None:
        return None
    lease = now + LEASE
    Channel.objects.filter(pk=channel.pk).update(fetch_due_at=lease)
    since = _since(channel, now=now)
    return Claim(channel, since, min(now, since + STRETCH), lease)


def _since(channel: Channel, *, now: datetime) -> datetime:
    """Return where to begin: nothing from before the channel was set up belongs here."""
    start = (channel.fetched_until or channel.created_at) - OVERLAP
    return max(start, channel.created_at, now - FARTHEST)


def _fetch(claim: Claim, *, now: datetime) -> int:
    """Store what is missing, oldest first, each message by itself; return how many there were."""
    if claim.since >= claim.until:
        return 0
    channel = claim.channel
    config, adapter = config_of(channel), adapter_for(channel.provider)
    listed = adapter.list_received(config, since=claim.since, until=claim.until)
    stored = 0
    for each in _unknown(channel, listed):
        request = adapter.rebuild_request(each, config, url=inbound_url(channel))
        receipt = late_arrivals.take_fetched(
            channel, request=request, sent_at=each.sent_at, now=now
        )
        stored += receipt.kind == ReceiptKind.STORED
    return stored


def _unknown(channel: Channel, listed: list[ReceivedMessage]) -> list[ReceivedMessage]:
    ids = [each.provider_message_id for each in listed]
    rows = Message.objects.filter(channel=channel, provider_message_id__in=ids)
    known = set(rows.values_list("provider_message_id", flat=True))
    return [each for each in listed if each.provider_message_id not in known]


def _finish(claim: Claim, *, now: datetime) -> None:
    is_there = claim.until >= now
    _record(
        claim,
        fetched_until=max(claim.until, claim.since),
        fetch_due_at=now + EVERY if is_there else now,
        fetch_failures=0,
    )


def _put_off(claim: Claim, *, now: datetime) -> None:
    """Try again later, and later each time; the stretch stays as it is."""
    failures = claim.channel.fetch_failures + 1
    wait = min(EVERY * 2 ** min(failures - 1, 10), LONGEST_WAIT)
    _record(claim, fetch_due_at=now + wait, fetch_failures=failures)


def _record(claim: Claim, **changes: object) -> None:
    """Write it down, unless the lease ran out and somebody else looks already."""
    mine = Channel.objects.filter(pk=claim.channel.pk, fetch_due_at=claim.lease)
    mine.update(**changes)
