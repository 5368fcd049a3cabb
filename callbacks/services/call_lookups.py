"""Asking Twilio: whether it has a call that may have been placed, and what became of silent ones.

What is found is taken as if Twilio had reported it. What is certainly not there after a worker died
is planned anew; after a fault of Twilio's own nothing is certain, and the call stays `unknown`: the
person who has the callback calls by hand. Calls that are not wanted any more are ended here too.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from callbacks import call_scripts
from callbacks.models import FINAL, CallAttempt, Callback, CallStatus
from callbacks.services import call_progress, dialling
from channels.providers import config_of, voice_for
from channels.providers.base import NotSupportedError, SendError
from channels.providers.voice import CallUpdate, FoundCall
from channels.secrets import SecretUnreadableError

logger = logging.getLogger(__name__)

#: The code of a doubt that a dead worker left: Twilio itself was well.
WORKER_DIED = "lease_expired"
#: Twilio lists what it took after a moment.
FIRST_LOOK = timedelta(seconds=2)
#: Until the second look at a doubt, the third, …: half an hour in all. Nobody waits longer.
_WAITS = tuple(timedelta(seconds=seconds) for seconds in (4, 8, 20, 60, 300, 600, 900))
#: Until the next look at a call that goes on.
_STILL_ON = timedelta(minutes=5)
#: While one worker asks, nobody else does.
LEASE = timedelta(seconds=20)
#: So many looks in a row that found nothing: Twilio never got it.
_MISSES_NEEDED = 3
#: Clocks differ a little, and Twilio may take its time to write down what it took.
_BEFORE, _AFTER = timedelta(seconds=30), timedelta(minutes=3)
#: A call that could not be ended for so long has ended by itself.
_LONGEST_HANG_UP = timedelta(minutes=10)
_FAILURES = (SendError, SecretUnreadableError, NotSupportedError)


@dataclass(frozen=True, slots=True)
class _Claim:
    """A call that this worker asks about. The end of its lease is the fence on what it writes."""

    attempt: CallAttempt
    until: datetime


@dataclass(frozen=True, slots=True)
class _Answer:
    """What Twilio has: the call, the call to the other one, or candidates for one in doubt."""

    call: FoundCall | None = None
    second: FoundCall | None = None
    candidates: tuple[FoundCall, ...] = ()


def look_up_next(*, now: datetime) -> bool:
    """Ask about one call and settle it if that is possible; say whether there was one."""
    claim = _claim_next(now=now)
    if claim is None:
        return False
    try:
        answer = _ask(claim.attempt)
    except _FAILURES:
        answer = None
    except Exception:
        logger.exception("Looking up call %s failed.", claim.attempt.public_id)
        answer = None
    _record(claim, answer=answer, now=now)
    return True


def hang_up_next(*, now: datetime) -> bool:
    """End one call that is not wanted any more; say whether there was one."""
    attempt = _claim_unwanted(now=now)
    if attempt is None:
        return False
    is_old = attempt.ended_at is not None and attempt.ended_at < now - _LONGEST_HANG_UP
    if is_old or _hang_up(attempt):
        CallAttempt.objects.filter(pk=attempt.pk).update(hang_up_due_at=None)
    return True


@transaction.atomic
def _claim_unwanted(*, now: datetime) -> CallAttempt | None:
    attempt = (
        CallAttempt.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("channel")
        .filter(hang_up_due_at__lte=now, call_sid__gt="")
        .order_by("hang_up_due_at", "pk")
        .first()
    )
    if attempt is not None:
        CallAttempt.objects.filter(pk=attempt.pk).update(hang_up_due_at=now + LEASE)
    return attempt


def _hang_up(attempt: CallAttempt) -> bool:
    try:
        voice_for(attempt.channel.provider).end_call(attempt.call_sid, config_of(attempt.channel))
    except _FAILURES:
        return False
    return True


@transaction.atomic
def _claim_next(*, now: datetime) -> _Claim | None:
    attempt = (
        CallAttempt.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("channel", "agent", "callback__identity__contact")
        .filter(look_due_at__lte=now)
        .order_by("look_due_at", "pk")
        .first()
    )
    if attempt is None:
        return None
    CallAttempt.objects.filter(pk=attempt.pk).update(look_due_at=now + LEASE)
    return _Claim(attempt, now + LEASE)


def _ask(attempt: CallAttempt) -> _Answer:
    """Talk to Twilio. Raises one of `_FAILURES`."""
    voice, config = voice_for(attempt.channel.provider), config_of(attempt.channel)
    if not attempt.call_sid:
        since = (attempt.placed_at or attempt.planned_at) - _BEFORE
        call = call_scripts.outbound(attempt, attempt.callback)
        return _Answer(candidates=tuple(voice.find_placed(call, config, since=since)))
    found = voice.find_call(attempt.call_sid, config)
    is_open = attempt.second_status != "" and attempt.connected_at is None
    second = voice.find_second(attempt.call_sid, config) if is_open else None
    return _Answer(found, second)


@transaction.atomic
def _record(claim: _Claim, *, answer: _Answer | None, now: datetime) -> None:
    attempt, callback = call_progress.lock(claim.attempt.pk, callback_id=claim.attempt.callback_id)
    if attempt.look_due_at != claim.until:
        return  # something was said meanwhile, or somebody else asked
    if answer is None:
        _look_later(attempt, now=now)
    elif attempt.call_sid and answer.call is not None:
        _record_news(attempt, callback, answer=answer, now=now)
    elif not attempt.call_sid:
        _record_doubt(attempt, callback, candidates=answer.candidates, now=now)


def _record_news(
    attempt: CallAttempt, callback: Callback, *, answer: _Answer, now: datetime
) -> None:
    """Take what Twilio has for its own report about a call that it did not speak of for long."""
    call = answer.call
    if call is None or attempt.ended_at is not None:
        _stop(attempt)
        return
    if call.status in FINAL and attempt.second_status:
        call_progress.note_connection(attempt, second=answer.second, now=now)
    update = CallUpdate(
        call.call_id, call.status, duration_s=call.duration_s, answered_by=call.answered_by
    )
    CallAttempt.objects.filter(pk=attempt.pk).update(look_due_at=now + _STILL_ON, looks=0)
    call_progress.note(attempt, callback, update=update, now=now)


def _record_doubt(
    attempt: CallAttempt, callback: Callback, *, candidates: tuple[FoundCall, ...], now: datetime
) -> None:
    """Settle a doubt if what was found is certainly it, or certainly is not there."""
    doubts = _doubts_like(attempt)
    near = _unclaimed(candidates, doubts=doubts)
    if near and len(near) == len(doubts):
        index = [each.pk for each in doubts].index(attempt.pk)
        _stop(attempt)
        call_progress.begin(attempt, callback, found=near[index], now=now)
        return
    misses = 0 if near else attempt.misses + 1
    if misses >= _MISSES_NEEDED and attempt.error_code == WORKER_DIED:
        _plan_anew(attempt, callback, now=now)
    else:
        attempt.misses = misses
        _look_later(attempt, now=now)


def _doubts_like(attempt: CallAttempt) -> list[CallAttempt]:
    """Return the calls that a find could be: the same two numbers, and Twilio named none of them.

    Those that were given up meanwhile count as well, while they are looked for.
    """
    rows = CallAttempt.objects.filter(
        Q(status=CallStatus.PLACING) | Q(look_due_at__isnull=False),
        channel=attempt.channel_id,
        caller_id=attempt.caller_id,
        call_sid="",
        placed_at__isnull=False,
    )
    alike = [each for each in rows if each.first_number == attempt.first_number]
    return sorted(alike, key=lambda each: (each.placed_at or each.planned_at, each.pk))


def _unclaimed(candidates: tuple[FoundCall, ...], *, doubts: list[CallAttempt]) -> list[FoundCall]:
    """Return what was found at these times and is no other call of ours."""
    tries = [each.placed_at for each in doubts if each.placed_at is not None]
    start, end = min(tries) - _BEFORE, max(tries) + _AFTER
    near = [
        each
        for each in candidates
        if each.created_at is not None and start <= each.created_at <= end
    ]
    names = [each.call_id for each in near]
    known = set(CallAttempt.objects.filter(call_sid__in=names).values_list("call_sid", flat=True))
    return [each for each in near if each.call_id not in known]


def _plan_anew(attempt: CallAttempt, callback: Callback, *, now: datetime) -> None:
    """Place what Twilio never got: its worker died before it could ask for anything."""
    if attempt.ended_at is not None or not dialling.is_wanted(attempt, callback):
        _end(attempt, now=now, status=CallStatus.CANCELED)
        return
    CallAttempt.objects.filter(pk=attempt.pk).update(
        status=CallStatus.PLANNED,
        place_due_at=now,
        look_due_at=None,
        error_code="",
        error_detail="",
    )
    dialling.give_time(attempt, until=now + dialling.ringing_time(attempt))


def _look_later(attempt: CallAttempt, *, now: datetime) -> None:
    """Say when to look again; after the last time nobody will ever know."""
    if attempt.looks >= len(_WAITS):
        status = CallStatus.UNKNOWN if attempt.ended_at is None else attempt.status
        _end(attempt, now=now, status=status)
        return
    CallAttempt.objects.filter(pk=attempt.pk).update(
        look_due_at=now + _WAITS[attempt.looks], looks=attempt.looks + 1, misses=attempt.misses
    )


def _end(attempt: CallAttempt, *, now: datetime, status: str) -> None:
    CallAttempt.objects.filter(pk=attempt.pk).update(
        status=status,
        ended_at=attempt.ended_at or now,
        place_due_at=None,
        look_due_at=None,
        hang_up_due_at=None,
    )


def _stop(attempt: CallAttempt) -> None:
    CallAttempt.objects.filter(pk=attempt.pk).update(look_due_at=None)
    attempt.look_due_at = None
