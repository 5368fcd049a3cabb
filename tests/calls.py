"""Promises to call, as tests want them, and looking at what became of them."""

from collections import Counter
from datetime import datetime
from typing import Any

from callbacks.models import Callback, CallbackSettings
from callbacks.services import firing
from callbacks.slots import at_instant
from conversations.models import Event
from teams.models import Team
from tests import factories, moments


def make_callback(*, due_at: datetime = moments.WEDNESDAY_MORNING, **fields: Any) -> Callback:
    """Make a promise to call that is due in the morning, as `factories` does otherwise."""
    return factories.make_callback(slot=at_instant(due_at, zone="UTC"), **fields)


def set_up(team: Team, **fields: Any) -> CallbackSettings:
    return CallbackSettings.objects.create(team=team, **fields)


def fire(now: datetime) -> int:
    """Let whatever is due be due, and follow it; return how much there was to do."""
    done = 0
    while firing.fire_next(now=now) or firing.follow_next(now=now):
        done += 1
        assert done < 500, "it never comes to rest"
    return done


def read(callback: Callback) -> Callback:
    return Callback.objects.select_related("conversation__assignee", "offered_to", "owner").get(
        pk=callback.pk
    )


def told(callback: Callback) -> list[str]:
    """Return the types of the callback's events, in order, without their prefix."""
    events = Event.objects.filter(type__startswith="callback.").order_by("pk")
    public_id = str(callback.public_id)
    return [e.type.split(".")[1] for e in events if e.data["callback"] == public_id]


def fired_counts() -> Counter[str]:
    """Return how often each callback was due."""
    events = Event.objects.filter(type="callback.due").values_list("data", flat=True)
    return Counter(data["callback"] for data in events)


def statuses() -> Counter[str]:
    return Counter(Callback.objects.values_list("status", flat=True))
