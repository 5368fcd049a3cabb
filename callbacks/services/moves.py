"""The one writer of a callback's state: a guarded move, and the event that goes with it.

Locks are taken in one order: the callback first, then its conversation and what follows from that.
"""

from datetime import datetime
from typing import Any

from django.db.models import F

from callbacks.models import Callback
from callbacks.services import dialling
from callbacks.states import CallbackStatus, check_move
from conversations.actors import Actor
from conversations.event_types import EventType
from conversations.services import events


class CallbackMovedError(Exception):
    """The callback changed while this was being decided; read it again."""

    code = "callback.moved"


def lock(callback_id: int) -> Callback:
    """Return the callback as it is now, locked until the transaction ends, with what it names."""
    related = ("conversation", "identity__contact", "channel", "team", "owner", "preferred_agent")
    locked: Callback = (
        Callback.objects.select_for_update(of=("self",))
        .select_related(*related)
        .get(pk=callback_id)
    )
    return locked


def move(
    callback: Callback,
    *,
    to: CallbackStatus,
    event: EventType,
    actor: Actor,
    now: datetime,
    also: dict[str, Any] | None = None,
    data: dict[str, Any] | None = None,
) -> Callback:
    """Write the new state, if the callback is still as it was seen, and the event with it.

    `also` are columns written with it, `data` facts of the event. Whatever is over is looked at no
    more. Raises `IllegalMoveError` or `CallbackMovedError`.
    """
    check_move(callback.status, to)
    return write(callback, {"status": to, **(also or {})}, event, actor=actor, now=now, data=data)


def write(
    callback: Callback,
    changes: dict[str, Any],
    event: EventType,
    *,
    actor: Actor,
    now: datetime,
    data: dict[str, Any] | None = None,
) -> Callback:
    """Write columns of a callback that is still as it was seen, and the event with them."""
    was_held = callback.status in dialling.HELD
    moved = Callback.objects.filter(
        pk=callback.pk, status=callback.status, version=callback.version
    ).update(version=F("version") + 1, **changes)
    if not moved:
        raise CallbackMovedError
    callback.refresh_from_db()
    if was_held and callback.status not in dialling.HELD:
        dialling.give_up(callback, now=now)
    record(event, callback=callback, actor=actor, now=now, data=data)
    return callback


def record(
    event: EventType,
    *,
    callback: Callback,
    actor: Actor,
    now: datetime,
    data: dict[str, Any] | None = None,
) -> None:
    """Write an event of the callback's conversation; of its contact while there is none."""
    facts = {"callback": str(callback.public_id), **(data or {})}
    if callback.conversation is not None:
        events.record(event, conversation=callback.conversation, actor=actor, now=now, data=facts)
        return
    contact = callback.identity.contact
    events.record_of_contact(event, contact=contact, actor=actor, now=now, data=facts)
