"""Waking what was set aside until an instant."""

from datetime import datetime

from conversations.actors import Actor
from conversations.models import Conversation
from conversations.services import lifecycle
from conversations.states import Status
from teams.services import sweeps


def wake_next(*, now: datetime) -> bool:
    """Open one conversation whose time is over; say whether there was one.

    Routing gives it back to whoever set it aside, also beyond their capacity.
    """
    due = Conversation.objects.filter(snooze_due_at__lte=now).order_by("snooze_due_at", "pk")
    return sweeps.do_next(
        due, mark="snooze_due_at", work=lambda found: _wake(found, now=now), now=now
    )


def _wake(conversation: Conversation, *, now: datetime) -> None:
    if conversation.status != Status.SNOOZED:
        Conversation.objects.filter(pk=conversation.pk).update(snooze_due_at=None)
        return
    lifecycle.reopen(conversation, actor=Actor.system(), now=now, because="snooze_over")
