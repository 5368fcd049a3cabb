"""Meta's words, in ours: what became of a message, and what a failed call means."""

from django.utils.translation import gettext_noop as _

from channels.providers.base import SendError
from channels.providers.json_api import MAX_CODE_CHARS, Phrases, Refusal
from channels.providers.json_shapes import an_object, text_of
from channels.providers.meanings import Vocabulary
from channels.providers.whatsapp.codes import MEANINGS

PHRASES = Phrases(
    no_connection=_("WhatsApp could not be reached; nothing was sent."),
    no_answer=_("WhatsApp's answer did not arrive; it may have sent the message or not."),
    unreadable=_("WhatsApp's answer could not be read; it may have sent the message or not."),
    server_error=_("WhatsApp had a failure of its own; it may have sent the message or not."),
    too_many=_("WhatsApp is taking no more messages for a moment."),
)
NOT_CONFIGURED = _("This channel has no phone number ID or no access token.")
# `error_subcode` of code 100 where the address names nothing that the token may see.
_NO_SUCH_OBJECT = "33"
_STATUSES = {
    "accepted": "queued",
    "held_for_quality_assessment": "queued",
    "paused": "queued",
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "played": "read",  # a voice message that was listened to
    "failed": "failed",
}


VOCABULARY = Vocabulary(
    statuses=_STATUSES,
    meanings=MEANINGS,
    unexplained=_("WhatsApp could not deliver the message and gave no reason."),
    unknown_code=_("WhatsApp refused the message; its error code says why."),
)


def explain(refusal: Refusal) -> SendError:
    """Return what a refused call means for the message: it was not taken."""
    error = an_object(an_object(refusal.content).get("error"))
    code = text_of(error.get("code"))[:MAX_CODE_CHARS]
    if code == "100" and text_of(error.get("error_subcode")) == _NO_SUCH_OBJECT:
        code = _NO_SUCH_OBJECT
    return VOCABULARY.refusal(
        code or f"http_{refusal.status}",
        status=refusal.status,
        retry_after_s=refusal.retry_after_s,
    )
