"""Why AI agents fail, as sentences for people."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from teams.texts import Text

ERRORS: Mapping[str, Text] = {
    "timeout": _("It did not answer in time."),
    "connection": _("Nobody answered at its address."),
    "tls": _("Its certificate could not be trusted."),
    "protocol": _("What answered does not speak HTTP."),
    "too_large": _("Its answer was too long to be read."),
    "blocked": _("Its address is private, unknown or malformed, and is not called."),
    "not_listed": _("Its address is not among those that the operator allows."),
    "key_missing": _("Its key cannot be read. Enter it anew."),
    "unauthorized": _("It refused the key."),
    "rate_limited": _("It was asked too often."),
    "server": _("It answered with a server error."),
    "refused": _("It refused the request."),
    "malformed": _("Its answer could not be understood."),
    "empty": _("It answered nothing."),
    "internal": _("Something unforeseen went wrong; the log has more."),
    "lost": _("The worker stopped while it was asked."),
}


def explain_error(code: str) -> Text:
    return ERRORS.get(code, code)
