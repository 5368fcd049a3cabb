"""When the rules of a time zone change, a promise keeps the time on the customer's wall."""

import logging
from datetime import datetime

from django.db import transaction

from callbacks.models import Callback
from callbacks.services import moves
from callbacks.slots import Slot, SlotError, after_gap, at_instant, instants_of
from callbacks.states import CallbackStatus
from callbacks.zone_rules import RELEASE
from conversations.actors import Actor

logger = logging.getLogger(__name__)

#: So many are looked at in one transaction. Most of them stay as they are.
BATCH = 100


def recompute_next(*, now: datetime) -> bool:
    """Work out anew some callbacks that were worked out by older rules; say whether there were any.

    Only from an older release to a newer one: while machines with both are at work, they do not
    take turns. Each callback is looked at once for each release.
    """
    with transaction.atomic():
        found = list(
            Callback.objects.filter(status=CallbackStatus.SCHEDULED, zone_rules__lt=RELEASE)
            .select_related("conversation", "identity__contact")
            .order_by("zone_rules", "pk")
            .select_for_update(of=("self",), skip_locked=True)[:BATCH]
        )
        for callback in found:
            _recompute_safely(callback, now=now)
        looked_at = [callback.pk for callback in found]
        Callback.objects.filter(pk__in=looked_at).update(zone_rules=RELEASE)
    return bool(found)


def _recompute_safely(callback: Callback, *, now: datetime) -> None:
    """Leave a callback at its instant if that cannot be worked out, and go on with the others."""
    try:
        with transaction.atomic():
            _recompute(callback, now=now)
    except Exception:
        logger.exception("Callback %s keeps its instant under the new rules.", callback.pk)


def _recompute(callback: Callback, *, now: datetime) -> None:
    slot = _slot_by_these_rules(callback)
    if slot.at == callback.due_at:
        return
    before = callback.due_at
    moves.write(
        callback,
        {
            "due_at": slot.at,
            "look_due_at": slot.at,
            "wall_date": slot.day,
            "wall_clock": slot.clock,
        },
        "callback.recomputed",
        actor=Actor.system(),
        now=now,
        data={"from": before.isoformat(), "to": slot.at.isoformat(), "zone_rules": RELEASE},
    )


def _slot_by_these_rules(callback: Callback) -> Slot:
    """Return the slot that the promised time on the wall means now.

    A time that the clocks show twice stays at the one that was meant. One that they jump over now
    becomes what they show instead, so much later; a zone that is gone keeps the instant.
    """
    day, clock, zone = callback.wall_date, callback.wall_clock, callback.zone
    try:
        possible = instants_of(day, clock, zone=zone)
    except SlotError:
        return Slot(day, clock, zone, callback.due_at)
    if callback.due_at in possible:
        return Slot(day, clock, zone, callback.due_at)
    if possible:
        return Slot(day, clock, zone, possible[0], is_ambiguous=len(possible) > 1)
    return at_instant(after_gap(day, clock, zone=zone), zone=zone)
