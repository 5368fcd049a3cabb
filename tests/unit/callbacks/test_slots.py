"""What a clock on a wall means."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from callbacks.slots import (
    HORIZON,
    TRANSIT,
    Slot,
    SlotError,
    after_gap,
    at_instant,
    at_wall_time,
    check_ahead,
    instants_of,
    is_between,
    is_zone,
    usual_slot,
)
from tests.moments import WEDNESDAY_MORNING as NOW

TICK = timedelta(microseconds=1)


def wall(day: str, clock: str, zone: str) -> Slot:
    return at_wall_time(date.fromisoformat(day), time.fromisoformat(clock), zone=zone)


class TestTimeOnAWall:
    def test_is_the_instant_in_its_zone(self) -> None:
        slot = wall("2026-11-19", "15:30", "Asia/Tokyo")
        assert slot.at == datetime(2026, 11, 19, 6, 30, tzinfo=UTC)
        assert (slot.day, slot.clock, slot.zone) == (date(2026, 11, 19), time(15, 30), "Asia/Tokyo")
        assert not slot.is_ambiguous

    @pytest.mark.parametrize(
        ("day", "clock", "zone"),
        [
            ("2026-03-29", "02:30", "Europe/Berlin"),
            ("2026-03-29", "02:00", "Europe/Berlin"),
            ("2026-09-06", "00:30", "America/Santiago"),  # at midnight
            ("2026-10-04", "02:15", "Australia/Lord_Howe"),  # half an hour
            ("2011-12-30", "12:00", "Pacific/Apia"),  # a whole day
        ],
    )
    def test_that_the_clocks_jump_over_is_refused(self, day: str, clock: str, zone: str) -> None:
        with pytest.raises(SlotError) as refusal:
            wall(day, clock, zone)
        assert refusal.value.code == "nonexistent_local_time"

    @pytest.mark.parametrize(
        ("day", "clock", "zone", "at"),
        [
            ("2026-10-25", "02:30", "Europe/Berlin", "2026-10-25T00:30:00Z"),
            ("2026-10-25", "02:00", "Europe/Berlin", "2026-10-25T00:00:00Z"),
            ("2026-04-05", "01:45", "Australia/Lord_Howe", "2026-04-04T14:45:00Z"),
        ],
    )
    def test_that_is_shown_twice_is_the_earlier_one_and_says_so(
        self, day: str, clock: str, zone: str, at: str
    ) -> None:
        slot = wall(day, clock, zone)
        assert slot.at == datetime.fromisoformat(at)
        assert slot.is_ambiguous

    @pytest.mark.parametrize(
        ("clock", "at"), [("03:00", "2026-03-29T01:00:00Z"), ("01:59", "2026-03-29T00:59:00Z")]
    )
    def test_beside_a_jump_is_fine(self, clock: str, at: str) -> None:
        assert wall("2026-03-29", clock, "Europe/Berlin").at == datetime.fromisoformat(at)

    @pytest.mark.parametrize("zone", ["", "europe/berlin", "Mars/Olympus", "Factory", "localtime"])
    def test_in_no_zone_is_refused(self, zone: str) -> None:
        with pytest.raises(SlotError) as refusal:
            wall("2026-11-19", "10:00", zone)
        assert refusal.value.code == "unknown_zone"
        assert not is_zone(zone)

    @pytest.mark.parametrize(
        ("day", "zone", "code"),
        [
            ("0001-01-01", "Asia/Tokyo", "time_in_past"),
            ("9999-12-31", "Pacific/Pago_Pago", "beyond_max_delay"),
        ],
    )
    def test_at_the_end_of_the_calendar_is_refused(self, day: str, zone: str, code: str) -> None:
        with pytest.raises(SlotError) as refusal:
            wall(day, "23:59" if day.startswith("9") else "00:00", zone)
        assert refusal.value.code == code


class TestInstants:
    def test_are_both_where_the_clocks_show_it_twice(self) -> None:
        first, second = instants_of(date(2026, 10, 25), time(2, 30), zone="Europe/Berlin")
        assert second - first == timedelta(hours=1)

    def test_are_none_in_a_gap(self) -> None:
        assert instants_of(date(2026, 3, 29), time(2, 30), zone="Europe/Berlin") == ()

    def test_behind_a_gap_come_as_much_later_as_the_clocks_jump(self) -> None:
        at = after_gap(date(2026, 3, 29), time(2, 30), zone="Europe/Berlin")
        assert at_instant(at, zone="Europe/Berlin").clock == time(3, 30)


class TestInstant:
    def test_is_what_the_clock_shows_then(self) -> None:
        at = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)
        assert at_instant(at, zone="Asia/Tokyo") == Slot(
            date(2027, 1, 1), time(8, 59, 59), "Asia/Tokyo", at
        )


class TestUsualTime:
    def test_is_in_half_an_hour_to_the_full_minute(self) -> None:
        now = datetime(2026, 11, 18, 9, 0, 42, 7, tzinfo=UTC)
        slot = usual_slot(zone="Asia/Tokyo", now=now)
        assert (slot.day, slot.clock) == (date(2026, 11, 18), time(18, 30))
        assert slot.at == datetime(2026, 11, 18, 9, 30, tzinfo=UTC)

    def test_late_in_the_evening_is_tomorrow(self) -> None:
        now = datetime(2026, 11, 18, 14, 45, tzinfo=UTC)
        slot = usual_slot(zone="Asia/Tokyo", now=now)
        assert (slot.day, slot.clock) == (date(2026, 11, 19), time(0, 15))


class TestPromise:
    @pytest.mark.parametrize(
        ("at", "code"),
        [
            (NOW - TRANSIT, ""),
            (NOW - TRANSIT - TICK, "time_in_past"),
            (NOW + HORIZON, ""),
            (NOW + HORIZON + TRANSIT, ""),
            (NOW + HORIZON + TRANSIT + TICK, "beyond_max_delay"),
        ],
    )
    def test_reaches_thirty_days_and_a_minute_of_transit(self, at: datetime, code: str) -> None:
        assert refusal_of(at) == code

    @pytest.mark.parametrize("hours", [1, 24, 720])
    def test_of_an_owner_reaches_as_far_as_the_team_lets_it(self, hours: int) -> None:
        ahead_s = hours * 3600
        last = NOW + timedelta(seconds=ahead_s) + TRANSIT
        assert refusal_of(last, owned_ahead_s=ahead_s) == ""
        late = refusal_of(last + TICK, owned_ahead_s=ahead_s)
        assert late == ("beyond_max_delay" if hours == 720 else "owned_delay_exceeded")

    def test_never_reaches_further_because_somebody_owns_it(self) -> None:
        late = NOW + HORIZON + timedelta(hours=1)
        assert refusal_of(late, owned_ahead_s=10**9) == "beyond_max_delay"


def refusal_of(at: datetime, *, owned_ahead_s: int | None = None) -> str:
    try:
        check_ahead(at, owned_ahead_s=owned_ahead_s, now=NOW)
    except SlotError as error:
        return error.code
    return ""


class TestQuietHours:
    @pytest.mark.parametrize("clock", ["08:00", "20:59"])
    def test_leave_the_time_in_between(self, clock: str) -> None:
        assert is_between(wall("2026-11-19", clock, "Asia/Tokyo"), first=time(8), last=time(21))

    @pytest.mark.parametrize("clock", ["07:59", "21:00"])
    def test_go_by_the_customers_clock(self, clock: str) -> None:
        slot = wall("2026-11-19", clock, "Asia/Tokyo")
        assert not is_between(slot, first=time(8), last=time(21))
