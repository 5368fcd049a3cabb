"""From the outbox to the endpoints: one row for each endpoint that wants an event.

The rows and the mark that the event was published are one transaction, and one at a time: what was
written down first is queued first, however many workers there are.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from channels.event_filters import is_wanted
from channels.models import Endpoint
from channels.services import endpoints as endpoint_services
from conversations.models import EndpointDelivery, Event
from conversations.wake import wake

BATCH = 500
#: Where nobody listens there is nothing to make, only to mark.
BATCH_UNHEARD = 5000
DELIVER = "conversations.tasks.deliver_events"

#: (endpoint, ordering key): what is sent one after the other.
Lane = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Told:
    """What the outbox needs of an event."""

    pk: int
    type: str
    conversation_id: int | None
    contact_id: int | None
    channel_id: int | None

    @property
    def ordering_key(self) -> str:
        if self.conversation_id is not None:
            return f"conversation:{self.conversation_id}"
        return f"contact:{self.contact_id}" if self.contact_id is not None else "house"


def publish_next(*, now: datetime) -> bool:
    """Queue the next batch of events for the endpoints; say whether there was one."""
    if not Event.objects.unpublished().exists():
        return False
    if not Endpoint.objects.active().exists():
        return _publish_unheard(now=now)
    return _publish(now=now)


@transaction.atomic
def _publish(*, now: datetime) -> bool:
    """1. Lock the endpoints: nobody changes what they are sent meanwhile, or publishes beside us.
    2. Take the next events. 3. Write the rows. 4. Mark the events.
    """
    receivers = endpoint_services.lock_all(Endpoint.objects.active().values_list("pk", flat=True))
    events = _take(BATCH)
    wanted = [
        (endpoint, event)
        for event in events
        for endpoint in receivers
        if endpoint.channel_id in (None, event.channel_id)
        and is_wanted(event.type, patterns=endpoint.event_types)
    ]
    EndpointDelivery.objects.bulk_create(_build(wanted, now=now), batch_size=BATCH)
    _mark(events, now=now)
    if wanted:
        wake(DELIVER)
    return bool(events)


@transaction.atomic
def _publish_unheard(*, now: datetime) -> bool:
    events = Event.objects.unpublished()[:BATCH_UNHEARD].values("pk")
    return bool(Event.objects.filter(pk__in=list(_keys(events))).update(published_at=now))


def _keys(rows: Iterable[dict[str, int]]) -> Iterable[int]:
    return (row["pk"] for row in rows)


def _take(limit: int) -> list[Told]:
    """Take the oldest events, waiting for whoever has them: order comes before haste here."""
    rows = Event.objects.unpublished().select_for_update(of=("self",), no_key=True)
    columns = ("pk", "type", "conversation_id", "contact_id", "conversation__channel_id")
    return [Told(*row) for row in rows.values_list(*columns)[:limit]]


def _build(wanted: Sequence[tuple[Endpoint, Told]], *, now: datetime) -> Iterable[EndpointDelivery]:
    """Build the rows. The first one of a lane in which nothing is pending is due at once."""
    busy = _busy_lanes(wanted)
    for endpoint, event in wanted:
        lane = (endpoint.pk, event.ordering_key)
        yield EndpointDelivery(
            endpoint=endpoint,
            event_id=event.pk,
            event_type=event.type,
            ordering_key=event.ordering_key,
            due_at=None if lane in busy else now,
            created_at=now,
            queued_at=now,
        )
        busy.add(lane)


def _busy_lanes(wanted: Sequence[tuple[Endpoint, Told]]) -> set[Lane]:
    """Return the lanes in which something is pending: one row of each is due, and found by that."""
    heads = EndpointDelivery.objects.filter(
        due_at__isnull=False,
        endpoint__in={endpoint.pk for endpoint, _ in wanted},
        ordering_key__in={event.ordering_key for _, event in wanted},
    )
    return set(heads.order_by().values_list("endpoint_id", "ordering_key"))


def _mark(events: Sequence[Told], *, now: datetime) -> None:
    Event.objects.filter(pk__in=[event.pk for event in events]).update(published_at=now)
