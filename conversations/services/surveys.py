"""Asking for a rating when a conversation is resolved, and keeping the answer.

What may happen to the conversation's state around it is `lifecycle`'s affair. Whoever calls has
locked the conversation's row.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Least

from channels.models import Template
from channels.placeholders import fill
from channels.services.survey_templates import Choice
from conversations.actors import Actor
from conversations.delivery_states import DeliveryStatus
from conversations.event_types import EventType
from conversations.models import Conversation, Message, Survey, SurveyStatus
from conversations.models.message import TEMPLATE_KIND, AuthorKind, Direction
from conversations.models.survey import COMMENT_LENGTH, LONGEST_DETAIL, SkipReason
from conversations.services import events, messages, survey_reasons, survey_words
from conversations.services.messages import Draft
from conversations.wake import wake

#: For so long the next message is the comment. A customer with a new concern must not wait longer.
COMMENT_WAIT = timedelta(hours=1)


@transaction.atomic
def start(conversation: Conversation, *, now: datetime) -> Survey | None:
    """Plan to ask about the resolution that just happened; None if the channel does not ask.

    Without a delay it is asked at once, or the row says why not.
    """
    channel = conversation.channel
    if not channel.has_survey:
        return None
    survey = Survey.objects.create(
        conversation=conversation,
        resolution=conversation.resolution_count,
        status=SurveyStatus.PLANNED,
        agent_id=conversation.assignee_id,
        team_id=conversation.team_id,
        created_at=now,
    )
    if not channel.survey_delay_s:
        return ask(survey, now=now)
    due_at = now + timedelta(seconds=channel.survey_delay_s)
    Conversation.objects.filter(pk=conversation.pk).update(survey_due_at=due_at)
    return survey


@transaction.atomic
def ask(survey: Survey, *, now: datetime) -> Survey:
    """Send the question, outside the 24 hours by a template, or write down why it is not sent."""
    conversation = survey.conversation
    if reason := survey_reasons.reason_to_skip(survey, now=now):
        return _skip(survey, reason=reason, now=now)
    if survey_reasons.is_free_text_allowed(conversation, now=now):
        question = _in_words(survey_words.question(conversation))
    else:
        choice = survey_words.template(conversation)
        if choice.template is None:
            return _skip_without_template(survey, choice, now=now)
        question = _by_template(choice.template, choice.values)
    survey.status = SurveyStatus.SENT
    survey.question = _queue(conversation, question, now=now)
    survey.save(update_fields=["status", "question"])
    Conversation.objects.filter(pk=conversation.pk).update(
        survey_due_at=None,
        close_due_at=now + timedelta(seconds=conversation.channel.survey_wait_s),
    )
    _note(survey, "survey.sent", now=now)
    return survey


def planned(conversation: Conversation) -> Survey | None:
    """Return the survey that is not sent yet."""
    return _latest(conversation, SurveyStatus.PLANNED)


def pending(conversation: Conversation, *, now: datetime) -> Survey | None:
    """Return the question that still waits for the customer's answer, if its time is not over."""
    if conversation.close_due_at is None or now >= conversation.close_due_at:
        return None
    return _latest(conversation, SurveyStatus.SENT)


def awaiting_comment(conversation: Conversation, *, now: datetime) -> Survey | None:
    """Return the survey whose rating came, and whose comment was asked for."""
    if conversation.close_due_at is None or now >= conversation.close_due_at:
        return None
    survey = _latest(conversation, SurveyStatus.ANSWERED)
    if survey is None or survey.resolution != conversation.resolution_count:
        return None
    return survey if survey.comment_asked_at is not None and not survey.comment else None


@transaction.atomic
def record_answer(survey: Survey, *, rating: int, now: datetime) -> bool:
    """Keep the rating (1 to 5); say whether the customer is asked why.

    The channel's words decide what they hear: the question for a comment, else the thanks.
    """
    Survey.objects.filter(pk=survey.pk, status=SurveyStatus.SENT).update(
        status=SurveyStatus.ANSWERED, rating=rating, answered_at=now
    )
    survey.refresh_from_db()
    _note(survey, "survey.answered", now=now)
    conversation = survey.conversation
    words = survey_words.comment_question(conversation)
    if not words:
        _thank(conversation, now=now)
        return False
    queue_automatic(conversation, body=words, now=now)
    Survey.objects.filter(pk=survey.pk).update(comment_asked_at=now)
    Conversation.objects.filter(pk=conversation.pk).update(
        close_due_at=Least(F("close_due_at"), now + COMMENT_WAIT)
    )
    return True


@transaction.atomic
def record_comment(survey: Survey, *, text: str, now: datetime) -> None:
    """Keep what the customer wrote about the rating, and thank them if there are words for it."""
    Survey.objects.filter(pk=survey.pk).update(comment=text.strip()[:COMMENT_LENGTH])
    survey.refresh_from_db()
    _note(survey, "survey.commented", now=now)
    _thank(survey.conversation, now=now)


def end_waiting(conversation: Conversation, *, reason: SkipReason, now: datetime) -> None:
    """Stop waiting for an answer, and ask no more: it goes on, or it is closed (`reason`)."""
    theirs = Survey.objects.filter(conversation=conversation)
    theirs.filter(status=SurveyStatus.SENT).update(status=SurveyStatus.EXPIRED)
    survey = planned(conversation)
    if survey is not None:
        _skip(survey, reason=reason, now=now)


def queue_automatic(conversation: Conversation, *, body: str, now: datetime) -> Message:
    """Queue a text that no person wrote."""
    return _queue(conversation, _in_words(body), now=now)


def _queue(conversation: Conversation, draft: Draft, *, now: datetime) -> Message:
    message = messages.append_outbound(conversation, draft=replace(draft, send_due_at=now), now=now)
    wake("conversations.tasks.send_queued")
    return message


def _in_words(body: str) -> Draft:
    return Draft(
        direction=Direction.OUTBOUND,
        author_kind=AuthorKind.SYSTEM,
        body=body,
        delivery_status=DeliveryStatus.QUEUED,
    )


def _by_template(template: Template, values: dict[str, str]) -> Draft:
    return replace(
        _in_words(fill(template.body, values)),
        kind=TEMPLATE_KIND,
        fields={"template": template, "template_variables": values},
    )


def _latest(conversation: Conversation, status: SurveyStatus) -> Survey | None:
    rows = Survey.objects.filter(conversation=conversation, status=status)
    return (
        rows.select_related("conversation__channel", "conversation__identity")
        .order_by("-pk")
        .first()
    )


def _skip_without_template(survey: Survey, choice: Choice, *, now: datetime) -> Survey:
    """Say that no template is set, or which one could not be used and what its provider says."""
    if choice.trouble is None:
        return _skip(survey, reason=SkipReason.WINDOW_CLOSED, now=now)
    told = (str(choice.trouble), choice.trouble.reason)
    survey.skip_detail = ": ".join(filter(None, told))[:LONGEST_DETAIL]
    return _skip(survey, reason=SkipReason.TEMPLATE_UNUSABLE, now=now)


def _skip(survey: Survey, *, reason: str, now: datetime) -> Survey:
    survey.status, survey.skip_reason = SurveyStatus.SKIPPED, reason
    survey.save(update_fields=["status", "skip_reason", "skip_detail"])
    Conversation.objects.filter(pk=survey.conversation_id).update(survey_due_at=None)
    _note(survey, "survey.skipped", now=now)
    return survey


def _thank(conversation: Conversation, *, now: datetime) -> None:
    words = survey_words.thanks(conversation)
    if words:
        queue_automatic(conversation, body=words, now=now)


def _note(survey: Survey, type_: EventType, *, now: datetime) -> None:
    events.record(
        type_,
        conversation=survey.conversation,
        actor=Actor.contact() if survey.rating else Actor.system(),
        now=now,
        data={
            "resolution": survey.resolution,
            "rating": survey.rating,
            "comment": survey.comment,
            "skip_reason": survey.skip_reason,
            **({"skip_detail": survey.skip_detail} if survey.skip_detail else {}),
            "agent_id": survey.agent_id,
            "team_id": survey.team_id,
        },
    )
