"""EngageLab's words, in ours: what became of a message, and what a failed call means."""

from django.utils.translation import gettext_noop as _

from channels.providers.base import SendError
from channels.providers.json_api import MAX_CODE_CHARS, Phrases, Refusal
from channels.providers.json_shapes import an_object, text_of
from channels.providers.meanings import Meaning, Vocabulary
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


VOCABULARY = Vocabulary(
    statuses=_STATUSES,
    # EngageLab passes WhatsApp's own codes on.
    meanings=META | dict.fromkeys(FAILURES, Meaning(_UNEXPLAINED)) | _MEANINGS,
    unexplained=_UNEXPLAINED,
    unknown_code=_("EngageLab refused the message; its error code says why."),
)


def explain(refusal: Refusal) -> SendError:
    """Return what a refused call means for the message: it was not taken."""
    code = text_of(an_object(refusal.content).get("code"))[:MAX_CODE_CHARS]
    return VOCABULARY.refusal(
        code or f"http_{refusal.status}",
        status=refusal.status,
        retry_after_s=refusal.retry_after_s,
    )
