"""Letting go of what endpoints were told long ago. What they were never told stays to be seen."""

from datetime import datetime, timedelta

from django.conf import settings

from conversations.models import EndpointDelivery, ForwardStatus

#: So many at a time: a long backlog is worked off in short transactions.
BATCH = 500


def forget_next_delivered(*, now: datetime) -> bool:
    """Delete a batch of deliveries that arrived DELIVERY_KEEP_DAYS ago; say whether there were any.

    One that is sent again at this moment is none of them any more.
    """
    if not settings.DELIVERY_KEEP_DAYS:
        return False
    kept_since = now - timedelta(days=settings.DELIVERY_KEEP_DAYS)
    old = EndpointDelivery.objects.filter(
        status=ForwardStatus.DELIVERED, finished_at__lte=kept_since
    )
    batch = list(old.order_by("finished_at").values_list("pk", flat=True)[:BATCH])
    count, _ = old.filter(pk__in=batch).delete()
    return count > 0
