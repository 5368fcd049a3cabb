"""Keeping to the rate that a channel's sender has, however many workers send."""

from datetime import datetime

from django.db import IntegrityError, transaction

from channels import rates
from channels.models import Channel, Pace


def take(channel: Channel, *, now: datetime) -> bool:
    """Take one sending of the channel's rate; False if the bucket is empty.

    Runs inside the caller's transaction, and holds the channel's bucket until its end.
    """
    rate = rates.rate_of(channel.medium, own=channel.rate_per_s)
    pace = Pace.objects.select_for_update().filter(pk=channel.pk).first()
    ready_at = rates.take(pace.ready_at if pace else None, rate=rate, now=now)
    if ready_at is None:
        return False
    if pace is None:
        return _begin(channel, ready_at=ready_at)
    Pace.objects.filter(pk=channel.pk).update(ready_at=ready_at)
    return True


def hold(channel: Channel, *, until: datetime) -> None:
    """Let the channel send nothing until then: its provider asked for it."""
    Pace.objects.filter(pk=channel.pk, ready_at__lt=until).update(ready_at=until)


def _begin(channel: Channel, *, ready_at: datetime) -> bool:
    """Write down a channel's first sending; False if another worker did at this very moment."""
    try:
        with transaction.atomic():
            Pace.objects.create(channel=channel, ready_at=ready_at)
    except IntegrityError:
        return False
    return True
