"""How a resolved conversation ends: by a rating and its comment, or when the wait is over."""

from datetime import datetime

from django.db import transaction

from conversations.actors import Actor
from conversations.models import Conversation, Survey, SurveyStatus
from conversations.services import lifecycle, surveys
from conversations.states import Status
from teams.services import sweeps


@transaction.atomic
def close_with_rating(survey: Survey, *, rating: int, now: datetime) -> None:
    """Keep the customer's rating, and close what it is about unless a comment is asked for."""
    is_asked_why = surveys.record_answer(survey, rating=rating, now=now)
    if not is_asked_why:
        lifecycle.close(survey.conversation, actor=Actor.contact(), now=now)


@transaction.atomic
def close_with_comment(survey: Survey, *, text: str, now: datetime) -> None:
    """Keep what the customer wrote about the rating, and close what it is about."""
    surveys.record_comment(survey, text=text, now=now)
    lifecycle.close(survey.conversation, actor=Actor.contact(), now=now)


def ask_next_due(*, now: datetime) -> bool:
    """Ask one customer whose channel asks later; say whether there was one."""
    due = Conversation.objects.filter(survey_due_at__lte=now).order_by("survey_due_at", "pk")
    return sweeps.do_next(
        due, mark="survey_due_at", work=lambda found: _ask_due(found, now=now), now=now
    )


def _ask_due(conversation: Conversation, *, now: datetime) -> None:
    survey = surveys.planned(conversation)
    if conversation.status != Status.RESOLVED or survey is None:
        Conversation.objects.filter(pk=conversation.pk).update(survey_due_at=None)
        return
    if surveys.ask(survey, now=now).status == SurveyStatus.SKIPPED:
        lifecycle.close(conversation, actor=Actor.system(), now=now)


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
