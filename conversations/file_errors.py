"""Why a file is not there, in a sentence for whoever reads the conversation."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from channels.egress import REASONS

SENTENCES = {
    "missing": gettext_noop("The provider announced a file and named no address for it."),
    "bad_scheme": gettext_noop("What the provider named is not the address of a file."),
    "blocked_ssrf": gettext_noop("The file's address leads into a private network."),
    "foreign_host": gettext_noop(
        "The file is at a host that is not the provider's. TWILIO_MEDIA_HOSTS names those that are."
    ),
    "not_found": gettext_noop("The provider does not have the file (any more)."),
    "refused": gettext_noop("The provider refused: the channel's credentials do not open it."),
    "too_large": gettext_noop("The file is larger than is allowed here."),
    "empty": gettext_noop("The file is empty."),
    "timeout": gettext_noop("The file did not come in time."),
    "connection": gettext_noop("No connection could be made, or it broke off."),
    "tls": gettext_noop("The certificate of the file's host is not valid."),
    "protocol": gettext_noop("The file came incomplete or garbled."),
    "redirects": gettext_noop("The file's address only leads from one address to the next."),
    "http": gettext_noop("The provider answered with an error."),
    "provider": gettext_noop("The provider did not say where the file is."),
    "unsupported": gettext_noop("This provider has no way to fetch files."),
    "secret": gettext_noop("The channel's secret cannot be read. Enter it anew, then try again."),
    "storage": gettext_noop("The file could not be written to the disk."),
    "lost": gettext_noop("The program stopped each time it fetched this file."),
    "internal": gettext_noop("The file could not be fetched. Please report this."),
}
#: For these there is nothing to fetch, however often.
HOPELESS = frozenset({"missing", "bad_scheme"})
_BLOCKED = "blocked_"


def describe_error(error: str) -> str:
    """Return the sentence for an `Attachment.error`; blank where there is none."""
    sentence = SENTENCES.get(error) or REASONS.get(error.removeprefix(_BLOCKED), "")
    return _(sentence) if sentence else ""
