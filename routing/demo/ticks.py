"""What became of the shop's answers on their way: sent, delivered, read, or failed.

The rows are those that `delivery` and `reports` write. They are written here in a few statements,
because most of two weeks' rows are ticks, and going through the outbox would take most of the time.
"""

from datetime import datetime, timedelta

from channels.providers import adapter_for
from channels.providers.simulator import new_message_sid
from conversations.delivery_states import DeliveryStatus
from conversations.models import DeliveryReport, Event, Message
from conversations.models.event import ActorKind

SENT_AFTER = timedelta(seconds=1)
REPORTED_AFTER = timedelta(seconds=3)


def carry(conversation_id: int, *, now: datetime, failure: str = "") -> Message | None:
    """Send what is queued in a conversation; the provider reports it, or fails with a code."""
    queued = Message.objects.filter(
        conversation=conversation_id, delivery_status=DeliveryStatus.QUEUED
    )
    message = queued.select_related("conversation", "channel").order_by("sequence").first()
    if message is None:
        return None
    status = DeliveryStatus.FAILED if failure else DeliveryStatus.DELIVERED
    detail = adapter_for(message.channel.provider).describe_error(failure) if failure else ""
    message.provider_message_id = new_message_sid()
    Message.objects.filter(pk=message.pk).update(
        provider_message_id=message.provider_message_id,
        delivery_status=status,
        send_due_at=None,
        attempt=1,
        sent_at=now + SENT_AFTER,
        error_code=failure,
        error_detail=detail[:500],
    )
    word = "undelivered" if failure else "delivered"
    _report(message, word, at=now + REPORTED_AFTER, failure=failure)
    Event.objects.bulk_create(
        [
            _event(message, DeliveryStatus.SENT, ActorKind.SYSTEM, at=now + SENT_AFTER),
            _event(message, status, ActorKind.PROVIDER, at=now + REPORTED_AFTER, failure=failure),
        ]
    )
    return message


def read(message: Message, now: datetime) -> None:
    """The customer opened the chat."""
    Message.objects.filter(pk=message.pk).update(delivery_status=DeliveryStatus.READ)
    _report(message, "read", at=now)
    _event(message, DeliveryStatus.READ, ActorKind.PROVIDER, at=now).save()


def _report(message: Message, word: str, *, at: datetime, failure: str = "") -> None:
    DeliveryReport.objects.create(
        channel_id=message.channel_id,
        provider_message_id=message.provider_message_id or "",
        status=word,
        error_code=failure,
        received_at=at,
        message=message,
    )


def _event(
    message: Message,
    status: DeliveryStatus,
    actor_kind: ActorKind,
    *,
    at: datetime,
    failure: str = "",
) -> Event:
    return Event(
        type="message.status_changed",
        conversation_id=message.conversation_id,
        contact_id=message.conversation.contact_id,
        actor_kind=actor_kind,
        data={"message": str(message.public_id), "status": status, "error_code": failure},
        occurred_at=at,
    )
