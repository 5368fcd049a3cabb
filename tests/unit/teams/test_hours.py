"""Hours: nights, several intervals a day, holidays, and clocks that change."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from teams.hours import (
    DayException,
    Hours,
    Interval,
    Why,
    add_open_seconds,
    explain,
    is_open,
    next_change,
    open_seconds_between,
    open_spans,
)

PARIS = "Europe/Paris"
MINUTE = timedelta(minutes=1)
ZONES = (PARIS, "Asia/Tokyo", "America/Havana", "Australia/Lord_Howe", "America/New_York")
HOUR_S = 3600
NEVER: tuple[tuple[Interval, ...], ...] = ((),) * 7


def paris(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(PARIS)).astimezone(UTC)


def make_hours(
    *intervals: tuple[str, str], days: range = range(5), exceptions: tuple[DayException, ...] = ()
) -> Hours:
    day = tuple(Interval(time.fromisoformat(a), time.fromisoformat(b)) for a, b in intervals)
    week = tuple(day if n in days else () for n in range(7))
    return Hours(PARIS, week, exceptions)


OFFICE = make_hours(("09:00", "12:00"), ("13:00", "17:00"))
ALWAYS = make_hours(("00:00", "00:00"), days=range(7))


class TestIsOpen:
    @pytest.mark.parametrize(
        ("at", "is_so"),
        [
            ("2026-11-23T08:59", False),
            ("2026-11-23T09:00", True),
            ("2026-11-23T12:00", False),
            ("2026-11-23T13:00", True),
            ("2026-11-23T17:00", False),
            ("2026-11-22T10:00", False),
        ],
    )
    def test_follows_the_intervals_of_the_day(self, at: str, *, is_so: bool) -> None:
        assert is_open(OFFICE, at=paris(at)) is is_so

    def test_goes_on_after_midnight(self) -> None:
        bar = make_hours(("20:00", "02:00"), days=range(4, 5))

        assert is_open(bar, at=paris("2026-11-28T01:59"))
        assert not is_open(bar, at=paris("2026-11-28T02:00"))

    def test_is_always_so_around_the_clock(self) -> None:
        assert is_open(ALWAYS, at=paris("2026-03-29T03:00"))
        assert next_change(ALWAYS, after=paris("2026-03-29T03:00")) is None


class TestAnException:
    HOLIDAY = DayException(date(2026, 11, 23), label="Founders’ day")

    def test_closes_its_date(self) -> None:
        hours = make_hours(("09:00", "17:00"), exceptions=(self.HOLIDAY,))

        why = explain(hours, at=paris("2026-11-23T10:00"))

        assert (why.is_open, why.why, why.label) == (False, Why.EXCEPTION, "Founders’ day")
        assert why.until == paris("2026-11-24T09:00")

    def test_gives_its_date_other_hours(self) -> None:
        short = DayException(date(2026, 11, 28), (Interval(time(10), time(14)),), "Open day")
        hours = make_hours(("09:00", "17:00"), exceptions=(short,))

        why = explain(hours, at=paris("2026-11-28T10:00"))

        assert (why.is_open, why.day, why.until) == (
            True,
            date(2026, 11, 28),
            paris("2026-11-28T14:00"),
        )

    def test_lets_the_night_before_end(self) -> None:
        hours = make_hours(("22:00", "06:00"), days=range(7), exceptions=(self.HOLIDAY,))

        assert is_open(hours, at=paris("2026-11-23T05:00"))
        assert not is_open(hours, at=paris("2026-11-23T23:00"))

    def test_comes_back_every_year_unless_the_year_says_otherwise(self) -> None:
        yearly = DayException(date(2020, 12, 25), label="Christmas", is_yearly=True)
        this_year = DayException(date(2026, 12, 25), (Interval(time(9), time(10)),))
        hours = make_hours(("09:00", "17:00"), exceptions=(yearly, this_year))

        assert not is_open(hours, at=paris("2025-12-25T09:30"))
        assert is_open(hours, at=paris("2026-12-25T09:30"))


class TestAddOpenSeconds:
    def test_leaves_out_what_is_closed(self) -> None:
        friday = paris("2026-11-20T16:55")

        due = add_open_seconds(OFFICE, start=friday, seconds=600)

        assert due == paris("2026-11-23T09:05")

    def test_is_nothing_where_it_never_opens(self) -> None:
        assert add_open_seconds(Hours(PARIS, NEVER), start=paris("2026-11-20"), seconds=60) is None

    def test_counts_both_hours_that_come_twice(self) -> None:
        start = paris("2026-10-25T00:00")

        assert add_open_seconds(ALWAYS, start=start, seconds=25 * HOUR_S) == paris("2026-10-26")

    def test_finds_a_year_of_it(self) -> None:
        weekly = make_hours(("09:00", "10:00"), days=range(1))

        due = add_open_seconds(weekly, start=paris("2026-01-05T09:00"), seconds=60 * HOUR_S)

        assert due == paris("2027-02-22T10:00")


class TestAnyHours:
    """Against the wall, minute by minute."""

    times = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 45]))
    intervals = st.lists(st.builds(Interval, times, times), max_size=3).map(tuple)
    calendars = st.builds(
        Hours,
        st.sampled_from(ZONES),
        st.tuples(*[intervals] * 7),
        st.lists(
            st.builds(
                DayException,
                st.dates(date(2026, 1, 1), date(2026, 12, 31)),
                intervals,
                is_yearly=st.booleans(),
            ),
            max_size=4,
        ).map(tuple),
    )
    instants = st.one_of(
        st.integers(0, 350 * 24 * 4).map(
            lambda n: datetime(2026, 1, 3, tzinfo=UTC) + n * 15 * MINUTE
        ),
        st.sampled_from(
            [
                datetime(2026, 3, 29, tzinfo=UTC),
                datetime(2026, 10, 25, tzinfo=UTC),
                datetime(2026, 3, 8, tzinfo=UTC),
                datetime(2026, 11, 1, tzinfo=UTC),
                datetime(2026, 4, 4, 12, tzinfo=UTC),
            ]
        ),
    )

    @settings(max_examples=60, deadline=None)
    @given(calendars, instants)
    def test_are_the_same_by_spans_and_by_the_minute(self, hours: Hours, since: datetime) -> None:
        until = since + timedelta(days=3)
        spans = open_spans(hours, since=since, until=until)
        open_quarters = 0

        for n in range(0, 3 * 24 * 60, 15):
            at = since + n * MINUTE
            assert is_open(hours, at=at) == any(start <= at < end for start, end in spans)
            open_quarters += is_open(hours, at=at)

        total = open_seconds_between(hours, since=since, until=until)
        assert total == open_quarters * 15 * 60

    @settings(max_examples=60, deadline=None)
    @given(calendars, instants, st.integers(0, 40 * 24), st.integers(0, 40 * 24))
    def test_add_up(self, hours: Hours, start: datetime, first: int, second: int) -> None:
        middle, end = start + first * 15 * MINUTE, start + (first + second) * 15 * MINUTE

        parts = [
            open_seconds_between(hours, since=start, until=middle),
            open_seconds_between(hours, since=middle, until=end),
        ]

        whole = open_seconds_between(hours, since=start, until=end)
        closed = open_seconds_between(_closed(hours, start, end), since=start, until=end)
        assert sum(parts) == whole
        assert whole + closed == (end - start).total_seconds()

    @settings(max_examples=100, deadline=None)
    @given(calendars, instants, st.integers(1, 7 * 24 * 60))
    def test_add_what_they_count(self, hours: Hours, start: datetime, minutes: int) -> None:
        due = add_open_seconds(hours, start=start, seconds=minutes * 60)

        if due is None:
            later = start + timedelta(days=370)
            assert open_seconds_between(hours, since=start, until=later) < minutes * 60
        else:
            assert open_seconds_between(hours, since=start, until=due) == minutes * 60
            assert is_open(hours, at=due - timedelta(seconds=1))

    @settings(max_examples=100, deadline=None)
    @given(calendars, instants)
    def test_change_next_where_the_spans_say(self, hours: Hours, after: datetime) -> None:
        until = after + timedelta(days=30)
        edges = [edge for s in open_spans(hours, since=after, until=until) for edge in s]
        later = [edge for edge in edges if after < edge < until]
        found = next_change(hours, after=after)

        assert found == later[0] if later else found is None or found >= until


def _closed(hours: Hours, since: datetime, until: datetime) -> Hours:
    """Return a calendar in UTC that is open exactly where the other one is closed."""
    spans = open_spans(hours, since=since, until=until)
    edges = [since, *(edge for span in spans for edge in span), until]
    by_day: dict[date, list[Interval]] = {}
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        while start < end:
            midnight = datetime.combine(start.date() + timedelta(days=1), time(0), tzinfo=UTC)
            stop = min(end, midnight)
            by_day.setdefault(start.date(), []).append(Interval(start.time(), stop.time()))
            start = stop
    exceptions = tuple(DayException(day, tuple(found)) for day, found in by_day.items())
    return Hours("UTC", NEVER, exceptions)
