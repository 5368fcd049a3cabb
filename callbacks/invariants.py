"""What must be true of callbacks at all times, as queries for whatever breaks it."""

from django.db.models import Count, F, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform

from callbacks.models import CallAttempt, Callback
from callbacks.states import LIVE, PENDING, CallbackStatus
from conversations.models import Event


def callbacks_that_nobody_will_look_at() -> QuerySet[Callback]:
    """Whatever is promised, offered or waits for its owner is looked at again at some time; what
    waits without one is in a queue.
    """
    waits_in_vain = Q(status=CallbackStatus.DUE) & (
        Q(owner_until__isnull=False) | Q(conversation=None)
    )
    looked_at = Q(status__in=[CallbackStatus.SCHEDULED, CallbackStatus.OFFERED])
    return Callback.objects.filter(looked_at | waits_in_vain, look_due_at=None)


def callbacks_that_were_early() -> QuerySet[Callback]:
    """Nothing is due before its time, unless somebody began of their own will."""
    early = Callback.objects.filter(due_since__lt=F("due_at"))
    return early.exclude(first_tried_at=F("due_since"))


def callbacks_that_were_due_twice() -> QuerySet[Callback]:
    """The time of a promise comes once."""
    named = KeyTextTransform("callback", "data")
    fired = Event.objects.filter(type="callback.due").order_by().annotate(named=named)
    twice = fired.values("named").annotate(times=Count("pk")).filter(times__gt=1)
    return Callback.objects.filter(public_id__in=list(twice.values_list("named", flat=True)))


def callbacks_without_a_caller() -> QuerySet[Callback]:
    """Whatever is offered, or being called, somebody has; and its conversation is known."""
    held = Callback.objects.filter(status__in=[CallbackStatus.OFFERED, CallbackStatus.CALLING])
    return held.filter(Q(offered_to=None) | Q(conversation=None))


def callbacks_that_end_and_go_on() -> QuerySet[Callback]:
    """What is over has an end, and what is not has none; what is due is so since some time."""
    return Callback.objects.filter(
        Q(status__in=sorted(PENDING), ended_at__isnull=False)
        | Q(ended_at=None) & ~Q(status__in=sorted(PENDING))
        | Q(status__in=sorted(LIVE), due_since=None)
    )


def calls_that_nobody_will_look_at() -> QuerySet[CallAttempt]:
    """A call that is not over is placed, asked about or settled at some time."""
    running = CallAttempt.objects.filter(ended_at=None)
    return running.filter(place_due_at=None, look_due_at=None)


def calls_that_are_over_and_rung_for() -> QuerySet[CallAttempt]:
    """Nobody is rung for a call that is over."""
    return CallAttempt.objects.filter(ended_at__isnull=False, place_due_at__isnull=False)


INVARIANTS = [
    callbacks_that_nobody_will_look_at,
    callbacks_that_were_early,
    callbacks_that_were_due_twice,
    callbacks_without_a_caller,
    callbacks_that_end_and_go_on,
    calls_that_nobody_will_look_at,
    calls_that_are_over_and_rung_for,
]
