"""Somebody left: the calls that they alone were to make are anybody's of the team."""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from callbacks.models import Callback
from callbacks.services import moves
from callbacks.services.changing import anew
from callbacks.services.checks import Claim
from callbacks.states import CANCELLABLE
from conversations.actors import Actor
from teams.models import User

logger = logging.getLogger(__name__)

#: Callbacks of one run. Each is a transaction of its own.
BATCH = 100
#: Whoever does it holds the mark for so long; a worker that dies leaves it to the next.
HOLD = timedelta(seconds=60)


def let_go_next(*, now: datetime) -> bool:
    """Let one person who left go of some callbacks; say whether there was anybody."""
    marked = User.objects.filter(promises_due_at__lte=now).order_by("promises_due_at", "pk")
    person: User | None = marked.first()
    if person is None:
        return False
    held_until = now + HOLD
    rows = User.objects.filter(pk=person.pk)
    if not rows.filter(promises_due_at=person.promises_due_at).update(promises_due_at=held_until):
        return True  # somebody else does it
    ids = [] if person.is_active else list(_of(person).values_list("pk", flat=True)[:BATCH])
    done = [_let_go_safely(callback_id, person, now=now) for callback_id in ids]
    if all(done):
        again = now if len(ids) == BATCH else None
        rows.filter(promises_due_at=held_until).update(promises_due_at=again)
    return True


def _of(person: User) -> QuerySet[Callback]:
    theirs = Q(owner=person) | Q(preferred_agent=person)
    pending: QuerySet[Callback] = Callback.objects.filter(status__in=sorted(CANCELLABLE))
    return pending.filter(theirs).order_by("pk")


def _let_go_safely(callback_id: int, person: User, *, now: datetime) -> bool:
    try:
        with transaction.atomic():
            _let_go(moves.lock(callback_id), person, now=now)
    except Exception:
        logger.exception("Callback %s stays with somebody who left.", callback_id)
        return False
    return True


def _let_go(callback: Callback, person: User, *, now: datetime) -> None:
    was_owned = callback.owner_id == person.pk
    if callback.status not in CANCELLABLE:
        return
    if not was_owned and callback.preferred_agent_id != person.pk:
        return
    changes: dict[str, Any] = {"owner": None, "preferred_agent": None}
    if was_owned:
        changes |= anew(callback, hold_s=0, claim=Claim.ANY, now=now)
    data = {"user_id": person.pk, "reason": "left"}
    moves.write(callback, changes, "callback.released", actor=Actor.system(), now=now, data=data)
