"""What a wall shows in every zone of the world, over the two years from now on.

The wall is asked minute by minute, from instants to what is shown. What is tested goes the other
way, and uses none of that.
"""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from callbacks.slots import SlotError, at_instant, at_wall_time, instants_of
from tests.clock_changes import MINUTE, different_zones, transitions

YEARS = {"since": datetime(2026, 11, 1, tzinfo=UTC), "until": datetime(2028, 11, 1, tzinfo=UTC)}
HOUR = timedelta(hours=1)
SAMPLE = (
    "Europe/Paris",
    "Australia/Lord_Howe",  # half an hour
    "America/Havana",  # at midnight
    "Africa/Casablanca",  # four times a year
    "Asia/Tokyo",  # never
    "Antarctica/Troll",  # two hours
)


def hold_around(zone: str, change: datetime) -> tuple[int, int]:
    """Compare every minute around a change; return how many are never shown, and twice."""
    place = ZoneInfo(zone)
    shown: dict[datetime, list[datetime]] = defaultdict(list)
    for number in range(-8 * 60, 8 * 60):
        at = change + number * MINUTE
        shown[at.astimezone(place).replace(tzinfo=None)].append(at)
    # The clocks are moved by three hours at most: further inside, the window has every showing.
    first, last = min(shown) + 4 * HOUR, max(shown) - 4 * HOUR
    never = twice = 0
    for number in range(int((last - first) / MINUTE)):
        face = first + number * MINUTE
        day, clock, expected = face.date(), face.time(), shown.get(face, [])
        assert list(instants_of(day, clock, zone=zone)) == expected, (zone, face)
        if not expected:
            never += 1
            with pytest.raises(SlotError, match="nonexistent_local_time"):
                at_wall_time(day, clock, zone=zone)
            continue
        slot = at_wall_time(day, clock, zone=zone)
        assert (slot.at, slot.is_ambiguous) == (expected[0], len(expected) > 1), (zone, face)
        twice += slot.is_ambiguous
    return never, twice


def hold_through_the_years(zone: str) -> None:
    """Go from instants to walls and back, every eleven hours: never the same of a day."""
    at = YEARS["since"]
    while at < YEARS["until"]:
        slot = at_instant(at, zone=zone)
        assert at in instants_of(slot.day, slot.clock, zone=zone), (zone, at)
        at += 11 * HOUR


@pytest.mark.parametrize("zone", SAMPLE)
def test_slots_follow_the_wall_of_a_zone(zone: str) -> None:
    hold_through_the_years(zone)
    for at, before, after in transitions(zone, **YEARS)[:3]:
        moved = int(abs(after - before) / MINUTE)
        assert hold_around(zone, at) == ((moved, 0) if after > before else (0, moved))


@pytest.mark.slow
def test_slots_follow_the_wall_of_every_zone_at_every_change() -> None:
    zones = different_zones(**YEARS)
    assert len(zones) > 20
    for changes, zone in zones.items():
        hold_through_the_years(zone)
        for at, _before, _after in changes:
            hold_around(zone, at)
