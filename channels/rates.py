"""How fast a channel may send: a bucket that holds one second's worth and fills steadily. Pure."""

from datetime import datetime, timedelta

#: Messages a second, where the channel names no rate: what providers grant without asking.
DEFAULTS = {"whatsapp": 80.0, "sms": 1.0}
#: Nobody sends slower than once in a minute, or faster than WhatsApp's highest grade.
SLOWEST, FASTEST = 1 / 60, 1000.0


def rate_of(medium: str, *, own: float | None) -> float:
    """Return the messages a second that the channel may send."""
    return own or DEFAULTS.get(medium, min(DEFAULTS.values()))


def take(ready_at: datetime | None, *, rate: float, now: datetime) -> datetime | None:
    """Take one sending at `now`: return when the next may be taken, or None if the bucket is empty.

    `ready_at` is what the last taking returned. At no time are more than `rate * seconds + burst`
    taken; the burst is one second's worth, and at least one.
    """
    if ready_at is not None and ready_at > now:
        return None
    room = timedelta(seconds=(max(1.0, rate) - 1) / rate)
    earliest = now if ready_at is None else max(ready_at + room, now)
    return earliest + timedelta(seconds=1 / rate) - room
