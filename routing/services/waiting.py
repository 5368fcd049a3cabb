"""Conversations that wait: placed when somebody can take them, at once or by the sweep."""

import logging
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from channels.models import Distribution
from conversations.actors import Actor
from conversations.models import Assignment, Conversation
from conversations.models.assignment import EndReason
from routing.histories import load_history
from routing.services import batches, reassignment
from routing.services.decisions import PLACING_RETRY, decide_and_apply
from routing.services.placing import ask_again
from teams.models import Presence, Strategy, User
from teams.services import shifts, sweeps

logger = logging.getLogger(__name__)

# At most this many waiting conversations are looked at because of one person's mark.
_PER_PERSON = 100
# So many of the queue are placed together, so many one by one, before it is put in order anew.
_TOGETHER = 250
_ONE_BY_ONE = 10


def place_next(*, now: datetime) -> bool:
    """Do one piece of placing; say whether there was one.

    1. Conversations that are due to be looked at: priority first, then whoever waits longest.
    2. Else a person who may have become able to take something: mark what that person could take.
    """
    return _place_next_due(now=now) or _spread_next_mark(now=now)


def _place_next_due(*, now: datetime) -> bool:
    """Place the first of the queue, in order; a long queue is put in order once for several."""
    waiting = Conversation.objects.waiting().filter(placing_due_at__lte=now)
    first = list(waiting.in_queue_order().values_list("pk", flat=True)[:_TOGETHER])
    if len(first) > 1 and batches.place_together(first, now=now):
        return True
    done = [
        sweeps.do_next(
            waiting.filter(pk=pk).select_related("channel"),
            mark="placing_due_at",
            work=lambda found: _place(found, now=now),
            now=now,
        )
        for pk in first[:_ONE_BY_ONE]
    ]
    return any(done)


def _place(conversation: Conversation, *, now: datetime) -> None:
    question = ask_again(conversation, history=load_history(conversation), now=now)
    decide_and_apply(conversation, pose=lambda: question, actor=Actor.system(), now=now)


def _spread_next_mark(*, now: datetime) -> bool:
    """Do what one person's mark asks for; say whether there was one.

    Whoever went offline gives back what the team wants back. For anybody else the mark becomes due
    marks on the conversations that this person could take. A mark that was set anew in the meantime
    stays, and is looked at again.
    """
    user = User.objects.filter(offer_due_at__lte=now).order_by("offer_due_at", "pk").first()
    if user is None:
        return False
    if user.presence == Presence.OFFLINE:
        reassignment.give_back(user, now=now)
    with transaction.atomic():  # the conversations are locked before the person, as everywhere
        room = _room(user)
        if room > 0:
            _mark_for(user, limit=room, now=now)
        User.objects.filter(pk=user.pk, offer_due_at=user.offer_due_at).update(offer_due_at=None)
    return True


def _mark_for(user: User, *, limit: int, now: datetime) -> None:
    """Let the sweep look at what this person could take, first in the queue first.

    Only what this person could be given: what nobody here can take must not stand in front.
    """
    # Whoever took one away by hand has a minute to say whose it is.
    just_taken_away = Assignment.objects.filter(
        conversation=OuterRef("pk"),
        end_reason=EndReason.UNASSIGNED,
        ended_at__gt=now - PLACING_RETRY,
    )
    let_lapse = Assignment.objects.filter(
        conversation=OuterRef("pk"), user=user, end_reason=EndReason.LAPSED
    )
    first = (
        Conversation.objects.waiting()
        .filter(
            _may_get(user, now=now),
            ~Exists(just_taken_away),
            ~Exists(let_lapse),
            routing_due_at=None,
        )
        .in_queue_order()
        .values_list("pk", "placing_due_at")[:limit]
    )
    # What is due already is looked at anyway: it needs no lock and no second mark.
    ids = [pk for pk, due_at in first if due_at is None or due_at > now]
    if not ids:
        return
    waiting = Conversation.objects.waiting().filter(pk__in=ids).order_by("pk")
    locked = list(waiting.select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))
    Conversation.objects.filter(pk__in=locked).update(placing_due_at=now)


def _may_get(user: User, *, now: datetime) -> Q:
    """Return which conversations this person's teams and channels could give to them.

    A team by hand gives nobody anything, a default user's team only to that one, and one that works
    by shift only to whoever is on shift.
    """
    teams = user.teams.filter(is_active=True).exclude(strategy=Strategy.MANUAL)
    teams = teams.exclude(~Q(default_user=user), strategy=Strategy.DEFAULT_USER)
    by_shift = user.teams.filter(strategy=Strategy.SHIFT).values_list("pk", flat=True)
    off = [pk for pk in by_shift if user.pk not in shifts.user_ids_on_shift(pk, at=now)]
    teams = teams.exclude(pk__in=off)
    in_team = Q(team__in=teams.values("pk"))
    by_hand = Q(team__strategy=Strategy.MANUAL, team__is_active=True)
    return in_team | Q(channel__in=user.channels.values("pk")) & ~by_hand


def _room(user: User) -> int:
    """Return how many conversations may be looked at for this person."""
    if not user.is_active or not user.is_receiving or user.presence != Presence.ONLINE:
        return 0
    sequential = user.channels.filter(distribution=Distribution.SEQUENTIAL)
    if user.capacity is None or sequential.exists():
        return _PER_PERSON
    return min(user.capacity - user.load, _PER_PERSON)
