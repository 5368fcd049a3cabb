"""The common failures of a channel, each in plain words. docs/channels.md has the same."""

from dataclasses import dataclass, replace

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from channels.models import Provider


@dataclass(frozen=True, slots=True)
class Failure:
    """One failure. `code` is what the provider calls it, and the anchor of its part of the page."""

    code: str
    title: str
    meaning: str
    remedy: str
    provider: Provider = Provider.TWILIO


FAILURES = (
    Failure(
        "403",
        gettext_noop("The signature does not fit"),
        gettext_noop(
            "Twilio's log shows the answer 403. Twilio signs each request with the auth token, over"
            " the very address that it calls. One of the two is not what we expect."
        ),
        gettext_noop(
            "Look at the refused requests on the channel's page. If they name another address than"
            " the channel's, set PUBLIC_BASE_URL to it, or let the proxy pass X-Forwarded-Proto and"
            " Host. If the address is right, the auth token is not: copy it again from the account"
            " that owns the number. A sub-account has a token of its own."
        ),
    ),
    Failure(
        "11200",
        gettext_noop("Twilio could not reach us"),
        gettext_noop(
            "Twilio called the address and got no answer that it could use: the server was down,"
            " the address was wrong, or it is one that only your own network can reach."
        ),
        gettext_noop(
            "Open the address of /healthz from a telephone that is not in your network. In Twilio's"
            " console must stand the address of the channel's page, with https and the slash at its"
            " end."
        ),
    ),
    Failure(
        "20003",
        gettext_noop("Wrong credentials"),
        gettext_noop("Twilio does not accept this account SID and auth token together."),
        gettext_noop(
            "Copy both again from the first page of Twilio's console. After a change of tokens the"
            " old one stops working the moment the new one is promoted."
        ),
    ),
    Failure(
        "21211",
        gettext_noop("Not a valid number"),
        gettext_noop("The number of the customer, or the one of the channel, does not exist."),
        gettext_noop(
            "Numbers are written with a plus and the country: +81355500100. Look at the contact's"
            " page for what was typed."
        ),
    ),
    Failure(
        "63007",
        gettext_noop("No such WhatsApp sender on this account"),
        gettext_noop("The channel's number is not registered for WhatsApp at this account."),
        gettext_noop(
            "Register it in Twilio's console under WhatsApp senders, or choose the account that has"
            " it. A number that can send SMS cannot send WhatsApp by that alone."
        ),
    ),
    Failure(
        "63016",
        gettext_noop("The window is closed, use a template"),
        gettext_noop(
            "WhatsApp takes free text only within 24 hours after the customer last wrote."
        ),
        gettext_noop("Send an approved template. When the customer answers, you may write again."),
    ),
    Failure(
        "cloud-verify",
        gettext_noop("Meta does not accept the address"),
        gettext_noop(
            "Meta calls the address when you press “Verify and save”, with the verify token. It "
            "got no answer, or another one."
        ),
        gettext_noop(
            "Copy the address and the verify token again from the channel's page, the slash at "
            "its end included. The address must be https; open /healthz from a telephone that is "
            "not in your network."
        ),
        Provider.WHATSAPP_CLOUD,
    ),
    Failure(
        "cloud-403",
        gettext_noop("The signature does not fit"),
        gettext_noop("Meta signs each request with the app secret, and ours is another one."),
        gettext_noop(
            "Copy the app secret again, from Settings, Basic, of the app that has this address. "
            "Each app has its own."
        ),
        Provider.WHATSAPP_CLOUD,
    ),
    Failure(
        "cloud-silent",
        gettext_noop("Nothing arrives"),
        gettext_noop("The address is verified, and still no message comes."),
        gettext_noop(
            "Subscribe to the field “messages”, and the app to the WhatsApp business account. A "
            "number may have an address of its own: the test of the channel names it."
        ),
        Provider.WHATSAPP_CLOUD,
    ),
    Failure(
        "190",
        gettext_noop("The access token has expired"),
        gettext_noop("WhatsApp does not accept the access token."),
        gettext_noop(
            "The one in API Setup lives for a day. Make a permanent one for a system user in the "
            "business settings, and enter it."
        ),
        Provider.WHATSAPP_CLOUD,
    ),
    Failure(
        "131005",
        gettext_noop("The access token may not do that"),
        gettext_noop("The token is good, but it lacks a permission."),
        gettext_noop(
            "Give the system user whatsapp_business_messaging and whatsapp_business_management "
            "and the WhatsApp account as an asset. Then make the token anew."
        ),
        Provider.WHATSAPP_CLOUD,
    ),
    Failure(
        "33",
        gettext_noop("No such phone number ID"),
        gettext_noop("The access token sees no number with this ID."),
        gettext_noop(
            "Copy the phone number ID from API Setup. It is not the telephone number, and the "
            "token must belong to the same business."
        ),
        Provider.WHATSAPP_CLOUD,
    ),
    Failure(
        "133010",
        gettext_noop("The number is not registered"),
        gettext_noop("The number is in the account, but it is not registered for sending."),
        gettext_noop("Register it in the WhatsApp Manager, with a PIN of six digits."),
        Provider.WHATSAPP_CLOUD,
    ),
    Failure(
        "131030",
        gettext_noop("A test number writes to a few"),
        gettext_noop("A test number sends only to customers who are on its list."),
        gettext_noop(
            "Add the customer's number to the list in API Setup, or use a number of your own."
        ),
        Provider.WHATSAPP_CLOUD,
    ),
    Failure(
        "2001",
        gettext_noop("EngageLab does not accept the keys"),
        gettext_noop(
            "The dev key and the dev secret do not belong together, or they were switched off."
        ),
        gettext_noop(
            "Copy both again from Configuration, API Keys. The secret is shown once only; if it "
            "is lost, make a new pair."
        ),
        Provider.ENGAGELAB,
    ),
    Failure(
        "2004",
        gettext_noop("The key may not send from this number"),
        gettext_noop(
            "The number of the channel belongs to another account, or the key is not for it."
        ),
        gettext_noop(
            "Compare the number with those in EngageLab's console, and choose a key of the same "
            "account."
        ),
        Provider.ENGAGELAB,
    ),
    Failure(
        "engagelab-silent",
        gettext_noop("Nothing arrives"),
        gettext_noop("EngageLab's callback does not reach us."),
        gettext_noop(
            "Enter the address of the channel's page as the callback address, for messages and "
            "for delivery reports. Open /healthz from a telephone that is not in your network."
        ),
        Provider.ENGAGELAB,
    ),
)


def render() -> list[Failure]:
    """Return the failures in the reader's language."""
    return [
        replace(each, title=_(each.title), meaning=_(each.meaning), remedy=_(each.remedy))
        for each in FAILURES
    ]
