"""Twilio's words and numbers, in ours: what became of a message, and what an error code means."""

from typing import Literal

from django.utils.translation import gettext_noop as _

from channels.providers.meanings import Meaning, Vocabulary

_STATUSES = {
    "accepted": "queued",
    "scheduled": "queued",
    "queued": "queued",
    "sending": "sending",
    "sent": "sent",
    # Some of several recipients have it. Ours have one, so this is a promise and no more.
    "partially_delivered": "sent",
    "delivered": "delivered",
    "read": "read",
    "undelivered": "failed",
    "failed": "failed",
    "canceled": "failed",
}


_RETRY: Literal["retry"] = "retry"

_MEANINGS = {
    # The account.
    "20003": Meaning(
        _("Twilio does not accept the account SID and auth token of this channel."),
        is_channel_broken=True,
    ),
    "20005": Meaning(
        _("The Twilio account of this channel is not active."), is_channel_broken=True
    ),
    "20429": Meaning(_("Twilio is taking no more messages for a moment."), _RETRY),
    "20503": Meaning(_("Twilio is not available for a moment."), _RETRY),
    # The file of a message: Twilio fetches it from us.
    "11200": Meaning(_("Twilio could not fetch the file of this message; check PUBLIC_BASE_URL.")),
    "11751": Meaning(_("The file of this message is too large for Twilio.")),
    "12300": Meaning(_("Twilio does not take files of this kind.")),
    # The request.
    "21211": Meaning(_("The customer's address is not a valid number.")),
    "21212": Meaning(_("The number of this channel is not a valid sender.")),
    "21266": Meaning(_("The customer's number and the number of this channel are the same.")),
    "21408": Meaning(_("The Twilio account may not send to this part of the world.")),
    "21604": Meaning(_("The message has no recipient.")),
    "21606": Meaning(_("The number of this channel cannot send to this customer.")),
    "21608": Meaning(_("A Twilio trial account sends to verified numbers only.")),
    "21609": Meaning(
        _("Twilio does not accept the address for its reports; check PUBLIC_BASE_URL.")
    ),
    "21610": Meaning(_("The customer has unsubscribed from this number."), is_opt_out=True),
    "21612": Meaning(_("The number of this channel cannot send to this customer.")),
    "21614": Meaning(_("The customer's number cannot receive messages.")),
    "21617": Meaning(_("The message is longer than 1,600 characters.")),
    "21635": Meaning(_("The customer's number is a landline.")),
    "60228": Meaning(_("Twilio does not know the template of this message.")),
    # On the way to the phone.
    "30001": Meaning(_("Too many messages were waiting at Twilio; it can be sent again.")),
    "30002": Meaning(_("The Twilio account of this channel is suspended.")),
    "30003": Meaning(_("The customer's phone cannot be reached; it can be sent again later.")),
    "30004": Meaning(_("The customer's phone does not take messages from this number.")),
    "30005": Meaning(_("The customer's number is not in service.")),
    "30006": Meaning(_("The customer's number cannot receive messages.")),
    "30007": Meaning(_("The customer's operator took the message for spam.")),
    "30008": Meaning(_("The message was lost on its way to the phone; it can be sent again.")),
    "30034": Meaning(_("The number of this channel is not registered for messages to the USA.")),
    "30036": Meaning(_("The message waited too long and was not delivered.")),
    "30500": Meaning(_("Twilio had a failure of its own; it can be sent again.")),
    # WhatsApp.
    "63001": Meaning(_("WhatsApp does not accept the credentials of this channel.")),
    "63003": Meaning(_("The customer's number is not on WhatsApp.")),
    "63005": Meaning(_("WhatsApp does not accept the content of this message.")),
    "63007": Meaning(_("The number of this channel is not a WhatsApp sender at Twilio.")),
    "63008": Meaning(_("The WhatsApp sender is not set up correctly at Twilio.")),
    "63010": Meaning(_("WhatsApp had a failure of its own."), _RETRY),
    "63012": Meaning(_("WhatsApp is not available for a moment."), _RETRY),
    "63013": Meaning(_("The message breaks a rule of WhatsApp.")),
    "63014": Meaning(_("The customer has blocked this number."), is_opt_out=True),
    "63016": Meaning(
        _("More than 24 hours passed since the customer last wrote; only a template can be sent.")
    ),
    "63017": Meaning(_("The Twilio account has reached a limit of WhatsApp."), _RETRY),
    "63018": Meaning(_("The number of this channel has reached a limit of WhatsApp."), _RETRY),
    "63019": Meaning(
        _("WhatsApp could not fetch the file of this message; check PUBLIC_BASE_URL.")
    ),
    "63021": Meaning(_("WhatsApp does not accept the content of this message.")),
    "63022": Meaning(_("The WhatsApp sender is not set up correctly at Twilio.")),
    "63023": Meaning(_("WhatsApp refused the message and gave no reason.")),
    "63024": Meaning(_("The customer's number is not on WhatsApp.")),
    "63030": Meaning(_("WhatsApp does not accept this kind of message.")),
    "63032": Meaning(_("WhatsApp does not deliver this message to this customer.")),
    "63038": Meaning(_("The Twilio account has reached its number of messages for today."), _RETRY),
}

VOCABULARY = Vocabulary(
    statuses=_STATUSES,
    meanings=_MEANINGS,
    unexplained=_("Twilio could not deliver the message and gave no reason."),
    unknown_code=_("Twilio refused the message; its error code says why."),
)
