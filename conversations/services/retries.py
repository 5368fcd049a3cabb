"""Sending a message once more, because a person says so."""

from collections.abc import Set
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from conversations.actors import Actor
from conversations.delivery_states import DeliveryStatus
from conversations.models import Message
from conversations.services import events, replies
from conversations.services.replies import ReplyRefusedError
from conversations.wake import wake

_REFUSED = frozenset({DeliveryStatus.FAILED})
_REFUSED_OR_IN_DOUBT = frozenset({DeliveryStatus.FAILED, DeliveryStatus.UNKNOWN})


class RetryRefusedError(Exception):
    """A message that may not be sent once more. `code` says why: `message.in_doubt` (it may have
    arrived: a person has to accept that it comes twice), `message.not_failed` (anything else)."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


def retry(message: Message, *, actor: Actor, now: datetime) -> Message:
    """Queue a failed message once more.

    Raises `RetryRefusedError`, and `ReplyRefusedError` if the customer may not be written to now.
    """
    return _retry(message, allowed=_REFUSED, actor=actor, now=now)


def retry_despite_doubt(message: Message, *, actor: Actor, now: datetime) -> Message:
    """Queue a message once more of which nobody knows whether it arrived, or one that failed.

    Whoever calls this has asked a person, who accepts that the customer may get it twice. A report
    that still comes in time, before it leaves again, settles it after all. Raises as `retry` does.
    """
    return _retry(message, allowed=_REFUSED_OR_IN_DOUBT, actor=actor, now=now)


@transaction.atomic
def _retry(
    message: Message, *, allowed: Set[DeliveryStatus], actor: Actor, now: datetime
) -> Message:
    """1. Lock the message and its parts: of two who press at once, the second finds it queued.
    2. Look whether it may go out. 3. Queue each part that is to be sent again, with a new name at
    the provider; the old one belongs to the old try.
    """
    rows = list(
        Message.objects.select_for_update(of=("self",))
        .select_related("conversation__channel", "conversation__identity", "author")
        .filter(Q(pk=message.pk) | Q(part_of=message.pk))
        .order_by("sequence")
    )
    again = [row for row in rows if row.delivery_status in allowed]
    if not again:
        is_doubt = any(row.delivery_status == DeliveryStatus.UNKNOWN for row in rows)
        raise RetryRefusedError("message.in_doubt" if is_doubt else "message.not_failed")
    whole = rows[0]
    reason = replies.reason_not_to_resend(whole, now=now)
    if reason:
        raise ReplyRefusedError(reason)
    data = {
        "message": str(whole.public_id),
        "was": again[0].delivery_status,
        "error_code": again[0].error_code,
    }
    for row in again:
        _queue(row, now=now)
    events.record(
        "message.retried", conversation=whole.conversation, actor=actor, now=now, data=data
    )
    wake("conversations.tasks.send_queued")
    return whole


def _queue(message: Message, *, now: datetime) -> None:
    changes = {
        "delivery_status": DeliveryStatus.QUEUED.value,
        "send_due_at": now,
        "sent_at": None,
        "lookup_due_at": None,
        "provider_message_id": None,
        "error_code": "",
        "error_detail": "",
    }
    for name, value in changes.items():
        setattr(message, name, value)
    message.save(update_fields=list(changes))
