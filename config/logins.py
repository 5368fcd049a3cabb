"""How log-in attempts are counted."""

from django.http import HttpRequest

#: As much of a name as is kept of an attempt; no address is longer.
LONGEST_NAME = 254


def name_of_attempt(request: HttpRequest | None, credentials: dict[str, str] | None) -> str:
    """Return the address that somebody tries, in one spelling: capitals give no further tries."""
    given = (credentials or {}).get("username")
    if given is None and request is not None:
        given = request.POST.get("username")
    return str(given or "").strip().lower()[:LONGEST_NAME]
