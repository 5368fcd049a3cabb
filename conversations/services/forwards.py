"""Telling the endpoints: claim by lease, call, record behind a fence.

To machines at least once: whatever ends in doubt is sent again, with the same id, and the receiver
drops what it knows. Events of one conversation go to an endpoint one after the other.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from channels.forwarder import Outcome, forward
from channels.models import Endpoint, PauseReason
from channels.secrets import SecretUnreadableError
from channels.services import endpoints as endpoint_services
from conversations import payloads
from conversations.forward_schedule import next_try_at
from conversations.models import EndpointDelivery, ForwardStatus

logger = logging.getLogger(__name__)

#: How long a worker may hold a delivery: several times the longest call, with its look-up of names.
LEASE = timedelta(seconds=90)
#: Calls to one endpoint at a time; one that fails is tried by one worker alone.
MOST_AT_ONCE = 8
LONGEST_BODY = 1000
#: A worker that is killed is no failure of the endpoint: its try is begun again, and not counted.
#: A delivery of which so many were begun, and whose worker died again, is what kills them.
MOST_BEGUN = 50
#: Failures that say nothing about the endpoint.
_OUR_OWN = frozenset({"lost", "internal"})


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that this worker alone may send. `attempt` is the fence on every later write."""

    delivery: EndpointDelivery
    attempt: int
    tries: int
    is_hopeless: bool


def deliver_next(*, now: datetime) -> bool:
    """Send one due delivery and record what became of it; say whether there was one."""
    claim = _claim_next(now=now)
    if claim is None:
        return False
    _deliver(claim, now=now)
    return True


def deliver_at_once(delivery: EndpointDelivery, *, now: datetime) -> bool:
    """Send this delivery if its turn has come; say whether it was sent."""
    claim = _claim(EndpointDelivery.objects.due(now=now).filter(pk=delivery.pk), now=now)
    if claim is None:
        return False
    _deliver(claim, now=now)
    return True


def _deliver(claim: Claim, *, now: datetime) -> None:
    _record(claim, outcome=_send(claim, now=now), now=now)


def _claim_next(*, now: datetime) -> Claim | None:
    """Go round the endpoints: first those with the fewest calls under way, then whoever waited
    longest, so that a slow one does not keep the others waiting.
    """
    for endpoint_id in _callable_endpoints(now=now):
        due = EndpointDelivery.objects.due(now=now).filter(endpoint=endpoint_id)
        claim = _claim(due, now=now)
        if claim is not None:
            return claim
    return None


def _callable_endpoints(*, now: datetime) -> list[int]:
    deliveries = EndpointDelivery.objects.filter(endpoint=OuterRef("pk"))
    under_way = (
        deliveries.under_way(now=now)
        .order_by()
        .values("endpoint")
        .annotate(n=Count("pk"))
        .values("n")
    )
    endpoints = (
        Endpoint.objects.open_for_calls(now=now)
        .filter(Exists(deliveries.due(now=now)))
        .annotate(under_way=Coalesce(Subquery(under_way, IntegerField()), Value(0)))
        .filter(Q(under_way=0) | Q(failing_since=None, under_way__lt=MOST_AT_ONCE))
        .order_by("under_way", F("last_tried_at").asc(nulls_first=True), "pk")
    )
    return list(endpoints.values_list("pk", flat=True))


@transaction.atomic
def _claim(wanted: QuerySet[EndpointDelivery], *, now: datetime) -> Claim | None:
    """Take the first of these; until the lease is over nobody else takes it, then anybody does."""
    rows = wanted.select_related("endpoint", "event")
    delivery = rows.select_for_update(of=("self",), skip_locked=True).first()
    if delivery is None:
        return None
    was_lost = delivery.lease_until is not None
    tries = delivery.tries if was_lost else delivery.tries + 1
    EndpointDelivery.objects.filter(pk=delivery.pk).update(
        due_at=now + LEASE,
        lease_until=now + LEASE,
        attempt=F("attempt") + 1,
        tries=tries,
        last_tried_at=now,
    )
    is_hopeless = was_lost and delivery.attempt >= MOST_BEGUN
    return Claim(delivery, delivery.attempt + 1, tries, is_hopeless)


def _send(claim: Claim, *, now: datetime) -> Outcome:
    """Call the endpoint. Whatever is unforeseen counts as a failure of this delivery alone."""
    delivery = claim.delivery
    if claim.is_hopeless:
        return Outcome("lost", 0.0)
    try:
        return forward(
            delivery.endpoint.url,
            secrets=endpoint_services.living_secrets(delivery.endpoint, now=now),
            message_id=delivery.message_id,
            body=payloads.to_bytes(build_payload(delivery)),
            now=now,
        )
    except SecretUnreadableError:
        return Outcome("secret", 0.0)
    except Exception:
        logger.exception("Building delivery %s failed.", delivery.public_id)
        return Outcome("internal", 0.0)


def build_payload(delivery: EndpointDelivery) -> dict[str, object]:
    """Return what the endpoint is told, as things are now."""
    if delivery.event_id is None:
        return payloads.build_sample(delivery.event_type, now=delivery.created_at)
    event = payloads.load_event(delivery.event_id)
    payload = payloads.build_payload(event)
    if delivery.endpoint.has_raw_payload:
        payloads.add_raw(payload, event)
    return payload


@transaction.atomic
def _record(claim: Claim, *, outcome: Outcome, now: datetime) -> None:
    """Write down what became of a try, unless somebody else has taken it over since.

    The endpoint is locked first: what is queued for it, and its health, change behind that lock.
    """
    locked = endpoint_services.lock_all([claim.delivery.endpoint_id])
    if not locked:  # removed meanwhile, with all that it was sent
        return
    if outcome.error:
        _record_failure(claim, endpoint=locked[0], outcome=outcome, now=now)
    elif _finish(claim, status=ForwardStatus.DELIVERED, outcome=outcome, now=now):
        endpoint_services.note_success(locked[0], now=now)


def _record_failure(claim: Claim, *, endpoint: Endpoint, outcome: Outcome, now: datetime) -> None:
    # Waits are counted from the end of the call, which may have taken its time.
    ended = now + timedelta(seconds=outcome.took_s)
    due_at = next_try_at(
        claim.tries,
        message_id=claim.delivery.message_id,
        queued_at=claim.delivery.queued_at,
        now=ended,
        retry_after_s=outcome.retry_after_s,
    )
    if due_at is None or claim.is_hopeless:
        is_ours = _finish(claim, status=ForwardStatus.DEAD, outcome=outcome, now=now)
    else:
        is_ours = _write(claim, due_at=due_at, lease_until=None, **_described(outcome))
    if is_ours and outcome.error not in _OUR_OWN:
        _note_failure(endpoint, outcome=outcome, now=ended)


def _note_failure(endpoint: Endpoint, *, outcome: Outcome, now: datetime) -> None:
    endpoint_services.note_failure(
        endpoint,
        error=outcome.error,
        took_s=outcome.took_s,
        retry_after_s=outcome.retry_after_s,
        now=now,
    )
    if outcome.is_gone:  # it asks to be left alone; what is pending waits for a person
        endpoint_services.pause(endpoint, reason=PauseReason.GONE, now=now)


def _finish(claim: Claim, *, status: ForwardStatus, outcome: Outcome, now: datetime) -> bool:
    """End a delivery and let the next one of its conversation go; False if it is not ours now."""
    is_ours = _write(
        claim,
        status=status,
        due_at=None,
        lease_until=None,
        finished_at=now,
        **_described(outcome),
    )
    if is_ours:
        lane = EndpointDelivery.objects.pending().filter(
            endpoint=claim.delivery.endpoint_id, ordering_key=claim.delivery.ordering_key
        )
        following = lane.order_by("pk").values("pk")[:1]
        EndpointDelivery.objects.filter(pk__in=following, due_at=None).update(due_at=now)
    return is_ours


def _write(claim: Claim, **changes: object) -> bool:
    """Write behind the fence: a later try has a higher number, and this one comes too late."""
    rows = EndpointDelivery.objects.filter(
        pk=claim.delivery.pk, attempt=claim.attempt, status=ForwardStatus.PENDING
    )
    return bool(rows.update(**changes))


def _described(outcome: Outcome) -> dict[str, object]:
    return {
        "error": outcome.error,
        "response_status": outcome.status,
        "response_body": outcome.body[:LONGEST_BODY],
        "duration_ms": round(outcome.took_s * 1000),
    }
