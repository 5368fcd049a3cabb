"""When a callback is due: what the customer's clock shows, and the instant that it means. Pure."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

#: How far ahead a call may be promised, from the instant of the promise.
HORIZON = timedelta(days=30)
#: What a request may need to arrive: so much later, or in the past, is not refused.
TRANSIT = timedelta(seconds=60)
#: What is offered when nobody says when.
USUAL_WAIT = timedelta(minutes=30)


class SlotError(Exception):
    """A time that cannot be promised. `code` says why: `nonexistent_local_time`, `time_in_past`,
    `beyond_max_delay`, `owned_delay_exceeded`, `unknown_zone`."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class Slot:
    """A time on a wall, where that wall is, and the instant.

    `is_ambiguous`: the clocks are put back, and show this time twice; the earlier one is meant.
    """

    day: date
    clock: time
    zone: str
    at: datetime
    is_ambiguous: bool = False


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    """Listing them reads the disk, so it is done once. What is left out is no place."""
    return frozenset(available_timezones()) - {"Factory", "localtime"}


def is_zone(name: str) -> bool:
    """Say whether it is the name of a zone, in the spelling of the IANA."""
    return name in _zones()


def at_wall_time(day: date, clock: time, *, zone: str) -> Slot:
    """Return the slot that a clock on a wall means.

    Raises `SlotError`: `unknown_zone`, or `nonexistent_local_time` where the clocks are put
    forward and never show it.
    """
    instants = instants_of(day, clock, zone=zone)
    if not instants:
        raise SlotError("nonexistent_local_time")
    return Slot(day, clock, zone, instants[0], is_ambiguous=len(instants) > 1)


def instants_of(day: date, clock: time, *, zone: str) -> tuple[datetime, ...]:
    """Return when a clock on a wall shows this: once, twice or never, the earlier one first.

    Raises `SlotError`: `unknown_zone`, or for the first and last days there are `time_in_past` and
    `beyond_max_delay`.
    """
    first, second = _read_both_ways(day, clock, zone=zone)
    if first > second:
        return ()
    return (first,) if first == second else (first, second)


def after_gap(day: date, clock: time, *, zone: str) -> datetime:
    """Return when a time would have come that the clocks jump over, had they been left alone."""
    return _read_both_ways(day, clock, zone=zone)[0]


def _read_both_ways(day: date, clock: time, *, zone: str) -> tuple[datetime, datetime]:
    """Return the instant by the offset before a change of the clocks, and by the one after it."""
    if not is_zone(zone):
        raise SlotError("unknown_zone")
    local = datetime.combine(day, clock, tzinfo=ZoneInfo(zone))
    try:
        return local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)
    except OverflowError as error:  # the first and last days there are
        raise SlotError("time_in_past" if day.year == 1 else "beyond_max_delay") from error


def at_instant(at: datetime, *, zone: str) -> Slot:
    """Return the slot of an instant: what the clock in a zone shows then."""
    if not is_zone(zone):
        raise SlotError("unknown_zone")
    local = at.astimezone(ZoneInfo(zone))
    return Slot(local.date(), local.time(), zone, at)


def usual_slot(*, zone: str, now: datetime) -> Slot:
    """Return the time that is offered first: in half an hour, to the full minute, also after
    midnight."""
    later = now + USUAL_WAIT
    return at_instant(later.replace(second=0, microsecond=0), zone=zone)


def check_ahead(at: datetime, *, owned_ahead_s: int | None = None, now: datetime) -> None:
    """Raise `SlotError` unless the instant may be promised.

    `owned_ahead_s`: how far ahead one may own a callback; None for one that nobody owns.
    """
    if at < now - TRANSIT:
        raise SlotError("time_in_past")
    if at > now + HORIZON + TRANSIT:
        raise SlotError("beyond_max_delay")
    if owned_ahead_s is not None and at > now + timedelta(seconds=owned_ahead_s) + TRANSIT:
        raise SlotError("owned_delay_exceeded")


def is_between(slot: Slot, *, first: time, last: time) -> bool:
    """Say whether the customer's clock then shows a time from the first to before the last."""
    return first <= slot.clock < last
