"""What went wrong at an endpoint, in a sentence for whoever looks after it."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from channels.egress import REASONS

SENTENCES = {
    "timeout": gettext_noop("It did not answer in time."),
    "connection": gettext_noop("No connection could be made, or it broke off."),
    "tls": gettext_noop("Its certificate is not valid for this address."),
    "protocol": gettext_noop("What it answered is not HTTP."),
    "secret": gettext_noop("Its signing secret cannot be read. Rotate the secret."),
    "lost": gettext_noop("The sender stopped before it knew the answer."),
    "internal": gettext_noop("The event could not be put into words. Please report this."),
}
_BLOCKED = "blocked_"


def describe_error(error: str, *, status: int | None = None) -> str:
    """Return the sentence for an `Outcome.error`; blank where there was none."""
    if error == "http":
        return _("It answered with %(status)s; only 2xx counts.") % {"status": status}
    if error.startswith(_BLOCKED):
        return _(REASONS.get(error.removeprefix(_BLOCKED), REASONS["malformed"]))
    sentence = SENTENCES.get(error, "")
    return _(sentence) if sentence else ""
