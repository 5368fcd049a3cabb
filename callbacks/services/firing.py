"""The drains of callbacks: what is due is opened and offered, exactly once and never early.

Whatever one of them does is one transaction that holds the callback's row: a worker that dies in
it has done nothing, and another one does it again.
"""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet

from callbacks.models import Callback
from callbacks.services import moves, offers, opening
from callbacks.services.checks import settings_of
from callbacks.services.offers import OWNER_PAUSE, SYSTEM
from callbacks.states import LIVE, CallbackStatus
from conversations.states import OPEN
from routing.engine.calls import CallReason
from teams.models import Presence
from teams.services import sweeps

logger = logging.getLogger(__name__)


def fire_next(*, now: datetime) -> bool:
    """Let the time of one callback have come; say whether there was one."""
    # Its own time is asked for, too: whatever else may be wrong with it, it is never early.
    due = Callback.objects.filter(
        status=CallbackStatus.SCHEDULED, look_due_at__lte=now, due_at__lte=now
    )
    return sweeps.do_next(
        due.order_by("look_due_at", "pk"),
        mark="look_due_at",
        work=lambda found: _fire(moves.lock(found.pk), now=now),
        now=now,
    )


def follow_next(*, now: datetime) -> bool:
    """Go on with one callback whose time has come; say whether there was one.

    1. One that is to be looked at: an offer or the waiting for an owner is over, a try is due.
    2. One that waits in a queue, whose conversation somebody has by now.
    3. One whose conversation was moved by hand: the call goes along.
    4. One whose owner has come.
    """
    return (
        _look_next(now=now)
        or _meet_next(now=now)
        or _move_next(now=now)
        or _find_next_owner(now=now)
    )


def _fire(callback: Callback, *, now: datetime) -> None:
    changes: dict[str, Any] = {"due_since": now, "look_due_at": None}
    if callback.owner_id is not None:
        until = callback.due_at + timedelta(seconds=settings_of(callback.team).owned_hold_s)
        changes |= {"owner_until": until, "look_due_at": until}
    else:
        conversation = opening.open_for(callback, actor=SYSTEM, now=now)
        changes |= opening.columns_of(callback, conversation)
    callback = moves.move(
        callback,
        to=CallbackStatus.DUE,
        event="callback.due",
        actor=SYSTEM,
        now=now,
        also=changes,
        data={"due_at": callback.due_at.isoformat()},
    )
    if callback.owner_id is not None:
        offers.ask_owner(callback, now=now)
    else:
        offers.ask_team(callback, reason=CallReason.DUE, now=now)


def _look_next(*, now: datetime) -> bool:
    waited_for = Callback.objects.filter(
        status__in=[CallbackStatus.DUE, CallbackStatus.OFFERED], look_due_at__lte=now
    )
    return sweeps.do_next(
        waited_for.order_by("look_due_at", "pk"),
        mark="look_due_at",
        work=lambda found: _look(moves.lock(found.pk), now=now),
        now=now,
    )


def _look(callback: Callback, *, now: datetime) -> None:
    if callback.status == CallbackStatus.OFFERED:
        _look_at_offer(callback, now=now)
    elif callback.owner_until is not None:
        offers.ask_owner(callback, now=now)
    else:
        _try_again(callback, now=now)


def _look_at_offer(callback: Callback, *, now: datetime) -> None:
    """End an offer that nobody took up; of an owned callback its owner is waited for again."""
    if _went_along(callback, now=now):
        return
    if callback.owner_until is None:
        offers.move_on(callback, now=now)
        return
    callback = offers.lapse(callback, until=callback.owner_until, now=now)
    if callback.owner_until is not None and callback.owner_until <= now:
        offers.expire(callback, now=now)


def _went_along(callback: Callback, *, now: datetime) -> bool:
    """Let the call go to whom the conversation was given meanwhile; say whether it was."""
    conversation = opening.lock(callback.conversation_id or 0)
    if conversation.status not in OPEN or conversation.assignee_id == callback.offered_to_id:
        return False
    offers.settle(callback, conversation=conversation, now=now)
    return True


def _try_again(callback: Callback, *, now: datetime) -> None:
    """Offer the next try to whoever has it; ask anew where somebody else was named meanwhile."""
    if callback.offered_to_id is not None and callback.conversation is not None:
        conversation = opening.lock(callback.conversation.pk)
        if conversation.status in OPEN and conversation.assignee_id is not None:
            offers.settle(callback, conversation=conversation, now=now)
            return
    offers.ask_team(callback, reason=CallReason.ANEW, now=now)


def _meet_next(*, now: datetime) -> bool:
    waiting = _moved().filter(status=CallbackStatus.DUE, look_due_at=None)
    return sweeps.do_next(
        waiting.order_by("due_at", "pk"),
        mark="look_due_at",
        work=lambda found: _meet(moves.lock(found.pk), now=now),
        now=now,
    )


def _meet(callback: Callback, *, now: datetime) -> None:
    """Offer what waited in a queue to whoever has its conversation now."""
    conversation = opening.lock(callback.conversation_id or 0)
    if conversation.status in OPEN:
        offers.settle(callback, conversation=conversation, now=now)
    else:
        offers.ask_team(callback, reason=CallReason.ANEW, now=now)


def _move_next(*, now: datetime) -> bool:
    """Let one call go along with its conversation; say whether one was looked at.

    Each change is looked at once. If that fails, the end of the offer finds it all the same.
    """
    offered = _moved().filter(status=CallbackStatus.OFFERED).order_by("due_at", "pk")
    with transaction.atomic():
        found = offered.select_for_update(of=("self",), skip_locked=True).first()
        if found is None or found.conversation is None:
            return False
        callback = offers.note(moves.lock(found.pk), seen_version=found.conversation.version)
        try:
            with transaction.atomic():
                _went_along(callback, now=now)
        except Exception:
            logger.exception("Moving callback %s along failed.", callback.pk)
    return True


def _moved() -> QuerySet[Callback]:
    """Return those whose conversation is not as it was when they were looked at last."""
    seen = Q(seen_version=F("conversation__version"))
    return Callback.objects.filter(~seen, status__in=sorted(LIVE), conversation__isnull=False)


def _find_next_owner(*, now: datetime) -> bool:
    """Offer one that waits for its owner, who is there now and has room."""
    is_there = Q(owner__is_active=True, owner__is_receiving=True, owner__presence=Presence.ONLINE)
    has_room = Q(owner__capacity=None) | Q(owner__load__lt=F("owner__capacity"))
    has_room |= Q(conversation__assignee=F("owner"))
    is_rested = Q(offered_at=None) | Q(offered_at__lte=now - OWNER_PAUSE)
    waiting = Callback.objects.filter(
        is_there,
        has_room,
        is_rested,
        status__in=sorted(LIVE),
        owner_until__gt=now,
        look_due_at=F("owner_until"),
    )
    return sweeps.do_next(
        waiting.filter(status=CallbackStatus.DUE).order_by("due_at", "pk"),
        mark="look_due_at",
        work=lambda found: offers.ask_owner(moves.lock(found.pk), now=now),
        now=now,
    )
