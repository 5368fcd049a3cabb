"""What a survey says: the channel's own words, else ours, in the customer's language."""

from django.utils import translation
from django.utils.translation import get_supported_language_variant
from django.utils.translation import gettext as _

from conversations.models import Conversation


def question(conversation: Conversation) -> str:
    with translation.override(_spoken(conversation.contact.language)):
        default = _("How did we do? Answer with a number from 1 (bad) to 5 (great).")
    return conversation.channel.survey_question or default


def comment_question(conversation: Conversation) -> str:
    """Blank: no comment is asked for, and whatever comes after the rating is a message."""
    return conversation.channel.survey_comment_question


def thanks(conversation: Conversation) -> str:
    return conversation.channel.survey_thanks


def _spoken(language: str) -> str:
    """Return which of our languages comes closest to the contact's, such as zh-hans for zh-CN."""
    try:
        return get_supported_language_variant(language)
    except LookupError:
        return "en"
