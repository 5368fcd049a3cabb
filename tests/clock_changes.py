"""When the clocks of the world are changed, found by asking them."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from teams.time_zones import time_zones

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)

#: When, and the offsets before and after.
Transition = tuple[datetime, timedelta, timedelta]


def transitions(zone: str, *, since: datetime, until: datetime) -> tuple[Transition, ...]:
    """Return when the clocks of a zone are changed, with the offsets before and after."""
    place = ZoneInfo(zone)

    def offset(at: datetime) -> timedelta:
        return at.astimezone(place).utcoffset() or timedelta()

    found: list[Transition] = []
    at = since
    while at < until:
        low, high = at, at + DAY
        if offset(low) != offset(high):
            while high - low > MINUTE:
                middle = low + ((high - low) // 2 // MINUTE) * MINUTE
                low, high = (middle, high) if offset(middle) == offset(at) else (low, middle)
            found.append((high, offset(low), offset(high)))
        at += DAY
    return tuple(found)


def different_zones(*, since: datetime, until: datetime) -> dict[tuple[Transition, ...], str]:
    """Return one zone for each way in which clocks are changed: most names are second names."""
    zones = sorted(time_zones(), reverse=True)
    return {transitions(zone, since=since, until=until): zone for zone in zones}
