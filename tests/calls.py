"""Promises to call, as tests want them, and looking at what became of them."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from callbacks.models import Callback, CallbackSettings
from callbacks.services import firing
from callbacks.states import CallbackStatus
from channels.models import Channel
from conversations.models import Conversation, Event
from teams.models import Team
from tests import moments
from tests.factories import make_contact, make_conversation, make_team


def make_callback(
    *,
    conversation: Conversation | None = None,
    channel: Channel | None = None,
    team: Team | None = None,
    due_at: datetime = moments.WEDNESDAY_MORNING,
    **fields: Any,
) -> Callback:
    """Make a promise to call, from a conversation; with a `channel` one without a conversation."""
    if conversation is None and channel is None:
        conversation = make_conversation()
    identity = conversation.identity if conversation else make_contact().identities.get()
    at = conversation.channel if conversation else channel
    values = {
        "number": identity.address,
        "wall_date": due_at.date(),
        "wall_clock": due_at.time(),
        "zone": "UTC",
        "due_at": due_at,
        "look_due_at": due_at,
        "created_at": due_at - timedelta(hours=1),
        "identity": fields.pop("identity", identity),
        **fields,
    }
    return Callback.objects.create(
        conversation=conversation,
        is_from_conversation=conversation is not None,
        channel=at,
        team=team or make_team(),
        **values,
    )


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


OFFERED, DUE = CallbackStatus.OFFERED, CallbackStatus.DUE
