"""What it means that Twilio placed no call, in sentences for people."""

from django.utils.translation import gettext_noop as _

from channels.providers.base import SendError

_MEANINGS = {
    "20003": _("Twilio does not accept the account SID and auth token of this channel."),
    "20005": _("The Twilio account of this channel is not active."),
    "20429": _("Twilio is taking no more calls for a moment."),
    "20503": _("Twilio is not available for a moment."),
    "21201": _("There was no number to ring."),
    "21205": _("Twilio does not accept the address for its questions; check PUBLIC_BASE_URL."),
    "21210": _("The caller ID is not a number of this Twilio account."),
    "21211": _("The number that was to be rung first is not a valid number."),
    "21212": _("The caller ID is not a valid number."),
    "21213": _("There is no caller ID to call from."),
    "21214": _("The number that was to be rung first cannot be reached."),
    "21215": _("The Twilio account may not call this part of the world."),
    "21216": _("Twilio does not call this number."),
    "21217": _("The number that was to be rung first is not a valid number."),
    "21219": _("A Twilio trial account calls verified numbers only."),
    "21609": _("Twilio does not accept the address for its reports; check PUBLIC_BASE_URL."),
    "no_connection": _("Twilio could not be reached; nobody was rung."),
    "not_configured": _("This channel has no account SID or no auth token."),
}
_DOUBT = _("Twilio's answer did not arrive; it may have rung somebody or not.")
_REFUSED = _("Twilio refused the call; its error code says why.")


def explained(error: SendError) -> SendError:
    """Return the failure of a call with a sentence that speaks of calls."""
    known = _MEANINGS.get(error.code)
    error.detail = _DOUBT if error.outcome == "unknown" else known or _REFUSED
    return error
