"""Shifts: `[start, end)` on walls where clocks are put forward and back."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from teams.shifts import (
    ShiftSpec,
    is_on_shift,
    next_change,
    next_start,
    off,
    single,
    spans,
    weekly,
)
from teams.wall_clocks import begins_at, ends_at

PARIS, TOKYO = "Europe/Paris", "Asia/Tokyo"
MINUTE = timedelta(minutes=1)
#: Zones that change at midnight, by half an hour, at night, and not at all.
ZONES = (PARIS, TOKYO, "America/Havana", "Australia/Lord_Howe", "America/New_York")


def paris(text: str, *, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(PARIS), fold=fold).astimezone(UTC)


class TestAShift:
    NINE_TO_FIVE = weekly(0, time(9), time(17), zone=PARIS)

    @pytest.mark.parametrize(
        ("at", "is_on"),
        [
            ("2026-11-23T08:59", False),
            ("2026-11-23T09:00", True),
            ("2026-11-23T16:59", True),
            ("2026-11-23T17:00", False),
            ("2026-11-24T10:00", False),
        ],
    )
    def test_begins_with_its_start_and_ends_before_its_end(self, at: str, *, is_on: bool) -> None:
        assert is_on_shift([self.NINE_TO_FIVE], at=paris(at)) is is_on

    def test_goes_on_over_midnight(self) -> None:
        night = weekly(0, time(22), time(6), zone=PARIS)

        assert is_on_shift([night], at=paris("2026-11-24T05:59"))
        assert not is_on_shift([night], at=paris("2026-11-24T06:00"))

    def test_may_end_at_twenty_four_hours(self) -> None:
        evening = weekly(0, time(18), time(0), zone=PARIS)

        assert spans(
            [evening], since=paris("2026-11-23T00:00"), until=paris("2026-11-25T00:00")
        ) == [(paris("2026-11-23T18:00"), paris("2026-11-24T00:00"))]

    def test_is_one_on_its_date_even_on_a_day_off(self) -> None:
        plan = [
            self.NINE_TO_FIVE,
            off(date(2026, 11, 23), date(2026, 11, 23), zone=PARIS),
            single(date(2026, 11, 23), time(10), time(12), zone=PARIS),
        ]

        assert not is_on_shift(plan, at=paris("2026-11-23T09:30"))
        assert is_on_shift(plan, at=paris("2026-11-23T10:30"))

    def test_holds_within_its_dates_only(self) -> None:
        zone = {"zone": PARIS, "kind": self.NINE_TO_FIVE.kind}
        spring = ShiftSpec(
            start=time(9),
            end=time(17),
            weekday=0,
            valid_from=date(2026, 3, 1),
            valid_until=date(2026, 5, 31),
            **zone,  # type: ignore[arg-type]
        )

        assert next_start([spring], after=paris("2026-01-01T00:00")) == paris("2026-03-02T09:00")
        assert next_start([spring], after=paris("2026-05-25T09:00")) is None

    def test_runs_on_into_a_day_off(self) -> None:
        plan = [
            weekly(0, time(22), time(6), zone=PARIS),
            off(date(2026, 11, 24), date(2026, 11, 24), zone=PARIS),
        ]

        assert is_on_shift(plan, at=paris("2026-11-24T03:00"))


class TestAClockThatChanges:
    def test_moves_a_start_that_does_not_exist_to_the_first_instant_that_does(self) -> None:
        night = single(date(2026, 3, 29), time(2, 30), time(8), zone=PARIS)

        assert next_start([night], after=paris("2026-03-28T00:00")) == paris("2026-03-29T03:00")

    def test_begins_with_the_first_of_two_and_ends_with_the_second(self) -> None:
        start = begins_at(date(2026, 10, 25), time(2, 30), zone=PARIS)
        end = ends_at(date(2026, 10, 25), time(2, 30), zone=PARIS)

        assert end - start == timedelta(hours=1)

    def test_makes_a_shift_nothing_that_lies_in_the_hour_left_out(self) -> None:
        lost = single(date(2026, 3, 29), time(2, 10), time(2, 50), zone=PARIS)

        assert next_start([lost], after=paris("2026-03-01T00:00")) is None

    def test_can_leave_out_a_whole_day(self) -> None:
        never = single(date(2011, 12, 30), time(9), time(17), zone="Pacific/Apia")

        assert next_start([never], after=datetime(2011, 1, 1, tzinfo=UTC)) is None


class TestNextChange:
    def test_passes_over_the_seam_of_two_shifts(self) -> None:
        plan = [
            weekly(0, time(9), time(13), zone=PARIS),
            weekly(0, time(13), time(17), zone=PARIS),
        ]

        assert next_change(plan, after=paris("2026-11-23T09:00")) == paris("2026-11-23T17:00")
        assert next_start(plan, after=paris("2026-11-23T09:00")) == paris("2026-11-23T13:00")

    def test_is_none_for_somebody_who_is_always_there(self) -> None:
        plan = [weekly(day, time(0), time(0), zone=PARIS) for day in range(7)]

        assert next_change(plan, after=paris("2026-11-23T09:00")) is None


class TestAnyPlan:
    """Against the wall, minute by minute."""

    times = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 45]))
    zones = st.sampled_from(ZONES)
    dates = st.dates(date(2026, 1, 1), date(2026, 12, 31))
    plans = st.lists(
        st.one_of(
            st.builds(weekly, st.integers(0, 6), times, times, zone=zones),
            st.builds(single, dates, times, times, zone=zones),
            st.builds(
                lambda day, more, zone: off(day, day + timedelta(days=more), zone=zone),
                dates,
                st.integers(0, 20),
                zones,
            ),
        ),
        max_size=6,
    )
    instants = st.integers(0, 350 * 24 * 60).map(
        lambda minutes: datetime(2026, 1, 3, tzinfo=UTC) + minutes * MINUTE
    )

    @settings(max_examples=60, deadline=None)
    @given(plans, instants)
    def test_is_the_same_by_spans_and_by_the_minute(
        self, plan: list[ShiftSpec], since: datetime
    ) -> None:
        until = since + timedelta(days=3)
        on = spans(plan, since=since, until=until)

        for n in range(0, 3 * 24 * 60, 15):
            at = since + n * MINUTE
            assert is_on_shift(plan, at=at) == any(start <= at < end for start, end in on)

    @settings(max_examples=100, deadline=None)
    @given(plans, instants)
    def test_changes_next_where_the_spans_say(self, plan: list[ShiftSpec], after: datetime) -> None:
        until = after + timedelta(days=60)
        edges = [edge for span in spans(plan, since=after, until=until) for edge in span]
        later = [edge for edge in edges if after < edge < until]
        found = next_change(plan, after=after)

        assert found == later[0] if later else found is None or found >= until

    @settings(max_examples=100, deadline=None)
    @given(plans, instants)
    def test_is_on_when_a_shift_begins(self, plan: list[ShiftSpec], after: datetime) -> None:
        start = next_start(plan, after=after)

        assert start is None or (start > after and is_on_shift(plan, at=start))

    @given(st.dates(date(2026, 1, 1), date(2026, 12, 31)), times, zones)
    def test_never_ends_a_time_before_it_begins_it(self, day: date, clock: time, zone: str) -> None:
        begins, ends = begins_at(day, clock, zone=zone), ends_at(day, clock, zone=zone)
        local = begins.astimezone(ZoneInfo(zone))

        assert begins <= ends
        assert (local.date(), local.time()) >= (day, clock)
