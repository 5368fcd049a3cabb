"""Sending again what an endpoint was sent, or was to be sent; and sending it a test.

Under its own id each time: a receiver that has it drops it.
"""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from channels.models import Endpoint
from channels.services import endpoints as endpoint_services
from conversations.event_types import TEST_TYPE
from conversations.models import EndpointDelivery, ForwardStatus
from conversations.services.outbox import DELIVER
from conversations.wake import wake
from teams.identifiers import new_public_id

FINISHED = (ForwardStatus.DELIVERED, ForwardStatus.DEAD)


@transaction.atomic
def send_test(
    endpoint: Endpoint, *, now: datetime, event_type: str = TEST_TYPE
) -> EndpointDelivery:
    """Queue an example of an event, beside whatever else is pending."""
    public_id = new_public_id()
    delivery = EndpointDelivery.objects.create(
        public_id=public_id,
        endpoint=endpoint,
        event_type=event_type,
        ordering_key=f"test:{public_id.hex}"[:40],
        due_at=now,
        created_at=now,
        queued_at=now,
    )
    wake(DELIVER)
    return delivery


@transaction.atomic
def send_again(delivery: EndpointDelivery, *, now: datetime) -> EndpointDelivery:
    """Send one delivery again, or try it now in place of later.

    What is under way, or waits for an earlier one, stays as it is: its turn comes.
    """
    endpoint_services.lock_all([delivery.endpoint_id])
    row = EndpointDelivery.objects.filter(pk=delivery.pk)
    row.filter(due_at__gt=now, lease_until=None).update(due_at=now)
    _queue_again(row.filter(status__in=FINISHED), endpoint_id=delivery.endpoint_id, now=now)
    again: EndpointDelivery = row.select_related("endpoint", "event").get()
    return again


@transaction.atomic
def replay(
    endpoint: Endpoint,
    *,
    now: datetime,
    statuses: Collection[str] = (ForwardStatus.DEAD,),
    since: datetime | None = None,
    until: datetime | None = None,
) -> int:
    """Send again what was queued in a stretch of time; return how many rows that is.

    Each conversation's events go out in their order. `since` is part of the stretch, `until` not.
    """
    endpoint_services.lock_all([endpoint.pk])
    rows = EndpointDelivery.objects.filter(endpoint=endpoint, status__in=statuses)
    rows = rows.filter(status__in=FINISHED)
    if since is not None:
        rows = rows.filter(created_at__gte=since)
    if until is not None:
        rows = rows.filter(created_at__lt=until)
    return _queue_again(rows, endpoint_id=endpoint.pk, now=now)


@transaction.atomic
def resume(endpoint: Endpoint, *, now: datetime) -> None:
    """Call a paused endpoint again. What was kept for it has its three days from now on."""
    endpoint_services.lock_all([endpoint.pk])
    endpoint_services.clear_record(endpoint)
    pending = EndpointDelivery.objects.pending().filter(endpoint=endpoint, lease_until=None)
    pending.update(tries=0, queued_at=now)
    pending.filter(due_at__isnull=False).update(due_at=now)
    wake(DELIVER)


def _queue_again(rows: QuerySet[EndpointDelivery], *, endpoint_id: int, now: datetime) -> int:
    """Queue finished rows anew, and let the first of every lane go that has none under way."""
    count = rows.update(
        status=ForwardStatus.PENDING, tries=0, queued_at=now, finished_at=None, due_at=None
    )
    heads = EndpointDelivery.objects.filter(endpoint=endpoint_id).heads_at_rest()
    heads.update(due_at=now)
    wake(DELIVER)
    return count
