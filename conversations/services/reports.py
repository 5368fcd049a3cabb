"""What providers report about our messages: late, twice, out of order, or before our own commit."""

import uuid
from datetime import datetime
from typing import Any

from django.db import transaction

from channels.models import Channel
from channels.providers import adapter_for
from channels.providers.base import ProviderAdapter, StatusUpdate
from conversations.actors import Actor
from conversations.backoff import next_attempt_at
from conversations.delivery_states import DeliveryStatus, is_forward
from conversations.models import DeliveryReport, Message, OptOutReason
from conversations.services import events, identities, opt_outs, outbounds

_ON_ITS_WAY = {DeliveryStatus.QUEUED, DeliveryStatus.SENDING}


@transaction.atomic
def record_report(channel: Channel, *, update: StatusUpdate, now: datetime) -> None:
    """Keep a report once, and move its message forward if it says something newer.

    Its `reference` is our message's public id, as we gave it to the provider with this one message:
    it closes a send whose answer never reached us. A report about a message that is not known (yet)
    is kept, and joined when the send is recorded.
    """
    if len(update.addresses) > 1:
        identities.link(channel.medium, update.addresses, now=now)
    report, is_new = DeliveryReport.objects.get_or_create(
        channel=channel,
        provider_message_id=update.provider_message_id,
        status=update.status[:32],
        defaults={"error_code": update.error_code[:16], "received_at": now},
    )
    message = _find(channel, update)
    if message is not None and (is_new or report.message_id is None):
        _apply(report, message, now=now)


@transaction.atomic
def join_early(message: Message, *, now: datetime) -> None:
    """Apply the reports that overtook our own record of the send. The message's row is locked."""
    early = DeliveryReport.objects.filter(
        channel_id=message.channel_id,
        provider_message_id=message.provider_message_id,
        message=None,
    ).order_by("pk")
    for report in early:
        message.refresh_from_db()
        _apply(report, message, now=now)


def _find(channel: Channel, update: StatusUpdate) -> Message | None:
    """Lock and return the message by the provider's id, else by our own, taking the provider's.

    Ours goes first: whoever records the send right now holds that row, and once it is free the
    provider's id stands in it. Else this report would be neither joined there nor applied here.
    """
    ours = Message.objects.select_for_update(of=("self",)).filter(channel=channel)
    public_id, provider_message_id = _public_id(update.reference), update.provider_message_id
    named = ours.filter(public_id=public_id).first() if public_id else None
    message = ours.filter(provider_message_id=provider_message_id).first()
    if message is not None or named is None or named.provider_message_id is not None:
        return message
    if named.delivery_reports.filter(provider_message_id=provider_message_id).exists():
        return None  # about an earlier try, which failed: a person had it sent once more
    named.provider_message_id = provider_message_id
    named.save(update_fields=["provider_message_id"])
    return named


def _public_id(reference: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(reference)
    except ValueError:
        return None


def _apply(report: DeliveryReport, message: Message, *, now: datetime) -> None:
    DeliveryReport.objects.filter(pk=report.pk).update(message=message)
    adapter = adapter_for(message.channel.provider)
    word = adapter.normal_status(report.status)
    if word is None or not message.delivery_status:
        return
    # Whatever the provider says about a message, it has it.
    status = DeliveryStatus.SENT if word in _ON_ITS_WAY else DeliveryStatus(word)
    if not is_forward(message.delivery_status, status):
        return
    changes: dict[str, Any] = {
        "sent_at": message.sent_at or now,
        "send_due_at": None,
        "lookup_due_at": None,
    }
    if status == DeliveryStatus.FAILED:
        changes |= _failure(report, message, adapter=adapter, now=now)
        status = DeliveryStatus(changes.pop("delivery_status"))
    elif message.delivery_status == DeliveryStatus.UNKNOWN:
        changes |= {"error_code": "", "error_detail": ""}
    Message.objects.filter(pk=message.pk).update(
        delivery_status=status, lease_until=None, **changes
    )
    if status == DeliveryStatus.FAILED:
        outbounds.give_up_rest(message, now=now)
    if status == DeliveryStatus.FAILED and adapter.is_opt_out(report.error_code):
        opt_outs.record(
            message.conversation,
            reason=OptOutReason.REFUSED,
            actor=Actor.provider(),
            now=now,
            said=report.error_code,
        )
    events.record(
        "message.status_changed",
        conversation=message.conversation,
        actor=Actor.provider(),
        now=now,
        data={
            **outbounds.named(message),
            "status": status,
            "error_code": report.error_code,
        },
    )


def _failure(
    report: DeliveryReport, message: Message, *, adapter: ProviderAdapter, now: datetime
) -> dict[str, Any]:
    """Return what a failure that the provider reports makes of a message.

    A limit that passes is no reason to give up: the provider did not deliver it, so it may go out
    again, as a new message to the provider.
    """
    failure: dict[str, Any] = {
        "delivery_status": DeliveryStatus.FAILED,
        "error_code": report.error_code or message.error_code,
        "error_detail": adapter.describe_error(report.error_code)[:500],
    }
    due_at = next_attempt_at(message.attempt, now=now) if message.attempt else None
    if due_at is None or not adapter.is_passing(report.error_code):
        return failure
    again = {"delivery_status": DeliveryStatus.QUEUED, "send_due_at": due_at, "sent_at": None}
    return {**failure, **again, "provider_message_id": None}
