"""When to try again, and when to give up. Pure."""

from datetime import datetime, timedelta

#: Waits before the second, third, … try of a message that the provider did not take.
_WAITS_S = (2, 8, 30, 120, 300, 600, 900)
MAX_ATTEMPTS = len(_WAITS_S) + 1


def next_attempt_at(
    attempt: int, *, now: datetime, retry_after_s: float | None = None
) -> datetime | None:
    """Return when try number `attempt + 1` is due, or None if `attempt` was the last.

    A provider that names a longer wait (`Retry-After`) is obeyed, up to an hour.
    """
    if attempt >= MAX_ATTEMPTS:
        return None
    wait_s = float(_WAITS_S[attempt - 1])
    if retry_after_s is not None:
        wait_s = max(wait_s, min(retry_after_s, 3600.0))
    return now + timedelta(seconds=wait_s)
