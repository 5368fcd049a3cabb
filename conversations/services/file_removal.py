"""Removing files whose time is over. What was written in the conversation stays."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from conversations import media_files
from conversations.actors import Actor
from conversations.delivery_states import DeliveryStatus
from conversations.models import Attachment, FileState
from conversations.services import events
from teams.services import sweeps


def remove_next_old(*, now: datetime) -> bool:
    """Remove one file that was kept as long as MEDIA_KEEP_DAYS says; say whether there was one."""
    if not settings.MEDIA_KEEP_DAYS:
        return False
    kept_since = now - timedelta(days=settings.MEDIA_KEEP_DAYS)
    old = Attachment.objects.filter(state=FileState.STORED, stored_at__lte=kept_since)
    at_rest = old.filter(Q(lease_until=None) | Q(lease_until__lte=now)).exclude(
        message__delivery_status__in=[DeliveryStatus.QUEUED, DeliveryStatus.SENDING]
    )
    return sweeps.do_next(
        at_rest.select_related("message__conversation").order_by("stored_at", "pk"),
        mark="lease_until",
        work=lambda found: _remove(found, now=now),
        now=now,
    )


def _remove(attachment: Attachment, *, now: datetime) -> None:
    """The file goes first: if this ends in between, the row is found again and the file is gone."""
    media_files.remove(attachment.path)
    Attachment.objects.filter(pk=attachment.pk).update(
        state=FileState.REMOVED, path="", lease_until=None, removed_at=now
    )
    message = attachment.message
    events.record(
        "message.file_removed",
        conversation=message.conversation,
        actor=Actor.system(),
        now=now,
        data={"message": str(message.public_id), "attachment": str(attachment.public_id)},
    )
