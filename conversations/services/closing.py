"""How a resolved conversation ends: by a rating, or when the wait for one is over."""

from datetime import datetime

from django.db import transaction

from conversations.actors import Actor
from conversations.models import Conversation, Survey
from conversations.services import lifecycle, surveys
from conversations.states import Status
from teams.services import sweeps


@transaction.atomic
def close_with_rating(survey: Survey, *, rating: int, now: datetime) -> None:
    """Keep the customer's rating and close the conversation that it is about."""
    surveys.record_answer(survey, rating=rating, now=now)
    lifecycle.close(survey.conversation, actor=Actor.contact(), now=now)


def close_next_expired(*, now: datetime) -> bool:
    """Close one conversation whose customer gave no rating in time; say whether there was one."""
    due = Conversation.objects.filter(close_due_at__lte=now).order_by("close_due_at", "pk")
    return sweeps.do_next(
        due, mark="close_due_at", work=lambda found: _close_expired(found, now=now), now=now
    )


def _close_expired(conversation: Conversation, *, now: datetime) -> None:
    if conversation.status != Status.RESOLVED:
        Conversation.objects.filter(pk=conversation.pk).update(close_due_at=None)
        return
    lifecycle.close(conversation, actor=Actor.system(), now=now)
