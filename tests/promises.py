"""Promises to call, as a supervisor makes them."""

from datetime import datetime, timedelta
from typing import Any

from callbacks.models import Callback
from callbacks.services import scheduling
from callbacks.services.scheduling import Wish
from callbacks.slots import at_instant
from conversations.actors import Actor
from conversations.models import Conversation
from tests.factories import make_conversation, make_team
from tests.moments import WEDNESDAY_MORNING

TOKYO = "Asia/Tokyo"


def promise(
    talk: Conversation | None = None,
    *,
    ahead: timedelta = timedelta(hours=1),
    now: datetime = WEDNESDAY_MORNING,
    zone: str = TOKYO,
    **wish: Any,
) -> Callback:
    """Promise to call whoever a conversation is with, whatever speaks against the time."""
    talk = talk or make_conversation(team=make_team())
    slot = at_instant(now + ahead, zone=zone)
    wanted = {"override_reason": "A test.", "number": talk.contact.phone, **wish}
    return scheduling.schedule(
        talk, wish=Wish(slot=slot, is_checked=False, **wanted), actor=Actor.system(), now=now
    )


def set_due(callback: Callback, *, status: str = "due", **fields: Any) -> Callback:
    """Let its time have come."""
    Callback.objects.filter(pk=callback.pk).update(status=status, **fields)
    return Callback.objects.get(pk=callback.pk)
