"""When to try an event again at an endpoint, and when to give up. Pure."""

import hashlib
from datetime import datetime, timedelta

#: Waits before the second, third, … tenth try: three days, the first ones quick.
WAITS_S = (5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600)
MAX_TRIES = len(WAITS_S) + 1
#: Counted from when it was queued. What waited behind others is not tried for three days more.
GIVE_UP_AFTER = timedelta(hours=76)
#: A receiver may ask for patience, up to a day.
LONGEST_WAIT_S = 24 * 3600
#: Waits are shortened by up to a tenth, so that what failed together does not return together.
JITTER = 0.1


def next_try_at(
    tries: int,
    *,
    message_id: str,
    queued_at: datetime,
    now: datetime,
    retry_after_s: float | None = None,
) -> datetime | None:
    """Return when to try again after `tries` failures, or None if that is the end."""
    if tries >= MAX_TRIES:
        return None
    wait_s = WAITS_S[tries - 1] * (1 - JITTER * _fraction(f"{message_id} {tries}"))
    if retry_after_s is not None:
        wait_s = max(wait_s, min(retry_after_s, LONGEST_WAIT_S))
    due_at = now + timedelta(seconds=wait_s)
    return due_at if due_at <= queued_at + GIVE_UP_AFTER else None


def _fraction(text: str) -> float:
    """Return a number from 0 to 1 that looks like chance and is always the same."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") / 2**32
