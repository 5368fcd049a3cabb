"""What Twilio is told to do when somebody answers, presses a key, or a connection ends.

Each answer is given under the locks of the callback and the call, and given again unchanged if
Twilio asks again. Nobody is connected whom the callback was taken away from meanwhile.
"""

from datetime import datetime

from django.db import transaction

from callbacks import call_scripts
from callbacks.models import FINAL, CallAttempt, Callback, CallStatus, Leg
from callbacks.services import call_progress, dialling
from callbacks.states import CallbackStatus
from channels.providers.voice import CallUpdate, FoundCall, GoOn, HangUp, Script
from conversations.actors import Actor

_MACHINES = ("machine", "fax")


@transaction.atomic
def report(found: CallAttempt, *, update: CallUpdate, now: datetime) -> None:
    """Take a report about the call to whom was rung first."""
    attempt, callback = call_progress.lock(found.pk, callback_id=found.callback_id)
    call_progress.note(attempt, callback, update=update, now=now)


@transaction.atomic
def report_second(found: CallAttempt, *, update: CallUpdate, now: datetime) -> None:
    """Take a report about the call to the other one."""
    attempt, _callback = call_progress.lock(found.pk, callback_id=found.callback_id)
    if update.status is not None:
        call_progress.note_second(attempt, call_id=update.call_id, status=update.status, now=now)


@transaction.atomic
def accept(found: CallAttempt, *, update: CallUpdate, now: datetime) -> Script:
    """Somebody of ours answered and pressed a key: ring the customer, if it is still theirs."""
    attempt, callback = call_progress.lock(found.pk, callback_id=found.callback_id)
    if not _is_on(attempt, callback, update=update, leg=Leg.AGENT, now=now):
        return call_scripts.not_wanted(attempt)
    if attempt.second_status in FINAL:
        return HangUp()
    if not _begin(attempt, callback, now=now):
        return call_scripts.not_wanted(attempt)
    return call_scripts.ring_customer(attempt)


@transaction.atomic
def answer(found: CallAttempt, *, update: CallUpdate, now: datetime) -> Script:
    """The customer, who was rung first, answered: ring whoever has the callback."""
    attempt, callback = call_progress.lock(found.pk, callback_id=found.callback_id)
    if not _is_on(attempt, callback, update=update, leg=Leg.CUSTOMER, now=now):
        return HangUp()
    if attempt.second_status in FINAL or update.answered_by.startswith(_MACHINES):
        return HangUp()
    if not _begin(attempt, callback, now=now):
        return call_scripts.not_reached(attempt, callback)
    return call_scripts.ring_agent(attempt, callback)


@transaction.atomic
def screen(found: CallAttempt, *, update: CallUpdate, now: datetime) -> Script:
    """The agent, who was rung second, answered: ask for a key."""
    attempt, callback = call_progress.lock(found.pk, callback_id=found.callback_id)
    if attempt.ended_at is not None or not dialling.is_wanted(attempt, callback):
        return HangUp()
    call_progress.note_second(attempt, call_id=update.call_id, status="in_progress", now=now)
    return call_scripts.ask_agent(attempt, callback)


@transaction.atomic
def let_through(found: CallAttempt, *, update: CallUpdate, now: datetime) -> Script:
    """The agent, who was rung second, pressed a key: the two are connected."""
    attempt, callback = call_progress.lock(found.pk, callback_id=found.callback_id)
    is_other = attempt.second_call_sid not in ("", update.call_id)
    if is_other or attempt.ended_at is not None or not dialling.is_wanted(attempt, callback):
        return HangUp()
    call_progress.connect(attempt, now=now)
    return GoOn()


@transaction.atomic
def end_connection(found: CallAttempt, *, update: CallUpdate, now: datetime) -> Script:
    """The other call is over, or never came about: say so to whoever is still there."""
    attempt, callback = call_progress.lock(found.pk, callback_id=found.callback_id)
    if not call_progress.knows(attempt, update.call_id, now=now):
        return HangUp()
    call_progress.note_connection(attempt, second=_second(update), now=now)
    if attempt.connected_at is not None or attempt.ended_at is not None:
        return HangUp()
    return call_scripts.not_reached(attempt, callback)


def _is_on(
    attempt: CallAttempt, callback: Callback, *, update: CallUpdate, leg: Leg, now: datetime
) -> bool:
    """Say whether the call goes on; what the request says of it is noted first."""
    if attempt.first_leg != leg or not call_progress.knows(attempt, update.call_id, now=now):
        return False
    call_progress.note(attempt, callback, update=update, now=now)
    return attempt.ended_at is None and dialling.is_wanted(attempt, callback)


def _begin(attempt: CallAttempt, callback: Callback, *, now: datetime) -> bool:
    """Write down that the other phone is rung, and that whoever has the callback is at it."""
    agent = attempt.agent
    actor = Actor.person(agent.pk, agent.name) if agent else Actor.system()
    callback = call_progress.start(attempt, callback, actor=actor, now=now)
    if callback.status != CallbackStatus.CALLING:
        return False
    if not attempt.second_status:
        attempt.second_status = CallStatus.QUEUED
        attempt.save(update_fields=["second_status"])
    return True


def _second(update: CallUpdate) -> FoundCall | None:
    """Return what the request says of the other call; None if there was none."""
    if update.second_status is None:
        return None
    return FoundCall(
        update.second_call_id, update.second_status, duration_s=update.second_duration_s
    )
