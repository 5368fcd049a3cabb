"""What a survey says: the channel's own words, else ours, in the customer's language."""

from django.utils import translation
from django.utils.translation import get_supported_language_variant
from django.utils.translation import gettext as _

from channels.greetings import TextKind, choose_language, fill
from channels.loaders import load_texts
from channels.services import survey_templates
from conversations.models import Conversation


def question(conversation: Conversation) -> str:
    own = _own(conversation, TextKind.SURVEY_QUESTION)
    if own:
        return own
    with translation.override(_spoken(conversation.contact.language)):
        return _("How did we do? Answer with a number from 1 (bad) to 5 (great).")


def template(conversation: Conversation) -> survey_templates.Choice:
    """Return the template that may ask outside the 24 hours, if there is one."""
    return survey_templates.choose(
        conversation.channel,
        language=conversation.contact.language,
        values=_values(conversation),
    )


def comment_question(conversation: Conversation) -> str:
    """Blank: no comment is asked for, and whatever comes after the rating is a message."""
    return _own(conversation, TextKind.SURVEY_COMMENT)


def thanks(conversation: Conversation) -> str:
    return _own(conversation, TextKind.SURVEY_THANKS)


def _own(conversation: Conversation, kind: TextKind) -> str:
    """Return the channel's words in the customer's language, else in its own; blank without any."""
    channel, contact = conversation.channel, conversation.contact
    texts = load_texts(channel, kind=kind)
    language = choose_language(texts, language=contact.language, default=channel.language)
    if language is None:
        return ""
    return fill(texts[language], values=_values(conversation))


def _values(conversation: Conversation) -> dict[str, str]:
    return {
        "contact_name": conversation.contact.name,
        "channel_name": conversation.channel.name,
    }


def _spoken(language: str) -> str:
    """Return which of our languages comes closest to the contact's, such as zh-hans for zh-CN."""
    try:
        return get_supported_language_variant(language)
    except LookupError:
        return "en"
