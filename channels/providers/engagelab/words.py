"""EngageLab's words, in ours: what became of a message, and what a failed call means."""

from django.utils.translation import gettext_noop as _

from channels.providers.base import SendError
from channels.providers.json_api import HTTP_UNAUTHORIZED, MAX_CODE_CHARS, Phrases, Refusal
from channels.providers.json_shapes import an_object, text_of
from channels.providers.meanings import Meaning
from channels.providers.whatsapp.codes import MEANINGS as META

PHRASES = Phrases(
    no_connection=_("EngageLab could not be reached; nothing was sent."),
    no_answer=_("EngageLab's answer did not arrive; it may have sent the message or not."),
    unreadable=_("EngageLab's answer could not be read; it may have sent the message or not."),
    server_error=_("EngageLab had a failure of its own; it may have sent the message or not."),
    too_many=_("EngageLab is taking no more messages for a moment."),
)
NOT_CONFIGURED = _("This channel has no dev key or no dev secret.")
_UNEXPLAINED = _("EngageLab could not deliver the message and gave no reason.")
_UNKNOWN_CODE = _("EngageLab refused the message; its error code says why.")
_STATUSES = {
    "plan": "queued",
    "target_valid": "queued",
    "target_invalid": "failed",
    "sent": "sent",
    # No word from the phone within five minutes. It may still come.
    "delivered_timeout": "sent",
    "delivered": "delivered",
    "read": "read",
    "sent_failed": "failed",
    "delivered_failed": "failed",
}
#: Failures that come without a code of their own are explained by their word.
FAILURES = frozenset(word for word, ours in _STATUSES.items() if ours == "failed")
_MEANINGS = {
    "2001": Meaning(
        _("EngageLab does not accept the dev key and dev secret of this channel."),
        is_channel_broken=True,
    ),
    "2002": Meaning(
        _("The dev key of this channel has expired or is switched off at EngageLab."),
        is_channel_broken=True,
    ),
    "2003": Meaning(
        _("WhatsApp does not accept EngageLab's credentials; ask EngageLab's support."),
        is_channel_broken=True,
    ),
    "2004": Meaning(
        _("The dev key of this channel may not send from its number."), is_channel_broken=True
    ),
    "3001": Meaning(_("EngageLab does not accept the content of this message.")),
    "3002": Meaning(_("EngageLab does not accept the content of this message.")),
    "3003": Meaning(_("EngageLab refused the message by one of its rules.")),
    "4001": Meaning(_("EngageLab does not know the template of this message.")),
    "5002": Meaning(_("WhatsApp refused the template of this message.")),
    "target_invalid": Meaning(_("The customer's number is not on WhatsApp.")),
}


def normal_status(word: str) -> str | None:
    """Return our own word for EngageLab's; None for words that say nothing to us."""
    return _STATUSES.get(word.strip().lower())


def meaning_of(code: str) -> Meaning | None:
    """Return what we know about a code, EngageLab's own or one that it passes on from WhatsApp."""
    return _MEANINGS.get(code) or META.get(code)


def describe_error(code: str) -> str:
    meaning = meaning_of(code)
    if meaning:
        return meaning.sentence
    return _UNEXPLAINED if not code or code in FAILURES else _UNKNOWN_CODE


def explain(refusal: Refusal) -> SendError:
    """Return what a refused call means for the message: it was not taken."""
    code = text_of(an_object(refusal.content).get("code"))[:MAX_CODE_CHARS]
    code = code or f"http_{refusal.status}"
    meaning = meaning_of(code)
    if meaning and meaning.outcome == "retry":
        return SendError("retry", code, meaning.sentence, retry_after_s=refusal.retry_after_s)
    return SendError(
        "permanent",
        code,
        describe_error(code),
        is_channel_broken=refusal.status == HTTP_UNAUTHORIZED
        or bool(meaning and meaning.is_channel_broken),
        is_opt_out=bool(meaning and meaning.is_opt_out),
    )
