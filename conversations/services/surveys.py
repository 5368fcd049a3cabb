"""Asking for a rating when a conversation is resolved, and keeping the answer.

What may happen to the conversation's state around it is `lifecycle`'s affair.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import translation
from django.utils.translation import get_supported_language_variant
from django.utils.translation import gettext as _

from conversations.actors import Actor
from conversations.delivery_states import DeliveryStatus
from conversations.event_types import EventType
from conversations.models import Conversation, Message, Survey, SurveyStatus
from conversations.models.message import AuthorKind, Direction
from conversations.services import events, messages
from conversations.services.messages import Draft
from conversations.wake import wake
from conversations.window import is_window_open


@transaction.atomic
def start(conversation: Conversation, *, now: datetime) -> Survey | None:
    """Ask about the resolution that just happened; None if the channel does not ask.

    Outside the provider's window, or when the contact opted out, the row says why it was not sent.
    """
    channel = conversation.channel
    if not channel.has_survey:
        return None
    survey = Survey(
        conversation=conversation,
        resolution=conversation.resolution_count,
        agent_id=conversation.assignee_id,
        team_id=conversation.team_id,
        created_at=now,
    )
    survey.skip_reason = _reason_to_skip(conversation, now=now)
    if survey.skip_reason:
        survey.status = SurveyStatus.SKIPPED
    else:
        survey.status = SurveyStatus.SENT
        survey.question = queue_automatic(conversation, body=_question(conversation), now=now)
        Conversation.objects.filter(pk=conversation.pk).update(
            close_due_at=now + timedelta(seconds=channel.survey_wait_s)
        )
    survey.save()
    _note(survey, "survey.sent" if survey.question else "survey.skipped", now=now)
    return survey


def pending(conversation: Conversation) -> Survey | None:
    """Return the question that still waits for the customer's answer."""
    return (
        Survey.objects.filter(conversation=conversation, status=SurveyStatus.SENT)
        .order_by("-pk")
        .first()
    )


@transaction.atomic
def record_answer(survey: Survey, *, rating: int, now: datetime) -> None:
    """Keep the rating (1 to 5) and thank the customer if the channel has words for it."""
    Survey.objects.filter(pk=survey.pk, status=SurveyStatus.SENT).update(
        status=SurveyStatus.ANSWERED, rating=rating, answered_at=now
    )
    survey.refresh_from_db()
    _note(survey, "survey.answered", now=now)
    conversation = survey.conversation
    if conversation.channel.survey_thanks:
        queue_automatic(conversation, body=conversation.channel.survey_thanks, now=now)


def expire_pending(conversation: Conversation) -> None:
    """Stop waiting for an answer: the customer wrote something else, or time is up."""
    Survey.objects.filter(conversation=conversation, status=SurveyStatus.SENT).update(
        status=SurveyStatus.EXPIRED
    )


def queue_automatic(conversation: Conversation, *, body: str, now: datetime) -> Message:
    """Queue a text that no person wrote."""
    message = messages.append(
        conversation,
        draft=Draft(
            direction=Direction.OUTBOUND,
            author_kind=AuthorKind.SYSTEM,
            body=body,
            delivery_status=DeliveryStatus.QUEUED,
            send_due_at=now,
        ),
        now=now,
    )
    wake("conversations.tasks.send_queued")
    return message


def _reason_to_skip(conversation: Conversation, *, now: datetime) -> str:
    if conversation.identity.opted_out_at is not None:
        return "opted_out"
    if not is_window_open(conversation.last_inbound_at, now=now):
        return "window_closed"
    return ""


def _question(conversation: Conversation) -> str:
    with translation.override(_spoken(conversation.contact.language)):
        default = _("How did we do? Answer with a number from 1 (bad) to 5 (great).")
    return conversation.channel.survey_question or default


def _spoken(language: str) -> str:
    """Return which of our languages comes closest to the contact's, such as zh-hans for zh-CN."""
    try:
        return get_supported_language_variant(language)
    except LookupError:
        return "en"


def _note(survey: Survey, type_: EventType, *, now: datetime) -> None:
    events.record(
        type_,
        conversation=survey.conversation,
        actor=Actor.contact() if survey.rating else Actor.system(),
        now=now,
        data={
            "resolution": survey.resolution,
            "rating": survey.rating,
            "skip_reason": survey.skip_reason,
            "agent_id": survey.agent_id,
            "team_id": survey.team_id,
        },
    )
