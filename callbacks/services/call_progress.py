"""What becomes of a call that was placed, whoever says so: Twilio's answer, a report, a look-up.

Each word counts once and in its order, and nothing goes backwards. Locks: the callback, then the
call; so the same word that comes twice at the same moment finds the other's result.
"""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from callbacks.models import FINAL, CallAttempt, Callback, CallStatus, Leg, follows
from callbacks.services import calling, dialling, moves
from callbacks.states import CallbackStatus, IllegalMoveError
from channels.providers.voice import CallUpdate, CallWord, FoundCall
from conversations.actors import Actor
from routing.services.assignment import AssignmentRefusedError

logger = logging.getLogger(__name__)

#: Without a word for so long after its phone should have stopped ringing, or while people talk, or
#: after it is over without a word about the other phone: Twilio is asked.
AFTER_RINGING = timedelta(seconds=60)
WHILE_TALKING = timedelta(minutes=5)
AFTER_THE_END = timedelta(seconds=3)


def lock(attempt_id: int, *, callback_id: int) -> tuple[CallAttempt, Callback]:
    """Return a call and its callback, both locked until the transaction ends."""
    callback = moves.lock(callback_id)
    attempt = (
        CallAttempt.objects.select_for_update(of=("self",))
        .select_related("channel", "agent")
        .get(pk=attempt_id)
    )
    return attempt, callback


def begin(attempt: CallAttempt, callback: Callback, *, found: FoundCall, now: datetime) -> None:
    """Write down that Twilio has the call. Both rows are locked."""
    if not knows(attempt, found.call_id, now=now) or attempt.ended_at is not None:
        return
    _advance(attempt, found.status, now=now)
    if attempt.first_leg == Leg.AGENT:
        dialling.give_time(attempt, until=now + dialling.ringing_time(attempt))
    else:
        # Whoever rings the customer is at it; the customer may answer any moment.
        callback = start(attempt, callback, actor=Actor.system(), now=now)
    _conclude_if_over(attempt, callback, duration_s=found.duration_s, now=now)


def note(attempt: CallAttempt, callback: Callback, *, update: CallUpdate, now: datetime) -> None:
    """Take Twilio's word about the call to whom was rung first. Both rows are locked."""
    if not knows(attempt, update.call_id, now=now) or attempt.ended_at is not None:
        return
    if update.sequence is not None:
        if update.sequence <= attempt.sequence:
            return
        _write(attempt, sequence=update.sequence)
    if update.answered_by:
        _write(attempt, answered_by=update.answered_by)
    if update.status is not None:
        _advance(attempt, update.status, now=now)
    _conclude_if_over(attempt, callback, duration_s=update.duration_s, now=now)


def note_second(attempt: CallAttempt, *, call_id: str, status: CallWord, now: datetime) -> None:
    """Take a word about the call to the other one. The row is locked.

    Somebody who answers a call to a customer is connected at once; one of us presses a key first.
    """
    is_other = call_id and attempt.second_call_sid not in ("", call_id)
    if attempt.ended_at is not None or is_other:
        return
    if follows(attempt.second_status, status):
        known = call_id or attempt.second_call_sid
        _write(attempt, second_call_sid=known, second_status=status)
    if attempt.first_leg == Leg.AGENT and status == "in_progress":
        connect(attempt, now=now)


def start(attempt: CallAttempt, callback: Callback, *, actor: Actor, now: datetime) -> Callback:
    """Let whoever has the callback be at it. Who may not any more, is not connected either."""
    if callback.status != CallbackStatus.OFFERED or attempt.agent is None:
        return callback
    try:
        with transaction.atomic():
            return calling.start(callback, user=attempt.agent, actor=actor, now=now)
    except (IllegalMoveError, AssignmentRefusedError, moves.CallbackMovedError):
        logger.warning("%s may not begin callback %s.", attempt.agent, callback.public_id)
        return moves.lock(callback.pk)


def connect(attempt: CallAttempt, *, now: datetime) -> None:
    """Write down that both are on the line. The row is locked."""
    if attempt.connected_at is None and attempt.ended_at is None:
        _write(attempt, connected_at=now, look_due_at=now + WHILE_TALKING)


def note_connection(attempt: CallAttempt, *, second: FoundCall | None, now: datetime) -> None:
    """Take the word about a connection that is over; None: nobody was rung. The row is locked."""
    if attempt.ended_at is not None:
        return
    if second is None:
        if attempt.second_status not in FINAL:
            _write(attempt, second_status=CallStatus.CANCELED)
        return
    note_second(attempt, call_id=second.call_id, status=second.status, now=now)
    if attempt.first_leg == Leg.AGENT and second.status == "completed":
        connect(attempt, now=now)
    if attempt.connected_at is not None and second.duration_s is not None:
        _write(attempt, duration_s=second.duration_s)


def knows(attempt: CallAttempt, call_id: str, *, now: datetime) -> bool:
    """Learn Twilio's name of the call; False if it goes by another one. The row is locked."""
    if attempt.call_sid:
        return attempt.call_sid == call_id
    changes: dict[str, Any] = {"call_sid": call_id, "error_code": "", "error_detail": ""}
    if attempt.ended_at is not None:
        changes["hang_up_due_at"] = now  # given up before anybody knew what to end
    _write(attempt, **changes)
    return True


def conclude(attempt: CallAttempt, callback: Callback, *, now: datetime) -> None:
    """Write down that the call is over, and what follows for the callback. Both are locked."""
    _write(attempt, ended_at=now, place_due_at=None, look_due_at=None, hang_up_due_at=None)
    if attempt.connected_at is not None:
        facts = {"attempt": str(attempt.public_id), "duration_s": attempt.duration_s}
        moves.record(
            "callback.talked", callback=callback, actor=Actor.provider(), now=now, data=facts
        )
    elif callback.status == CallbackStatus.CALLING:
        calling.tried(callback, attempt=attempt, status=attempt.result, now=now)
    else:
        _let_go(attempt, now=now)


def _conclude_if_over(
    attempt: CallAttempt, callback: Callback, *, duration_s: int | None, now: datetime
) -> None:
    if attempt.status not in FINAL:
        return
    if attempt.connected_at is not None and attempt.duration_s is None:
        _write(attempt, duration_s=duration_s)
    is_open = attempt.second_status and attempt.second_status not in FINAL
    if is_open and attempt.connected_at is None:
        # The other phone was rung, and its own word is still on its way, or was lost.
        _write(attempt, look_due_at=now + AFTER_THE_END)
    else:
        conclude(attempt, callback, now=now)


def _let_go(attempt: CallAttempt, *, now: datetime) -> None:
    """End the offer now: its phone was not answered, or no key was pressed."""
    Callback.objects.filter(
        pk=attempt.callback_id, status=CallbackStatus.OFFERED, offered_to=attempt.agent_id
    ).update(look_due_at=now)


def _advance(attempt: CallAttempt, status: str, *, now: datetime) -> None:
    if not follows(attempt.status, status):
        return
    changes: dict[str, Any] = {"status": status, "place_due_at": None}
    if status in (CallStatus.QUEUED, CallStatus.RINGING):
        ringing = timedelta(seconds=attempt.ring_s)
        changes["look_due_at"] = now + ringing + AFTER_RINGING
    if status == CallStatus.IN_PROGRESS:
        changes |= {"answered_at": now, "look_due_at": now + WHILE_TALKING}
    _write(attempt, **changes)


def _write(attempt: CallAttempt, **changes: Any) -> None:
    for name, value in changes.items():
        setattr(attempt, name, value)
    attempt.save(update_fields=list(changes))
