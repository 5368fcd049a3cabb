"""Closing a doubt: asking the provider whether it has a message that we may have sent.

What is found is settled as if the provider had reported it. What is certainly not there after a
worker died goes out again; after a fault of the provider's own nothing is certain, and the message
stays `unknown` for a person. In between it is asked again, ever more rarely, for a day.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from channels.providers import adapter_for, config_of
from channels.providers.base import FoundMessage, NotSupportedError, SendError, StatusUpdate
from channels.secrets import SecretUnreadableError
from conversations.actors import Actor
from conversations.delivery_states import DeliveryStatus
from conversations.models import DeliveryReport, Message
from conversations.services import events, outbounds, reports
from conversations.services.messages import FILE_KIND

logger = logging.getLogger(__name__)

#: The code of a doubt that a dead worker left: the provider itself was well.
WORKER_DIED = "lease_expired"
#: A provider lists what it took after a moment.
FIRST_LOOK = timedelta(seconds=2)
#: Until the second look, the third, …: about a day in all.
_WAITS = tuple(
    timedelta(seconds=seconds)
    for seconds in (4, 8, 20, 60, 300, 900, 3600, 3 * 3600, 6 * 3600, 12 * 3600)
)
#: While one worker asks, nobody else does; if it dies, somebody else asks soon. Two that ask at the
#: same time do no harm: only the later one's answer counts.
LEASE = timedelta(seconds=10)
#: So many looks in a row, over so long, that found nothing: the provider never got it.
_MISSES_NEEDED = 3
#: Clocks differ a little, and a provider may take its time to write down what it took.
_BEFORE, _AFTER = timedelta(seconds=30), timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class _Claim:
    """A message that this worker looks up. The end of its lease is the fence on what it writes."""

    message: Message
    until: datetime
    tried_at: datetime


def look_up_next(*, now: datetime) -> bool:
    """Look up one message in doubt and settle it if that is possible; say whether there was one."""
    claim = _claim_next(now=now)
    if claim is None:
        return False
    try:
        found = _ask(claim)
    except NotSupportedError:
        Message.objects.filter(pk=claim.message.pk).update(lookup_due_at=None)
        return True
    if found is None:
        _record_silence(claim, now=now)
    else:
        _record_answer(claim, found=found, now=now)
    return True


@transaction.atomic
def _claim_next(*, now: datetime) -> _Claim | None:
    message = (
        Message.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("conversation__identity", "channel", "part_of", "template")
        .filter(
            lookup_due_at__lte=now,
            delivery_status=DeliveryStatus.UNKNOWN,
            tried_at__isnull=False,
        )
        .order_by("lookup_due_at", "pk")
        .first()
    )
    if message is None or message.tried_at is None:
        return None
    Message.objects.filter(pk=message.pk).update(lookup_due_at=now + LEASE)
    return _Claim(message, now + LEASE, message.tried_at)


def _ask(claim: _Claim) -> list[FoundMessage] | None:
    """Return what the provider took for this address around the try; None if it does not say.

    Raises `NotSupportedError` if it never says.
    """
    message = claim.message
    try:
        return adapter_for(message.channel.provider).find_sent(
            outbounds.build(message),
            config_of(message.channel),
            since=claim.tried_at - _BEFORE,
        )
    except NotSupportedError:
        raise
    except (SendError, SecretUnreadableError):
        return None
    except Exception:
        logger.exception("Looking up message %s failed.", message.public_id)
        return None


@transaction.atomic
def _record_silence(claim: _Claim, *, now: datetime) -> None:
    message = _lock(claim)
    if message is not None:
        _look_later(message, now=now, misses=0)


@transaction.atomic
def _record_answer(claim: _Claim, *, found: list[FoundMessage], now: datetime) -> None:
    """Settle the message if what was found is certainly it, or certainly is not there."""
    message = _lock(claim)
    if message is None:
        return
    doubts = _doubts_like(message)
    candidates = _unclaimed(message, found, doubts=doubts)
    if candidates and len(candidates) == len(doubts):
        _settle(message, candidates[doubts.index(message.pk)], now=now)
        return
    misses = 0 if candidates else message.misses + 1
    if misses >= _MISSES_NEEDED and message.error_code == WORKER_DIED:
        _send_again(message, now=now)
    else:
        _look_later(message, now=now, misses=misses)


def _lock(claim: _Claim) -> Message | None:
    """Lock the message if it is still in doubt and nobody looked again meanwhile."""
    return (
        Message.objects.select_for_update(of=("self",))
        .select_related("conversation", "channel", "part_of")
        .filter(
            pk=claim.message.pk,
            delivery_status=DeliveryStatus.UNKNOWN,
            lookup_due_at=claim.until,
        )
        .first()
    )


def _doubts_like(message: Message) -> list[int]:
    """Return the messages that a find could be: they look alike, and the provider named none."""
    alike = Message.objects.filter(
        channel=message.channel_id,
        conversation__identity=message.conversation.identity_id,
        body=message.body,
        kind=message.kind,
        provider_message_id=None,
        tried_at__isnull=False,
        delivery_status__in=[DeliveryStatus.UNKNOWN, DeliveryStatus.SENDING],
    )
    return list(alike.order_by("tried_at", "pk").values_list("pk", flat=True))


def _unclaimed(
    message: Message, found: list[FoundMessage], *, doubts: list[int]
) -> list[FoundMessage]:
    """Return what was found that looks like it, at these times, and is no other message of ours."""
    has_file = message.kind == FILE_KIND
    times = Message.objects.filter(pk__in=doubts).values_list("tried_at", flat=True)
    tries = [at for at in times if at is not None]
    start, end = min(tries) - _BEFORE, max(tries) + _AFTER
    near = [
        each
        for each in found
        if each.text.strip() == message.body.strip()
        and each.has_file == has_file
        and each.created_at is not None
        and start <= each.created_at <= end
    ]
    ids = [each.provider_message_id for each in near]
    ours = Message.objects.filter(channel=message.channel_id, provider_message_id__in=ids)
    told = DeliveryReport.objects.filter(
        channel=message.channel_id, provider_message_id__in=ids, message__isnull=False
    )
    known = {
        *ours.values_list("provider_message_id", flat=True),
        *told.values_list("provider_message_id", flat=True),
    }
    return [each for each in near if each.provider_message_id not in known]


def _settle(message: Message, found: FoundMessage, *, now: datetime) -> None:
    """Take what was found for the provider's own report about this message."""
    update = StatusUpdate(
        found.provider_message_id,
        found.status,
        found.error_code,
        reference=str(message.public_id),
    )
    reports.record_report(message.channel, update=update, now=now)
    Message.objects.filter(pk=message.pk).update(lookup_due_at=None)


def _send_again(message: Message, *, now: datetime) -> None:
    """Queue what the provider never got: its worker died before it could ask for anything."""
    Message.objects.filter(pk=message.pk).update(
        delivery_status=DeliveryStatus.QUEUED,
        send_due_at=now,
        lookup_due_at=None,
        error_code="",
        error_detail="",
    )
    events.record(
        "message.retried",
        conversation=message.conversation,
        actor=Actor.system(),
        now=now,
        data={**outbounds.named(message), "was": DeliveryStatus.UNKNOWN, "reason": "not_taken"},
    )


def _look_later(message: Message, *, now: datetime, misses: int) -> None:
    """Say when to look again; after the last time it is a person's turn."""
    number = message.lookups
    due_at = now + _WAITS[number] if number < len(_WAITS) else None
    Message.objects.filter(pk=message.pk).update(
        lookup_due_at=due_at, lookups=number + 1, misses=misses
    )
