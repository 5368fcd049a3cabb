"""What the test of a channel found, in sentences: what is so, and what to do about it.

Codes and facts are stored, sentences are rendered in the reader's language.
"""

from dataclasses import dataclass
from datetime import datetime

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from channels.models import Channel
from channels.providers.base import Finding

#: What was looked at, in the order in which it is shown.
STEPS = {
    "settings": gettext_noop("Settings"),
    "address": gettext_noop("Public address"),
    "account": gettext_noop("Account"),
    "api_key": gettext_noop("API key"),
    "sender": gettext_noop("Number or service"),
    "webhook": gettext_noop("Webhook"),
    "inbound": gettext_noop("Last message in"),
    "sending": gettext_noop("Sending"),
}
_TOKEN_REFUSED = (
    gettext_noop("WhatsApp does not accept the access token."),
    gettext_noop(
        "A token from API Setup lives for a day. Make a permanent one for a system user in the"
        " business settings."
    ),
)
_TOKEN_MAY_NOT = (
    gettext_noop("The access token may not do what this channel needs."),
    gettext_noop(
        "Give it the permissions whatsapp_business_messaging and whatsapp_business_management."
    ),
)
_KEY_REFUSED = (
    gettext_noop("EngageLab does not accept the dev key and dev secret together."),
    gettext_noop("Copy both again; the secret is shown once only."),
)
#: The code, what it says, and what to do. Facts are named in brackets.
_SENTENCES: dict[str, tuple[str, str]] = {
    # What we know ourselves.
    "configured": (gettext_noop("Everything that is needed is filled in."), ""),
    "switched_off": (
        gettext_noop("The channel is switched off: nothing is taken and nothing is sent."),
        gettext_noop("Tick “active” on the channel's page."),
    ),
    "key_missing": (
        gettext_noop("A stored secret of this channel cannot be read."),
        gettext_noop("Enter its secrets anew, or bring the lost encryption key back."),
    ),
    "not_configured": (
        gettext_noop("This channel has no account SID or no auth token."),
        gettext_noop("Both are on the first page of Twilio's console."),
    ),
    "address_public": (gettext_noop("%(url)s looks like an address that providers can reach."), ""),
    "address_not_https": (
        gettext_noop("%(url)s is not an https address."),
        gettext_noop(
            "Put a reverse proxy with a certificate in front, and set PUBLIC_BASE_URL to its"
            " address."
        ),
    ),
    "address_local": (
        gettext_noop("%(url)s can be reached from this machine or network only."),
        gettext_noop(
            "Set PUBLIC_BASE_URL to the public address. To try it out at home, open a tunnel to"
            " this machine and set the tunnel's address."
        ),
    ),
    "inbound_received": (gettext_noop("A signed message arrived at %(at)s."), ""),
    "inbound_none": (
        gettext_noop("No message has arrived yet."),
        gettext_noop("Write one to this number from your own phone."),
    ),
    "inbound_refused": (
        gettext_noop("The last request was refused at %(at)s: its signature did not fit."),
        gettext_noop("Compare the auth token with the one in Twilio's console, and its account."),
    ),
    "cloud_inbound_refused": (
        gettext_noop("The last request was refused at %(at)s: its signature did not fit."),
        gettext_noop("Compare the app secret with the one in the app under Settings, Basic."),
    ),
    "inbound_wrong_address": (
        gettext_noop("Twilio called %(seen)s, and we check signatures for %(ours)s."),
        gettext_noop(
            "Set PUBLIC_BASE_URL to the address that Twilio calls, or paste the address of this"
            " page into Twilio's console. Behind a proxy, let it pass X-Forwarded-Proto."
        ),
    ),
    "sending_allowed": (gettext_noop("Nothing keeps this channel from sending."), ""),
    "sending_broken": (
        gettext_noop("The last try to send was refused: %(reason)s"),
        gettext_noop("Enter the credentials anew; saving them lets the channel try again."),
    ),
    # The account.
    "account_active": (gettext_noop("The account “%(name)s” is active."), ""),
    "account_trial": (
        gettext_noop("The account “%(name)s” is a trial account."),
        gettext_noop("It sends to verified numbers only. Upgrade it to write to everybody."),
    ),
    "account_inactive": (
        gettext_noop("The account “%(name)s” is not active: %(status)s."),
        gettext_noop("Twilio says on the first page of its console why, and what is to be done."),
    ),
    "20003": (
        gettext_noop("Twilio does not accept this account SID and auth token together."),
        gettext_noop(
            "Copy both again from the same account. A sub-account has a token of its own."
        ),
    ),
    "key_accepted": (gettext_noop("Twilio accepts the API key."), ""),
    "key_refused": (
        gettext_noop("Twilio does not accept the API key."),
        gettext_noop("The key must belong to the account above. Its secret is shown once only."),
    ),
    # The sender.
    "number_found": (gettext_noop("%(number)s belongs to the account."), ""),
    "number_unknown": (
        gettext_noop("%(number)s does not belong to the account."),
        gettext_noop("Look under Phone numbers which account has it."),
    ),
    "sender_found": (gettext_noop("%(number)s is a WhatsApp sender of the account."), ""),
    "sender_unknown": (
        gettext_noop("%(number)s is not among the WhatsApp senders of the account."),
        gettext_noop(
            "The sandbox is never in the list and works all the same. Any other number must be"
            " registered under WhatsApp senders."
        ),
    ),
    "sender_offline": (
        gettext_noop("The WhatsApp sender %(number)s is not online: %(status)s."),
        gettext_noop("Twilio says under WhatsApp senders what is missing."),
    ),
    "service_found": (gettext_noop("The Messaging Service “%(name)s” belongs to the account."), ""),
    "service_unknown": (
        gettext_noop("The account has no Messaging Service %(sid)s."),
        gettext_noop("Copy its SID again; it begins with MG."),
    ),
    # Where it points.
    "webhook_set": (gettext_noop("Twilio sends messages to the address of this channel."), ""),
    "webhook_missing": (
        gettext_noop("Twilio has no address to send messages to."),
        gettext_noop("Paste %(wanted)s, with the method POST."),
    ),
    "webhook_elsewhere": (
        gettext_noop("Twilio sends messages to %(url)s."),
        gettext_noop("Replace that with %(wanted)s."),
    ),
    "webhook_method": (
        gettext_noop("Twilio calls the right address, but with %(method)s."),
        gettext_noop("Choose POST."),
    ),
    "webhook_on_number": (
        gettext_noop("The service leaves it to each of its numbers where messages go."),
        gettext_noop(
            "Choose “Send a webhook” in the service, or paste the address at every number."
        ),
    ),
    # WhatsApp Cloud.
    "cloud_not_configured": (
        gettext_noop("This channel has no phone number ID or no access token."),
        gettext_noop("Both are in the app at developers.facebook.com, under WhatsApp, API Setup."),
    ),
    "token_accepted": (gettext_noop("WhatsApp accepts the access token."), ""),
    "0": _TOKEN_REFUSED,
    "190": _TOKEN_REFUSED,
    "10": _TOKEN_MAY_NOT,
    "200": _TOKEN_MAY_NOT,
    "number_id_unknown": (
        gettext_noop("The access token sees no number with the ID %(number)s."),
        gettext_noop("Copy the phone number ID, not the number itself, from API Setup."),
    ),
    "cloud_number_found": (
        gettext_noop("The ID belongs to %(display_phone_number)s, “%(verified_name)s”."),
        "",
    ),
    "account_id_missing": (
        gettext_noop("Without the WhatsApp business account ID this cannot be asked."),
        gettext_noop("Enter it on the channel's page; templates need it too."),
    ),
    "app_subscribed": (gettext_noop("An app is told of this account's messages."), ""),
    "app_not_subscribed": (
        gettext_noop("No app is told of this account's messages."),
        gettext_noop(
            "In the app, under WhatsApp, Configuration: enter the address and the verify token of"
            " this page, then subscribe to the field “messages”."
        ),
    ),
    "cloud_elsewhere": (
        gettext_noop("WhatsApp sends messages to %(url)s."),
        gettext_noop("Replace that with %(wanted)s."),
    ),
    # EngageLab.
    "engagelab_not_configured": (
        gettext_noop("This channel has no dev key or no dev secret."),
        gettext_noop("Both are in EngageLab's console, under Configuration, API Keys."),
    ),
    "dev_key_accepted": (gettext_noop("EngageLab accepts the dev key."), ""),
    "2001": _KEY_REFUSED,
    "2002": _KEY_REFUSED,
    "unsigned": (
        gettext_noop("EngageLab signs nothing: whoever knows this address can write here."),
        gettext_noop("Keep %(wanted)s secret. Enter it at EngageLab as the callback address."),
    ),
    # On the way to the provider.
    "no_connection": (
        gettext_noop("The provider could not be reached."),
        gettext_noop("Look whether this server may open connections to the outside."),
    ),
    "timeout": (
        gettext_noop("The provider did not answer in time."),
        gettext_noop("Try again in a minute."),
    ),
    "20429": (
        gettext_noop("The provider is taking no more requests for a moment."),
        gettext_noop("Try again in a minute."),
    ),
}
_UNKNOWN = (
    gettext_noop("The provider refused to answer, with the code %(code)s."),
    gettext_noop("The provider's documentation says what the code means."),
)
#: The part of docs/channels.md that says more about a code.
ANCHORS = {
    "20003": "20003",
    "key_refused": "20003",
    "number_unknown": "21211",
    "sender_unknown": "63007",
    "sender_offline": "63007",
    "webhook_missing": "11200",
    "webhook_elsewhere": "11200",
    "webhook_method": "11200",
    "address_not_https": "11200",
    "address_local": "11200",
    "inbound_refused": "403",
    "inbound_wrong_address": "403",
    "cloud_inbound_refused": "cloud-403",
    "0": "190",
    "190": "190",
    "10": "131005",
    "200": "131005",
    "number_id_unknown": "33",
    "app_not_subscribed": "cloud-silent",
    "cloud_elsewhere": "cloud-silent",
    "2001": "2001",
    "2002": "2001",
    "unsigned": "engagelab-silent",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One step of the report, for people. `anchor`: where the paper says more; may be blank."""

    step: str
    title: str
    state: str
    code: str
    sentence: str
    advice: str
    anchor: str = ""


def render(channel: Channel) -> list[Line]:
    """Return the channel's last report in the reader's language; empty if it was never tested."""
    return [render_one(Finding(**row)) for row in channel.check_report]


def is_passed(channel: Channel) -> bool:
    """Say whether no step of the last report failed."""
    return all(row["state"] != "failed" for row in channel.check_report)


def render_one(found: Finding) -> Line:
    """Return one step in the reader's language."""
    code = found.code
    sentence, advice = _SENTENCES.get(code, _UNKNOWN)
    named = _named(found)
    return Line(
        step=found.step,
        title=_(STEPS.get(found.step, found.step)),
        state=found.state,
        code=code,
        sentence=_(sentence) % named,
        advice=_(advice) % named if advice else "",
        anchor=ANCHORS.get(code, ""),
    )


def _named(found: Finding) -> dict[str, str]:
    """Return the facts as the sentences name them: instants where the reader is."""
    named = {"code": found.code, **found.facts}
    if "at" in named:
        at = localtime(datetime.fromisoformat(named["at"]))
        named["at"] = date_format(at, "DATETIME_FORMAT")
    if "reason" in named:
        named["reason"] = _(named["reason"]) if named["reason"] else ""
    return named
