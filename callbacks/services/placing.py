"""Placing planned calls: claim by lease, talk to Twilio, record behind a fence.

Nobody is rung twice for one call. Whatever ends in doubt (a time-out, a crash in between) becomes
`unknown` and is never placed again blindly: what Twilio says about it settles it, or looking it up
(`call_lookups`).
"""

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef
from django.utils.translation import gettext_noop as _

from callbacks import call_scripts
from callbacks.models import CallAttempt, Callback, CallPace, CallStatus
from callbacks.services import call_lookups, call_progress, dialling, moves
from channels import rates
from channels.models import Channel
from channels.providers import config_of, voice_for
from channels.providers.base import NotSupportedError, SendError
from channels.providers.voice import FoundCall
from channels.secrets import SecretUnreadableError
from conversations.backoff import next_attempt_at
from teams.services import sweeps

logger = logging.getLogger(__name__)

#: How long a worker may hold a call: four times the longest request to Twilio.
LEASE = timedelta(seconds=80)
#: A worker that stood still for longer between claiming and calling does not call any more.
_LONGEST_PAUSE_S = 20
#: Others may take what an account's rate still allows, a few times in a row.
_MAX_LOOKS = 10
CALLS_PER_S = 1.0
_UNREADABLE = _("The auth token of this channel cannot be read. Enter it anew.")
_NO_VOICE = _("This channel's provider cannot call anybody.")


@dataclass(frozen=True, slots=True)
class Claim:
    """A call that this worker alone may place. `fence` guards every later write."""

    attempt: CallAttempt
    fence: int


def place_next(*, now: datetime) -> bool:
    """Place one planned call and record what became of it; say whether there was one."""
    started = time.monotonic()
    claim = _claim_next(now=now)
    if claim is None:
        return False
    callback = Callback.objects.select_related("identity__contact").get(
        pk=claim.attempt.callback_id
    )
    if not dialling.is_wanted(claim.attempt, callback):
        _drop(claim, now=now)
        return True
    if time.monotonic() - started > _LONGEST_PAUSE_S:
        return True  # this process stood still: by now somebody else may have taken it over
    outcome = _place(claim.attempt, callback)
    if isinstance(outcome, FoundCall):
        _record_receipt(claim, found=outcome, now=now)
    else:
        _record_failure(claim, error=outcome, now=now)
    return True


def settle_next_lost(*, now: datetime) -> bool:
    """Mark one call as unknown whose worker never came back; say whether there was one."""
    lost = CallAttempt.objects.filter(place_due_at__lte=now, status=CallStatus.PLACING)
    return sweeps.do_next(
        lost.order_by("place_due_at", "pk"),
        mark="place_due_at",
        work=lambda found: CallAttempt.objects.filter(pk=found.pk).update(
            status=CallStatus.UNKNOWN,
            place_due_at=None,
            look_due_at=now + call_lookups.FIRST_LOOK,
            error_code=call_lookups.WORKER_DIED,
            error_detail=_("The caller stopped before Twilio's answer was recorded."),
        ),
        now=now,
    )


def _claim_next(*, now: datetime) -> Claim | None:
    """Take the next planned call that its account's rate lets go."""
    for _look in range(_MAX_LOOKS):
        with transaction.atomic():
            attempt = _find_due(now=now)
            if attempt is None:
                return None
            if _take_pace(attempt.channel.account_sid, now=now):
                return _lease(attempt, now=now)
    return None


def _find_due(*, now: datetime) -> CallAttempt | None:
    is_waiting = CallPace.objects.filter(
        account_sid=OuterRef("channel__account_sid"), ready_at__gt=now
    )
    return (
        CallAttempt.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("channel", "agent")
        .filter(~Exists(is_waiting), place_due_at__lte=now, status=CallStatus.PLANNED)
        .order_by("place_due_at", "pk")
        .first()
    )


def _take_pace(account_sid: str, *, now: datetime) -> bool:
    """Take one call of the account's rate; False if somebody was faster."""
    pace = CallPace.objects.select_for_update().filter(pk=account_sid).first()
    ready_at = rates.take(pace.ready_at if pace else None, rate=CALLS_PER_S, now=now)
    if ready_at is None:
        return False
    if pace is not None:
        CallPace.objects.filter(pk=account_sid).update(ready_at=ready_at)
        return True
    try:
        with transaction.atomic():
            CallPace.objects.create(account_sid=account_sid, ready_at=ready_at)
    except IntegrityError:
        return False
    return True


def _lease(attempt: CallAttempt, *, now: datetime) -> Claim:
    CallAttempt.objects.filter(pk=attempt.pk).update(
        status=CallStatus.PLACING,
        place_due_at=now + LEASE,
        placed_at=now,
        looks=0,
        misses=0,
        fence=F("fence") + 1,
    )
    return Claim(attempt, attempt.fence + 1)


def _place(attempt: CallAttempt, callback: Callback) -> FoundCall | SendError:
    """Talk to Twilio. Anything unforeseen counts as doubt, so that nobody is rung twice."""
    call = call_scripts.outbound(attempt, callback)
    try:
        config, voice = config_of(attempt.channel), voice_for(attempt.channel.provider)
    except SecretUnreadableError:
        return SendError("permanent", "key_missing", _UNREADABLE, is_channel_broken=True)
    except NotSupportedError:
        return SendError("permanent", "no_voice", _NO_VOICE)
    try:
        return voice.place_call(call, config)
    except SendError as error:
        return error
    except Exception:
        logger.exception("Placing call %s ended in doubt.", attempt.public_id)
        return SendError("unknown", "internal", _("The answer of Twilio could not be read."))


@transaction.atomic
def _record_receipt(claim: Claim, *, found: FoundCall, now: datetime) -> None:
    callback = moves.lock(claim.attempt.callback_id)
    attempt = _lock_claimed(claim)
    if attempt is not None:
        call_progress.begin(attempt, callback, found=found, now=now)
        if attempt.channel.broken_at is not None:
            Channel.objects.filter(pk=attempt.channel_id).update(broken_at=None, broken_reason="")


@transaction.atomic
def _record_failure(claim: Claim, *, error: SendError, now: datetime) -> None:
    moves.lock(claim.attempt.callback_id)
    attempt = _lock_claimed(claim)
    if attempt is None:
        return
    if attempt.ended_at is not None and error.outcome == "unknown":
        # Given up meanwhile; if its phone rings all the same, it has to be found to be ended.
        CallAttempt.objects.filter(pk=attempt.pk).update(look_due_at=now + call_lookups.FIRST_LOOK)
    if attempt.status != CallStatus.PLACING:
        return
    status, due_at = _after(error, fence=claim.fence, now=now)
    CallAttempt.objects.filter(pk=attempt.pk).update(
        status=status,
        place_due_at=due_at,
        look_due_at=now + call_lookups.FIRST_LOOK if status == CallStatus.UNKNOWN else None,
        ended_at=now if status == CallStatus.FAILED else None,
        error_code=error.code,
        error_detail=error.detail[:250],
    )
    if error.retry_after_s is not None:
        until = now + timedelta(seconds=error.retry_after_s)
        CallPace.objects.filter(pk=attempt.channel.account_sid, ready_at__lt=until).update(
            ready_at=until
        )
    if error.is_channel_broken:
        Channel.objects.filter(pk=attempt.channel_id).update(
            broken_at=now, broken_reason=error.detail[:250]
        )


def _after(error: SendError, *, fence: int, now: datetime) -> tuple[CallStatus, datetime | None]:
    if error.outcome == "unknown":
        return CallStatus.UNKNOWN, None
    if error.outcome == "retry":
        due_at = next_attempt_at(fence, now=now, retry_after_s=error.retry_after_s)
        if due_at is not None:
            return CallStatus.PLANNED, due_at
    return CallStatus.FAILED, None


def _drop(claim: Claim, *, now: datetime) -> None:
    """End a call that nobody wants any more before it was one."""
    CallAttempt.objects.filter(pk=claim.attempt.pk, fence=claim.fence, ended_at=None).update(
        status=CallStatus.CANCELED, place_due_at=None, ended_at=now
    )


def _lock_claimed(claim: Claim) -> CallAttempt | None:
    """Lock the call if this claim still holds; a later try has a higher number."""
    return (
        CallAttempt.objects.select_for_update(of=("self",))
        .select_related("channel", "agent")
        .filter(pk=claim.attempt.pk, fence=claim.fence)
        .first()
    )
