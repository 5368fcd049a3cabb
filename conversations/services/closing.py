"""How a resolved conversation ends: by a rating, or when the wait for one is over."""

from datetime import datetime

from django.db import transaction

from conversations.actors import Actor
from conversations.models import Conversation, Survey
from conversations.services import lifecycle, surveys
from conversations.states import Status


@transaction.atomic
def close_with_rating(survey: Survey, *, rating: int, now: datetime) -> None:
    """Keep the customer's rating and close the conversation that it is about."""
    surveys.record_answer(survey, rating=rating, now=now)
    lifecycle.close(survey.conversation, actor=Actor.contact(), now=now)


@transaction.atomic
def close_next_expired(*, now: datetime) -> bool:
    """Close one conversation whose customer gave no rating in time; say whether there was one."""
    conversation = (
        Conversation.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(close_due_at__lte=now)
        .order_by("close_due_at", "pk")
        .first()
    )
    if conversation is None:
        return False
    if conversation.status != Status.RESOLVED:
        Conversation.objects.filter(pk=conversation.pk).update(close_due_at=None)
        return True
    lifecycle.close(conversation, actor=Actor.system(), now=now)
    return True
