"""How much one key may ask for in a minute, and how often one address may guess.

The limits are in settings.API_RATES; 0 is none. Counting happens in `config.counters`: where its
store is away, everybody is served.
"""

from typing import Any, NamedTuple

from django.conf import settings
from django.utils import timezone
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from config import counters
from teams.models import ApiKey

REQUESTS, FAILED_KEYS = "requests", "failed_keys"


class Standing(NamedTuple):
    """Where a key stands in this minute. `left` is below zero for what is one too many."""

    limit: int
    left: int
    reset_s: int

    def headers(self) -> dict[str, str]:
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(max(self.left, 0)),
            "RateLimit-Reset": str(self.reset_s),
        }


class KeyThrottle(BaseThrottle):
    """Counts a request for its key, and once more where the address has a limit of its own."""

    standing: Standing | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        if not isinstance(request.auth, ApiKey):
            return True
        names = (REQUESTS, getattr(view, "rates", {}).get(request.method))
        found = [_stand(name, of=request.auth.pk) for name in names if name]
        standings = [standing for standing in found if standing is not None]
        if not standings:
            return True
        self.standing = min(standings, key=lambda standing: standing.left)
        # The door writes them on whatever the answer becomes.
        request._request.rate_headers = self.standing.headers()  # type: ignore[attr-defined]
        return self.standing.left >= 0

    def wait(self) -> float | None:
        return self.standing.reset_s - 1 if self.standing else None


def note_failed_key(request: Request) -> None:
    """Count a key that opened nothing. Raises `Throttled` for an address that goes on guessing.

    Keys that do open are looked up first and are not held up: behind one address there may be many
    callers, and one of them must not be able to lock the others out.
    """
    standing = _stand(FAILED_KEYS, of=request.META.get("REMOTE_ADDR", ""))
    if standing is not None and standing.left < 0:
        raise Throttled(wait=standing.reset_s - 1)


def _stand(name: str, *, of: object) -> Standing | None:
    """Count one more; None where there is no limit or nobody counts."""
    limit = settings.API_RATES[name]
    if not limit:
        return None
    now = timezone.now()
    number = counters.count(f"{name}:{of}", now=now)
    if number is None:
        return None
    return Standing(limit, limit - number, counters.seconds_left(now=now))
