"""Who has the call to make: offered to a person, taken from them, given to the team."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from callbacks.models import Callback, EndReason, OnExpiry
from callbacks.services import asking, dialling, moves, opening
from callbacks.services.checks import settings_of
from callbacks.states import CallbackStatus, check_move
from conversations.actors import Actor
from conversations.models import Conversation
from conversations.states import OPEN
from routing.engine.calls import CallReason
from teams.models import Presence, User

#: An owner who let an offer lapse is left alone for so long before the next.
OWNER_PAUSE = timedelta(minutes=5)
#: Somebody who could take it just now, and could not after all, is asked again after so long.
_AGAIN = timedelta(seconds=60)
SYSTEM = Actor.system()


class _OwnerBusyError(Exception):
    """The owner could not take it after all: nothing was opened."""


def settle(callback: Callback, *, conversation: Conversation, now: datetime) -> Callback:
    """Offer the call to whoever has the conversation; if nobody has, let it wait in the queue."""
    if conversation.assignee_id is not None:
        return _offer(callback, conversation=conversation, now=now)
    if callback.status == CallbackStatus.OFFERED:
        return lapse(callback, until=None, now=now)
    seen = {"look_due_at": None, "seen_version": conversation.version}
    return note(callback, **seen, **opening.columns_of(callback, conversation))


def lapse(callback: Callback, *, until: datetime | None, now: datetime) -> Callback:
    """Take the call from whoever had it, without giving it to somebody else yet.

    `until` is how long its owner is waited for; None: it waits in the queue.
    """
    return moves.move(
        callback,
        to=CallbackStatus.DUE,
        event="callback.lapsed",
        actor=SYSTEM,
        now=now,
        also={"offered_to": None, "look_due_at": until, "seen_version": _version_of(callback)},
        data={"user_id": callback.offered_to_id},
    )


def move_on(callback: Callback, *, now: datetime) -> Callback:
    """Give the call to somebody else of the team, who has not had it; if nobody can, it stays.

    Somebody who set the conversation aside, or ended it, without calling has had it, too.
    """
    had_it = callback.offered_to
    was_open = opening.lock(callback.conversation_id or 0).status in OPEN
    conversation = asking.decide(
        callback,
        conversation=opening.open_for(callback, actor=SYSTEM, now=now),
        reason=CallReason.LAPSED if was_open else CallReason.ANEW,
        passed_over=had_it,
        now=now,
    )
    if had_it is not None and conversation.assignee_id == had_it.pk:
        again = now + _alerting(callback)
        kept = note(callback, look_due_at=again, seen_version=conversation.version)
        return _ring(kept, now=now)
    callback = lapse(callback, until=None, now=now)
    return settle(callback, conversation=conversation, now=now)


def ask_team(callback: Callback, *, reason: CallReason, now: datetime) -> Callback:
    """Open the conversation, decide who calls, and let them have it."""
    conversation = opening.open_for(callback, actor=SYSTEM, now=now)
    conversation = asking.decide(callback, conversation=conversation, reason=reason, now=now)
    return settle(callback, conversation=conversation, now=now)


def ask_owner(callback: Callback, *, now: datetime) -> Callback:
    """Offer the call to its owner, if they are there and have room; else go on waiting for them.

    Once nobody waits for them any longer, it ends as the team wants.
    """
    until = callback.owner_until
    if until is None or until <= now:
        return expire(callback, now=now)
    if not _is_able(callback):
        return note(callback, look_due_at=until)
    try:
        return _offer_to_owner(callback, now=now)
    except _OwnerBusyError:
        return note(callback, look_due_at=now + _AGAIN)


def expire(callback: Callback, *, now: datetime) -> Callback:
    """End the waiting for the owner: the call goes to the team, or is missed."""
    owner = callback.owner
    if settings_of(callback.team).on_expiry == OnExpiry.MISS:
        return miss(callback, actor=SYSTEM, reason=EndReason.OWNERSHIP_EXPIRED, now=now)
    conversation = opening.open_for(callback, actor=SYSTEM, now=now)
    changes: dict[str, Any] = {
        "owner": None,
        "owner_until": None,
        "look_due_at": None,
        **opening.columns_of(callback, conversation),
    }
    data = {"user_id": callback.owner_id}
    callback = moves.write(callback, changes, "callback.released", actor=SYSTEM, now=now, data=data)
    conversation = asking.decide(
        callback,
        conversation=conversation,
        reason=CallReason.RELEASED,
        passed_over=owner,
        now=now,
    )
    return settle(callback, conversation=conversation, now=now)


def miss(callback: Callback, *, actor: Actor, now: datetime, reason: str) -> Callback:
    """Close a callback that nobody will make; its row is locked by the caller.

    `reason` is one of `EndReason`, or what a person wrote.
    """
    is_code = reason in EndReason.values
    ended = {
        "look_due_at": None,
        "ended_at": now,
        "end_reason": reason if is_code else "",
        "end_note": "" if is_code else reason[:500],
    }
    return moves.move(
        callback,
        to=CallbackStatus.MISSED,
        event="callback.missed",
        actor=actor,
        now=now,
        also=ended,
        data={"reason": reason},
    )


def note(callback: Callback, **changes: Any) -> Callback:
    """Write what concerns nobody but the sweeps: when to look again, and what was seen."""
    Callback.objects.filter(pk=callback.pk).update(version=F("version") + 1, **changes)
    callback.refresh_from_db()
    return callback


def _offer(callback: Callback, *, conversation: Conversation, now: datetime) -> Callback:
    """Let whoever has the conversation make the call; they have some time to begin."""
    if callback.status != CallbackStatus.OFFERED:
        check_move(callback.status, CallbackStatus.OFFERED)
    changes: dict[str, Any] = {
        "status": CallbackStatus.OFFERED,
        "offered_to": conversation.assignee_id,
        "offered_at": now,
        "look_due_at": now + _alerting(callback),
        "seen_version": conversation.version,
        **opening.columns_of(callback, conversation),
    }
    data = {"user_id": conversation.assignee_id}
    callback = moves.write(callback, changes, "callback.offered", actor=SYSTEM, now=now, data=data)
    return _ring(callback, now=now)


def _ring(callback: Callback, *, now: datetime) -> Callback:
    """Ring whoever has the call, if the team dials; the offer lasts as long as that takes."""
    dialling.dial(callback, now=now)
    callback.refresh_from_db()
    return callback


def _offer_to_owner(callback: Callback, *, now: datetime) -> Callback:
    """Give the conversation to the owner and offer the call, or undo whatever was opened for it."""
    with transaction.atomic():
        conversation = opening.open_for(callback, actor=SYSTEM, now=now)
        conversation = asking.decide(
            callback, conversation=conversation, reason=CallReason.OWNED, now=now
        )
        if conversation.assignee_id != callback.owner_id:
            raise _OwnerBusyError
        return settle(callback, conversation=conversation, now=now)


def _is_able(callback: Callback) -> bool:
    """Say whether the owner may be given something now, as a strategy would see it."""
    owner: User | None = User.objects.filter(pk=callback.owner_id).first()
    if owner is None or not owner.is_active or not owner.is_receiving:
        return False
    holds_it = callback.conversation is not None and callback.conversation.assignee_id == owner.pk
    has_room = owner.capacity is None or owner.load < owner.capacity
    return owner.presence == Presence.ONLINE and (holds_it or has_room)


def _alerting(callback: Callback) -> timedelta:
    return timedelta(seconds=settings_of(callback.team).alerting_s)


def _version_of(callback: Callback) -> int | None:
    found = Conversation.objects.filter(pk=callback.conversation_id or 0)
    return found.values_list("version", flat=True).first()
