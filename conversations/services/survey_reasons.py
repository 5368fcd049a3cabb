"""Why a customer is not asked for a rating, and whether free text may do so."""

from datetime import datetime, timedelta

from channels.models import Medium
from conversations.models import Contact, Conversation, Survey
from conversations.models.survey import SkipReason
from conversations.window import is_window_open


def reason_to_skip(survey: Survey, *, now: datetime) -> str:
    """Return why the customer is not asked, as a code; blank if they are."""
    conversation = survey.conversation
    channel = conversation.channel
    if conversation.identity.opted_out_at is not None:
        return SkipReason.OPTED_OUT
    if not channel.is_active:
        return SkipReason.CHANNEL_INACTIVE
    if channel.survey_pause_days and _was_asked_lately(survey, now=now):
        return SkipReason.ASKED_RECENTLY
    return ""


def is_free_text_allowed(conversation: Conversation, *, now: datetime) -> bool:
    has_window = conversation.channel.medium == Medium.WHATSAPP
    return not has_window or is_window_open(conversation.last_inbound_at, now=now)


def _was_asked_lately(survey: Survey, *, now: datetime) -> bool:
    """Say whether this customer was asked about anything within the channel's pause.

    The contact is locked: of two conversations that end at once, the second sees the first.
    """
    conversation = survey.conversation
    Contact.objects.select_for_update(no_key=True).get(pk=conversation.contact_id)
    since = now - timedelta(days=conversation.channel.survey_pause_days)
    asked = Survey.objects.filter(
        conversation__contact=conversation.contact_id, question__created_at__gt=since
    )
    return asked.exclude(pk=survey.pk).exists()
