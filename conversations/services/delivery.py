"""Sending what is queued: claim by lease, talk to the provider, record behind a fence.

A message goes to a customer at most once. Whatever ends in doubt (a time-out, a crash in between)
becomes `unknown` and is never sent again blindly: the provider's report settles it, or looking it
up (`lookups`).
"""

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, Min, OuterRef, Q
from django.utils.translation import gettext_noop as _

from channels.models import Channel, Pace
from channels.providers import adapter_for, config_of
from channels.providers.base import SendError, SendReceipt
from channels.secrets import SecretUnreadableError
from channels.services import paces, templates
from conversations.actors import Actor
from conversations.backoff import next_attempt_at
from conversations.delivery_states import DeliveryStatus
from conversations.models import Message, OptOutReason
from conversations.services import events, lookups, opt_outs, outbounds, replies, reports
from teams.services import sweeps

logger = logging.getLogger(__name__)

#: How long a worker may hold a message: four times the longest provider call.
LEASE = timedelta(seconds=80)
_UNREADABLE = _("The auth token of this channel cannot be read. Enter it anew, then send again.")
#: What changed while a message was queued, by the reply's own reason: a code and a sentence.
_TOO_LATE = {
    "contact.opted_out": ("opted_out", _("The customer asked for no more messages.")),
    "message.template_required": (
        "window_closed",
        _("The 24 hours after the customer's last message were over: only a template may be sent."),
    ),
    "file_gone": ("file_gone", _("The file of this message is not here any more.")),
}
#: A worker that stood still for longer between claiming and sending does not send any more.
_LONGEST_PAUSE_S = 20
#: Others may take what the channel's rate still allows, a few times in a row.
_MAX_LOOKS = 10
_UNSENT = [DeliveryStatus.QUEUED, DeliveryStatus.SENDING]


@dataclass(frozen=True, slots=True)
class Claim:
    """A message that this worker alone may send. `attempt` is the fence on every later write."""

    message: Message
    attempt: int


def send_next(*, now: datetime) -> bool:
    """Send one due message and record what became of it; say whether there was one."""
    started = time.monotonic()
    claim = _claim_next(now=now)
    if claim is None:
        return False
    refusal = _refuse_late(claim.message, now=now)
    if time.monotonic() - started > _LONGEST_PAUSE_S:
        return True  # this process stood still: by now somebody else may have taken it over
    outcome = refusal or _send(claim.message)
    if isinstance(outcome, SendReceipt):
        _record_receipt(claim, receipt=outcome, now=now)
    else:
        _record_failure(claim, error=outcome, now=now)
    return True


def settle_next_lost(*, now: datetime) -> bool:
    """Mark one message as unknown whose sender never came back; say whether there was one."""
    lost = Message.objects.filter(lease_until__lte=now, delivery_status=DeliveryStatus.SENDING)
    return sweeps.do_next(
        lost.order_by("lease_until", "pk"),
        mark="lease_until",
        work=lambda found: _settle(found, now=now),
        now=now,
    )


def _settle(message: Message, *, now: datetime) -> None:
    Message.objects.filter(pk=message.pk).update(
        delivery_status=DeliveryStatus.UNKNOWN,
        lease_until=None,
        lookup_due_at=now + lookups.FIRST_LOOK,
        error_code=lookups.WORKER_DIED,
        error_detail=_("The sender stopped before the provider's answer was recorded."),
    )
    _note(message, DeliveryStatus.UNKNOWN, now=now)


def next_ready_at(*, now: datetime) -> datetime | None:
    """Return when the next message may go out that is due and only waits for its channel's rate.

    None: nothing is due. It may be in the past: then somebody is at it.
    """
    waiting = Message.objects.filter(channel=OuterRef("pk"), send_due_at__lte=now)
    found = Pace.objects.filter(Exists(waiting)).aggregate(at=Min("ready_at"))
    at: datetime | None = found["at"]
    return at


def _claim_next(*, now: datetime) -> Claim | None:
    """Take the next due message that its conversation and its channel's rate let go."""
    for _look in range(_MAX_LOOKS):
        with transaction.atomic():
            message = _find_due(now=now)
            if message is None:
                return None
            if paces.take(message.channel, now=now):
                return _lease(message, now=now)
    return None


def _find_due(*, now: datetime) -> Message | None:
    """Lock and return the next due message; its conversation has nothing older on its way."""
    earlier = Message.objects.filter(
        conversation_id=OuterRef("conversation_id"),
        sequence__lt=OuterRef("sequence"),
        delivery_status__in=_UNSENT,
    )
    is_ready = Q(channel__pace=None) | Q(channel__pace__ready_at__lte=now)
    return (
        Message.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("conversation__identity", "channel", "part_of", "template")
        .filter(is_ready, send_due_at__lte=now, delivery_status=DeliveryStatus.QUEUED)
        .filter(~Exists(earlier))
        .order_by("send_due_at", "pk")
        .first()
    )


def _lease(message: Message, *, now: datetime) -> Claim:
    Message.objects.filter(pk=message.pk).update(
        delivery_status=DeliveryStatus.SENDING,
        lease_until=now + LEASE,
        send_due_at=None,
        tried_at=now,
        lookups=0,
        misses=0,
        attempt=F("attempt") + 1,
    )
    return Claim(message, message.attempt + 1)


def _refuse_late(message: Message, *, now: datetime) -> SendError | None:
    """Look once more whether the customer may be written to: what was queued may be too late."""
    conversation = message.conversation
    conversation.channel = message.channel
    reason = replies.reason_not_to_send(message, now=now)
    if not reason and outbounds.has_lost_file(message):
        reason = "file_gone"
    return SendError("permanent", *_TOO_LATE[reason]) if reason else None


def _send(message: Message) -> SendReceipt | SendError:
    """Talk to the provider. Anything unforeseen counts as doubt, so that nothing goes out twice."""
    outbound = outbounds.build(message)
    try:
        config = config_of(message.channel)
    except SecretUnreadableError:
        return SendError("permanent", "key_missing", _UNREADABLE, is_channel_broken=True)
    try:
        return adapter_for(message.channel.provider).send(outbound, config)
    except SendError as error:
        return error
    except Exception:
        logger.exception("Sending message %s ended in doubt.", message.public_id)
        return SendError("unknown", "internal", "The answer of the provider could not be read.")


@transaction.atomic
def _record_receipt(claim: Claim, *, receipt: SendReceipt, now: datetime) -> None:
    message = _lock_claimed(claim)
    if message is None:
        return
    Message.objects.filter(pk=message.pk, provider_message_id=None).update(
        provider_message_id=receipt.provider_message_id
    )
    message.refresh_from_db()
    if message.delivery_status in {DeliveryStatus.SENDING, DeliveryStatus.UNKNOWN}:
        Message.objects.filter(pk=message.pk).update(
            delivery_status=DeliveryStatus.SENT,
            lease_until=None,
            sent_at=now,
            error_code="",
            error_detail="",
        )
        _note(message, DeliveryStatus.SENT, now=now)
    reports.join_early(message, now=now)
    _clear_broken(message.channel)


@transaction.atomic
def _record_failure(claim: Claim, *, error: SendError, now: datetime) -> None:
    message = _lock_claimed(claim)
    if message is None or message.delivery_status != DeliveryStatus.SENDING:
        return
    status, due_at = _after(error, attempt=claim.attempt, now=now)
    Message.objects.filter(pk=message.pk).update(
        delivery_status=status,
        send_due_at=due_at,
        lease_until=None,
        error_code=error.code,
        error_detail=error.detail[:500],
        lookup_due_at=now + lookups.FIRST_LOOK if status == DeliveryStatus.UNKNOWN else None,
    )
    _note(message, status, now=now, code=error.code)
    if status == DeliveryStatus.FAILED:
        outbounds.give_up_rest(message, now=now)
        if message.template_id is not None:  # it may not be any more what we take it for
            templates.hasten(message.channel, now=now)
    if error.retry_after_s is not None:
        paces.hold(message.channel, until=now + timedelta(seconds=error.retry_after_s))
    if error.is_opt_out:
        opt_outs.record(
            message.conversation,
            reason=OptOutReason.REFUSED,
            actor=Actor.provider(),
            now=now,
            said=error.code,
        )
    if error.is_channel_broken:
        Channel.objects.filter(pk=message.channel_id).update(
            broken_at=now, broken_reason=error.detail[:250]
        )


def _after(
    error: SendError, *, attempt: int, now: datetime
) -> tuple[DeliveryStatus, datetime | None]:
    if error.outcome == "unknown":
        return DeliveryStatus.UNKNOWN, None
    if error.outcome == "retry":
        due_at = next_attempt_at(attempt, now=now, retry_after_s=error.retry_after_s)
        if due_at is not None:
            return DeliveryStatus.QUEUED, due_at
    return DeliveryStatus.FAILED, None


def _lock_claimed(claim: Claim) -> Message | None:
    """Lock the message if this claim still holds; a later attempt has a higher number."""
    return (
        Message.objects.select_for_update(of=("self",))
        .select_related("conversation", "channel", "part_of")
        .filter(pk=claim.message.pk, attempt=claim.attempt)
        .first()
    )


def _clear_broken(channel: Channel) -> None:
    if channel.broken_at is not None:
        Channel.objects.filter(pk=channel.pk).update(broken_at=None, broken_reason="")


def _note(message: Message, status: DeliveryStatus, *, now: datetime, code: str = "") -> None:
    events.record(
        "message.status_changed",
        conversation=message.conversation,
        actor=Actor.system(),
        now=now,
        data={**outbounds.named(message), "status": status, "error_code": code},
    )
