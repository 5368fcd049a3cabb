"""The common failures of a Twilio channel, each in plain words. docs/channels.md has the same."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop


@dataclass(frozen=True, slots=True)
class Failure:
    """One failure. `code` is what Twilio calls it, and the anchor of its part of the page."""

    code: str
    title: str
    meaning: str
    remedy: str


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
)


def render() -> list[Failure]:
    """Return the failures in the reader's language."""
    return [Failure(each.code, _(each.title), _(each.meaning), _(each.remedy)) for each in FAILURES]
