"""Calling: begun, done, given up, and tried again."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Coalesce

from callbacks.models import CallAttempt, Callback, EndReason, Leg, Outcome
from callbacks.services import dialling, moves, offers, opening
from callbacks.services.checks import settings_of
from callbacks.states import CallbackStatus
from conversations.actors import Actor
from conversations.models import Conversation
from conversations.services import lifecycle
from conversations.states import OPEN
from routing.services import assignment
from teams.models import User


@transaction.atomic
def start(callback: Callback, *, user: User, actor: Actor, now: datetime) -> Callback:
    """Let a person call, now: the conversation is open, and theirs. Again is no change.

    Before its time as well: who calls of their own will keeps the promise. Raises
    `IllegalMoveError` if it is over or somebody else is at it, and `AssignmentRefusedError` if the
    person may have no conversation.
    """
    callback = moves.lock(callback.pk)
    if callback.status == CallbackStatus.CALLING and callback.offered_to_id == user.pk:
        return callback
    conversation = opening.open_for(callback, actor=actor, now=now)
    if conversation.assignee_id != user.pk:
        assignment.claim(conversation, user=user, actor=actor, now=now)
        conversation = opening.lock(conversation.pk)
    begun: dict[str, Any] = {
        "offered_to": user,
        "offered_at": Coalesce("offered_at", Value(now)),
        "due_since": Coalesce("due_since", Value(now)),
        "first_tried_at": Coalesce("first_tried_at", Value(now)),
        "attempt_count": F("attempt_count") + 1,
        "look_due_at": None,
        # Its owner came: nobody is waited for any longer.
        "owner_until": None,
        **opening.columns_of(callback, conversation),
    }
    callback = moves.move(
        callback,
        to=CallbackStatus.CALLING,
        event="callback.started",
        actor=actor,
        now=now,
        also=begun,
        data={"user_id": user.pk},
    )
    _note_answer(conversation, user_id=user.pk, actor=actor, now=now)
    dialling.dial(callback, now=now)
    return callback


@transaction.atomic
def complete(
    callback: Callback, *, outcome: str, actor: Actor, now: datetime, note: str = ""
) -> Callback:
    """Note that the customer was called, and how it went (`Outcome`). The conversation stays open.

    Again with the same outcome is no change. Raises `IllegalMoveError` if it is over otherwise, and
    `ValueError` for an outcome that there is not.
    """
    outcome = Outcome(outcome).value
    callback = moves.lock(callback.pk)
    if callback.status == CallbackStatus.COMPLETED and callback.outcome == outcome:
        return callback
    done: dict[str, Any] = {
        "look_due_at": None,
        "first_tried_at": Coalesce("first_tried_at", Value(now)),
        "ended_at": now,
        "end_reason": EndReason.DONE,
        "end_note": note[:500],
        "outcome": outcome,
    }
    return moves.move(
        callback,
        to=CallbackStatus.COMPLETED,
        event="callback.completed",
        actor=actor,
        now=now,
        also=done,
        data={"outcome": outcome, "note": note[:500]},
    )


@transaction.atomic
def miss(callback: Callback, *, actor: Actor, now: datetime, reason: str) -> Callback:
    """Close a callback whose time has come, and that nobody will make.

    `reason` is one of `EndReason`, or what a person wrote. Raises `IllegalMoveError`.
    """
    return offers.miss(moves.lock(callback.pk), actor=actor, reason=reason, now=now)


@transaction.atomic
def tried(callback: Callback, *, attempt: CallAttempt, status: str, now: datetime) -> Callback:
    """Go on after a call of ours that reached nobody. `status` is how it ended (`CallStatus`).

    1. The person who was to call did not answer their phone: somebody else of the team is next.
    2. The customer did not: it is tried again after a while, as often as the team wants. Then it
       is missed.

    A callback that is not being called by now stays as it is.
    """
    callback = moves.lock(callback.pk)
    if callback.status != CallbackStatus.CALLING:
        return callback
    if _is_unanswered_by_us(attempt):
        return _offer_to_next(callback, now=now)
    settings = settings_of(callback.team)
    if _calls_to_customer(callback) > settings.most_retries:
        reason = EndReason.RETRIES_SPENT
        return offers.miss(callback, actor=offers.SYSTEM, reason=reason, now=now)
    next_at = now + timedelta(seconds=settings.retry_after_s)
    return moves.move(
        callback,
        to=CallbackStatus.DUE,
        event="callback.tried",
        actor=offers.SYSTEM,
        now=now,
        # Whoever had it has it for the next try, too.
        also={"look_due_at": next_at},
        data={
            "attempt": str(attempt.public_id),
            "status": status,
            "next_at": next_at.isoformat(),
        },
    )


def _offer_to_next(callback: Callback, *, now: datetime) -> Callback:
    """Let the sweep find somebody else: this person's offer is over."""
    return moves.move(
        callback,
        to=CallbackStatus.OFFERED,
        event="callback.lapsed",
        actor=offers.SYSTEM,
        now=now,
        also={"look_due_at": now},
        data={"user_id": callback.offered_to_id},
    )


def _is_unanswered_by_us(attempt: CallAttempt) -> bool:
    """Say whether the customer was never rung, because we were rung first and did not answer."""
    return attempt.first_leg == Leg.AGENT and not attempt.second_status


def _calls_to_customer(callback: Callback) -> int:
    """Return how often the customer was called by us, this call included."""
    calls = callback.attempts.filter(ended_at__isnull=False)
    return calls.exclude(first_leg=Leg.AGENT, second_status="").count()


def _note_answer(conversation: Conversation, *, user_id: int, actor: Actor, now: datetime) -> None:
    """Calling is answering: the customer does not wait, and nobody else is to answer instead."""
    if conversation.status in OPEN:
        lifecycle.start_progress(conversation, author_id=user_id, actor=actor, now=now)
