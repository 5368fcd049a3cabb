"""Planning calls of ours, and giving them up. Who places them: `placing`.

Neither talks to anybody: both run inside the transaction that moves the callback.
"""

import re
from datetime import datetime, timedelta

from django.db.models import Max, Q

from callbacks.models import (
    CallAttempt,
    Callback,
    CallbackSettings,
    CallStatus,
    Dialling,
    Leg,
)
from callbacks.models.callback import E164
from callbacks.states import CallbackStatus

#: What a person needs, once their phone rings, to hear who is to be called and to press a key.
TO_DECIDE = timedelta(seconds=15)
#: One call a second and account.
PER_CALL = timedelta(seconds=1)
#: Somebody has the call to make, or is at it.
HELD = frozenset({CallbackStatus.OFFERED, CallbackStatus.CALLING})


def dial(callback: Callback, *, now: datetime) -> CallAttempt | None:
    """Plan a call of ours for whoever has the callback (`offered_to`), if their team dials.

    Called when it is offered to them, and again when they begin it themselves; the callback is
    locked. A call that is on its way to the same person is returned as it is, one to somebody else
    is given up. None: it is to be called by hand, because the team dials by hand, or there is no
    number to ring the person at, or to call from, or to call.

    As long as the call may take, the offer does not end (`look_due_at`).
    """
    attempt = _plan(callback)
    running = callback.attempts.filter(ended_at=None).first()
    if running is not None and (running.connected_at is not None or _is_same(running, attempt)):
        return running
    if running is not None:
        give_up(callback, now=now)
    ring_at = _when_to_ring(callback, attempt, now=now) if attempt else None
    if attempt is None or ring_at is None:
        return None
    attempt.position = 1 + (callback.attempts.aggregate(last=Max("position"))["last"] or 0)
    attempt.planned_at, attempt.place_due_at = now, ring_at
    attempt.save()
    ahead = CallAttempt.objects.filter(
        status=CallStatus.PLANNED, channel__account_sid=attempt.channel.account_sid
    ).count()
    give_time(attempt, until=ring_at + ahead * PER_CALL + ringing_time(attempt))
    return attempt


def give_up(callback: Callback, *, now: datetime) -> None:
    """End whatever call of ours is on its way for a callback; people who talk are let talk."""
    running = callback.attempts.filter(ended_at=None, connected_at=None)
    running.filter(status=CallStatus.PLANNED).update(
        status=CallStatus.CANCELED, place_due_at=None, ended_at=now
    )
    # Whoever places it just now finds this mark, and so does its phone if it is answered.
    running.update(status=CallStatus.CANCELED, place_due_at=None, ended_at=now, hang_up_due_at=now)


def give_time(attempt: CallAttempt, *, until: datetime) -> None:
    """Let the offer that the call belongs to last so long."""
    Callback.objects.filter(
        Q(look_due_at__lt=until) | Q(look_due_at=None),
        pk=attempt.callback_id,
        status=CallbackStatus.OFFERED,
        offered_to=attempt.agent_id,
    ).update(look_due_at=until)


def ringing_time(attempt: CallAttempt) -> timedelta:
    """Return how long an offer lasts while its phone rings."""
    return timedelta(seconds=attempt.ring_s) + TO_DECIDE


def is_wanted(attempt: CallAttempt, callback: Callback) -> bool:
    """Say whether the callback is still with whom the call is for."""
    return callback.status in HELD and callback.offered_to_id == attempt.agent_id


def _plan(callback: Callback) -> CallAttempt | None:
    """Return the call that the team would make, not stored; None if it makes none."""
    settings = _settings_of(callback)
    if settings is None or settings.voice_channel is None or callback.status not in HELD:
        return None
    agent, channel = callback.offered_to, settings.voice_channel
    caller_id = callback.caller_id or settings.caller_id or channel.phone_number
    numbers = (agent.phone if agent else "", callback.number, caller_id)
    if not all(re.search(E164, number) for number in numbers):
        return None
    is_customer_first = settings.dialling == Dialling.CUSTOMER_FIRST
    return CallAttempt(
        callback=callback,
        first_leg=Leg.CUSTOMER if is_customer_first else Leg.AGENT,
        channel=channel,
        agent=agent,
        agent_number=numbers[0],
        number=callback.number,
        caller_id=caller_id,
        ring_s=settings.ring_s,
        is_detecting_machines=is_customer_first and settings.is_detecting_machines,
    )


def _settings_of(callback: Callback) -> CallbackSettings | None:
    rows = CallbackSettings.objects.exclude(dialling=Dialling.BY_HAND)
    return rows.select_related("voice_channel").filter(team=callback.team_id).first()


def _is_same(running: CallAttempt, attempt: CallAttempt | None) -> bool:
    """Say whether the call on its way is the one that would be made now."""
    if attempt is None:
        return False
    # Of one that rings the customer first nobody may know whether their phone rings already.
    is_in_doubt = running.first_leg == Leg.CUSTOMER and running.status == CallStatus.UNKNOWN
    return is_in_doubt or running.agent_id == attempt.agent_id


def _when_to_ring(callback: Callback, attempt: CallAttempt, *, now: datetime) -> datetime | None:
    """Return when the phone may ring; None if it rang often enough for nothing.

    Who does not answer is not rung again at once, and not for ever. Who asks for it, is.
    """
    if callback.status == CallbackStatus.CALLING:
        return now
    settings = _settings_of(callback)
    in_vain = callback.attempts.filter(
        # A customer who was rung is another matter: what follows from that, is decided elsewhere.
        Q(first_leg=Leg.AGENT, second_status="") | Q(call_sid=""),
        agent=attempt.agent_id,
        connected_at=None,
    )
    last = in_vain.order_by("-position").first()
    if settings is None or last is None:
        return now
    if in_vain.count() > settings.most_retries:
        return None
    return max(now, (last.ended_at or now) + timedelta(seconds=settings.retry_after_s))
