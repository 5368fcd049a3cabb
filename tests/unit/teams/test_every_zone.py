"""Hours in every zone of the world, at every change of its clocks from 2024 to 2030.

The wall is asked minute by minute: an interval of a date runs from the first minute that shows one
of its times, to the last. That is worked out here without any of the code that is tested.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from teams.hours import Hours, Interval, is_open, open_seconds_between, open_spans
from tests.clock_changes import different_zones, transitions

YEARS = {"since": datetime(2024, 1, 1, tzinfo=UTC), "until": datetime(2031, 1, 1, tzinfo=UTC)}
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
INTERVALS = (
    ("00:00", "01:30"),
    ("01:30", "02:30"),
    ("02:30", "03:30"),
    ("09:00", "17:00"),
    ("22:00", "02:15"),
    ("23:45", "00:00"),
    ("00:00", "00:00"),
)
SAMPLE = (
    "Europe/Paris",
    "America/New_York",
    "Australia/Lord_Howe",  # half an hour
    "America/Havana",  # at midnight
    "Africa/Casablanca",  # four times a year
    "Asia/Tokyo",  # never
    "Pacific/Apia",
    "Antarctica/Troll",  # two hours
)


def stretches_by_the_minute(
    interval: Interval, minutes: list[datetime], walls: list[datetime]
) -> Iterator[tuple[datetime, datetime]]:
    first, last = min(walls).date() - DAY, max(walls).date()
    for number in range((last - first).days + 1):
        day: date = first + number * DAY
        opens = datetime.combine(day, interval.start)
        closes = datetime.combine(day, interval.end)
        closes += timedelta() if interval.start < interval.end else DAY
        shown = [n for n, wall in enumerate(walls) if opens <= wall < closes]
        if shown:
            yield minutes[shown[0]], minutes[shown[-1]] + MINUTE


def hold_against_the_wall(zone: str, at: datetime) -> None:
    """Compare a few days around an instant, one interval after the other, for every minute."""
    since, until = at - timedelta(hours=14), at + timedelta(hours=14)
    place = ZoneInfo(zone)
    minutes = [at - DAY + n * MINUTE for n in range(int(2 * DAY / MINUTE))]
    walls = [minute.astimezone(place).replace(tzinfo=None) for minute in minutes]
    for start, end in INTERVALS:
        interval = Interval(time.fromisoformat(start), time.fromisoformat(end))
        hours = Hours(zone, ((interval,),) * 7)
        expected: list[tuple[datetime, datetime]] = []
        for opens, closes in sorted(stretches_by_the_minute(interval, minutes, walls)):
            if expected and opens <= expected[-1][1]:
                opens, closes = expected[-1][0], max(closes, expected.pop()[1])
            expected.append((opens, closes))
        expected = [(max(a, since), min(b, until)) for a, b in expected if a < until and b > since]
        assert open_spans(hours, since=since, until=until) == expected, (zone, at, start, end)
        is_so = any(opens <= at < closes for opens, closes in expected)
        assert is_open(hours, at=at) == is_so
        open_s = open_seconds_between(hours, since=since, until=until)
        edges = [since, *(edge for stretch in expected for edge in stretch), until]
        closed_s = sum(
            (b - a).total_seconds() for a, b in zip(edges[::2], edges[1::2], strict=True)
        )
        assert open_s + closed_s == (until - since).total_seconds()


@pytest.mark.parametrize("zone", SAMPLE)
def test_hours_follow_the_wall_of_a_zone(zone: str) -> None:
    changes = transitions(zone, **YEARS)
    for at, _before, _after in changes[:4] or [(datetime(2026, 3, 29, tzinfo=UTC),) * 3]:
        hold_against_the_wall(zone, at)


@pytest.mark.slow
def test_hours_follow_the_wall_of_every_zone_at_every_change() -> None:
    zones = different_zones(**YEARS)
    assert len(zones) > 30
    for changes, zone in zones.items():
        for at, _before, _after in changes:
            hold_against_the_wall(zone, at)
