"""Resolving what nobody writes in any more, where the channel wants that.

Nothing is marked while messages come: every message would pay for it. The sweep compares the last
message of what is open with the channel's limit, a channel at a time, and marks what is due.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from channels.models import Channel
from conversations.actors import Actor
from conversations.models import Conversation, Message
from conversations.models.message import Direction
from conversations.services import lifecycle
from conversations.states import OPEN, Status
from teams.services import sweeps

#: So many are marked at once.
_AT_ONCE = 100


def resolve_next(*, now: datetime) -> bool:
    """Do one piece of it; say whether there was one.

    Resolve one conversation that is marked; else mark what became due on any channel.
    """
    return _resolve_next_marked(now=now) or _mark(now=now)


def _resolve_next_marked(*, now: datetime) -> bool:
    due = Conversation.objects.filter(inactive_due_at__lte=now).select_related("channel")
    return sweeps.do_next(
        due.order_by("inactive_due_at", "pk"),
        mark="inactive_due_at",
        work=lambda found: _resolve(found, now=now),
        now=now,
    )


def _resolve(conversation: Conversation, *, now: datetime) -> None:
    """Look again, for much may have happened since it was marked."""
    if _inactive_on(conversation.channel, now=now).filter(pk=conversation.pk).exists():
        lifecycle.resolve(conversation, actor=Actor.system(), now=now, because="inactive")
    else:
        Conversation.objects.filter(pk=conversation.pk).update(inactive_due_at=None)


@transaction.atomic
def _mark(*, now: datetime) -> bool:
    for channel in Channel.objects.filter(auto_resolve_after_s__isnull=False).order_by("pk"):
        inactive = _inactive_on(channel, now=now).filter(inactive_due_at=None).order_by("pk")
        rows = inactive.select_for_update(of=("self",), skip_locked=True, no_key=True)
        found = list(rows.values_list("pk", flat=True)[:_AT_ONCE])
        if found:
            Conversation.objects.filter(pk__in=found).update(inactive_due_at=now)
            return True
    return False


def _inactive_on(channel: Channel, *, now: datetime) -> QuerySet[Conversation]:
    """Return what nobody wrote in for longer than the channel allows.

    What waits for our answer is left alone unless the channel says otherwise; with a bot, that is
    where the customer wrote last.
    """
    rows: QuerySet[Conversation] = Conversation.objects.filter(channel=channel)
    if channel.auto_resolve_after_s is None:
        return rows.none()
    limit = now - timedelta(seconds=channel.auto_resolve_after_s)
    rows = rows.filter(status__in=[*OPEN, Status.BOT], last_message_at__lte=limit)
    if channel.is_resolving_unanswered:
        return rows
    answered = Message.objects.filter(
        conversation=OuterRef("pk"),
        sequence=OuterRef("message_count"),
        direction=Direction.OUTBOUND,
    )
    return rows.filter(
        Q(status__in=OPEN, waiting_since=None) | Q(Exists(answered), status=Status.BOT)
    )
