"""WhatsApp's error codes: what each means, for a person and for the message it is about."""

from typing import Literal

from django.utils.translation import gettext_noop as _

from channels.providers.meanings import Meaning

_RETRY: Literal["retry"] = "retry"

#: https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
MEANINGS = {
    # The account and its token.
    "0": Meaning(
        _("WhatsApp does not accept the access token of this channel."), is_channel_broken=True
    ),
    "10": Meaning(
        _("The access token of this channel may not send WhatsApp messages."),
        is_channel_broken=True,
    ),
    "190": Meaning(
        _("The access token of this channel has expired or was taken back."),
        is_channel_broken=True,
    ),
    "200": Meaning(
        _("The access token of this channel may not send WhatsApp messages."),
        is_channel_broken=True,
    ),
    "368": Meaning(
        _("WhatsApp has blocked this account because it broke a rule."), is_channel_broken=True
    ),
    "130497": Meaning(_("The WhatsApp account may not write to this country.")),
    "131005": Meaning(
        _("The access token of this channel may not send WhatsApp messages."),
        is_channel_broken=True,
    ),
    "131031": Meaning(_("The WhatsApp account of this channel is locked."), is_channel_broken=True),
    "131042": Meaning(
        _("WhatsApp could not charge for the message; check the way of payment at Meta."),
        is_channel_broken=True,
    ),
    "131045": Meaning(
        _("The number of this channel is not registered at WhatsApp."), is_channel_broken=True
    ),
    "133010": Meaning(
        _("The number of this channel is not registered at WhatsApp."), is_channel_broken=True
    ),
    # Too much at once.
    "4": Meaning(_("WhatsApp is taking no more messages for a moment."), _RETRY),
    "80007": Meaning(_("WhatsApp is taking no more messages for a moment."), _RETRY),
    "130429": Meaning(_("WhatsApp is taking no more messages for a moment."), _RETRY),
    "131056": Meaning(_("Too many messages went to this customer at once."), _RETRY),
    "131057": Meaning(_("The number of this channel is being looked after at WhatsApp."), _RETRY),
    "131016": Meaning(_("WhatsApp is not available for a moment."), _RETRY),
    "133004": Meaning(_("WhatsApp is not available for a moment."), _RETRY),
    "131048": Meaning(
        _("WhatsApp lets this number send less, because customers blocked or reported it.")
    ),
    # The customer.
    "130403": Meaning(_("WhatsApp does not deliver this message to this customer.")),
    "130472": Meaning(_("WhatsApp does not deliver this message to this customer.")),
    "131021": Meaning(_("The customer's number and the number of this channel are the same.")),
    "131026": Meaning(_("The customer's number is not on WhatsApp, or cannot take the message.")),
    "131030": Meaning(_("A test number sends only to customers who are on its list at Meta.")),
    "131047": Meaning(
        _("More than 24 hours passed since the customer last wrote; only a template can be sent.")
    ),
    "131049": Meaning(
        _("WhatsApp did not deliver it, so that the customer gets less advertising.")
    ),
    "131050": Meaning(_("The customer wants no advertising from this number.")),
    "131062": Meaning(_("This message can only go to a telephone number.")),
    # The message.
    "33": Meaning(
        _("WhatsApp does not know the phone number ID of this channel."), is_channel_broken=True
    ),
    "100": Meaning(_("WhatsApp does not accept the content of this message.")),
    "131008": Meaning(_("WhatsApp does not accept the content of this message.")),
    "131009": Meaning(_("WhatsApp does not accept the content of this message.")),
    "131051": Meaning(_("WhatsApp does not accept this kind of message.")),
    "131052": Meaning(_("WhatsApp could not fetch the file of this message.")),
    "131053": Meaning(_("WhatsApp could not fetch the file of this message.")),
    "132000": Meaning(_("The template has another number of variables than were filled in.")),
    "132001": Meaning(_("The template does not exist in this language, or is not approved.")),
    "132005": Meaning(_("The template is too long with its variables filled in.")),
    "132007": Meaning(_("The template breaks a rule of WhatsApp.")),
    "132012": Meaning(_("A variable of the template was filled in the wrong way.")),
    "132015": Meaning(_("WhatsApp has paused the template.")),
    "132016": Meaning(_("WhatsApp has switched the template off for good.")),
    # On the way, for no reason of ours.
    "131000": Meaning(_("WhatsApp had a failure of its own; it can be sent again.")),
    "131037": Meaning(
        _("The number of this channel has no name that WhatsApp has approved."),
        is_channel_broken=True,
    ),
}
