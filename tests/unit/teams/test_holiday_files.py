"""Holidays from calendar files: what is one, and what a hostile file may not do."""

import time as clock
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from teams.holiday_files import (
    MAX_BYTES,
    MAX_EVENTS,
    Holiday,
    HolidayFile,
    HolidayFileError,
    read_holidays,
)

FIRST, LAST = date(2026, 11, 18), date(2027, 12, 31)


def event(*lines: str, name: str = "Founders’ day") -> str:
    return "\r\n".join(["BEGIN:VEVENT", f"SUMMARY:{name}", *lines, "END:VEVENT"])


def calendar(*events: str) -> bytes:
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *events, "END:VCALENDAR", ""]).encode()


def read(raw: bytes, *, zone: str = "Asia/Tokyo") -> HolidayFile:
    return read_holidays(raw, zone=zone, first=FIRST, last=LAST)


def days(*lines: str) -> list[tuple[str, bool]]:
    found = read(calendar(event(*lines)))
    assert found.refused == ()
    return [(str(holiday.day), holiday.is_yearly) for holiday in found.holidays]


class TestAHoliday:
    @pytest.mark.parametrize(
        ("lines", "expected"),
        [
            (["DTSTART;VALUE=DATE:20261225"], ["2026-12-25"]),
            (["DTSTART;VALUE=DATE:20261225", "DTEND;VALUE=DATE:20261226"], ["2026-12-25"]),
            (
                ["DTSTART;VALUE=DATE:20261230", "DTEND;VALUE=DATE:20270102"],
                ["2026-12-30", "2026-12-31", "2027-01-01"],
            ),
            (["DTSTART;VALUE=DATE:20261225", "DURATION:P2D"], ["2026-12-25", "2026-12-26"]),
            (["DTSTART:20261225T000000", "DTEND:20261226T000000"], ["2026-12-25"]),
            (["DTSTART;TZID=Europe/Paris:20261225T000000"], ["2026-12-25"]),
            (["DTSTART:20261224T150000Z", "DTEND:20261225T150000Z"], ["2026-12-25"]),
            (["DTSTART;VALUE=DATE:20251225"], []),  # over
            (["DTSTART;VALUE=DATE:20281225"], []),  # too far ahead
            (["DTSTART;VALUE=DATE:20261225", "STATUS:CANCELLED"], []),
        ],
    )
    def test_is_whole_days(self, lines: list[str], expected: list[str]) -> None:
        assert [day for day, _yearly in days(*lines)] == expected

    @pytest.mark.parametrize(
        ("rule", "expected"),
        [
            ("FREQ=YEARLY", [("2020-12-25", True)]),
            ("FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25", [("2020-12-25", True)]),
            ("FREQ=YEARLY;COUNT=7", [("2026-12-25", False)]),
            ("FREQ=YEARLY;UNTIL=20271226", [("2026-12-25", False), ("2027-12-25", False)]),
            ("FREQ=YEARLY;INTERVAL=7", [("2027-12-25", False)]),
            ("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", [("2026-11-26", False), ("2027-11-25", False)]),
            ("FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO", [("2027-05-31", False)]),
        ],
    )
    def test_comes_back_every_year(self, rule: str, expected: list[tuple[str, bool]]) -> None:
        assert days("DTSTART;VALUE=DATE:20201225", f"RRULE:{rule}") == expected

    def test_has_a_name_on_one_line(self) -> None:
        raw = calendar(event("DTSTART;VALUE=DATE:20261225", name="A\\nB\\, C" + "x" * 500))

        (holiday,) = read(raw).holidays

        assert holiday.name.startswith("A B, Cx")
        assert len(holiday.name) == 120

    def test_that_is_there_twice_is_one(self) -> None:
        raw = calendar(*[event("DTSTART;VALUE=DATE:20261225")] * 2)

        assert read(raw).holidays == (Holiday(date(2026, 12, 25), "Founders’ day"),)

    def test_is_read_whatever_else_is_in_the_file(self) -> None:
        alarm = "BEGIN:VALARM\r\nTRIGGER:-PT1H\r\nDTSTART:bogus\r\nEND:VALARM"
        zone = "BEGIN:VTIMEZONE\r\nTZID:Mars\r\nRRULE:FREQ=SECONDLY\r\nEND:VTIMEZONE"
        todo = "BEGIN:VTODO\r\nDTSTART;VALUE=DATE:20261224\r\nEND:VTODO"
        raw = calendar(zone, todo, event("DTSTART;VALUE=DATE:20261225", alarm))

        assert [str(holiday.day) for holiday in read(raw).holidays] == ["2026-12-25"]

    def test_may_be_folded_and_begin_with_a_mark(self) -> None:
        raw = calendar(event("DTSTART;VALUE=DA\r\n TE:2026\r\n\t1225"))

        assert len(read(b"\xef\xbb\xbf" + raw).holidays) == 1


class TestAnEventThatIsNone:
    @pytest.mark.parametrize(
        ("lines", "code"),
        [
            ([], "no_date"),
            (["DTSTART:tomorrow"], "no_date unreadable"),
            (["DTSTART;VALUE=DATE:20261332"], "no_date unreadable"),
            (["DTSTART:20261225T090000"], "not_whole_days"),
            (["DTSTART:20261225T000000Z"], "not_whole_days"),
            (["DTSTART;TZID=Mars/Olympus:20261225T000000"], "unknown_zone"),
            (["DTSTART;VALUE=DATE:20261225", "DURATION:PT90M"], "not_whole_days"),
            (["DTSTART;VALUE=DATE:20261225", "DTEND;VALUE=DATE:20270225"], "too_long"),
            (["DTSTART;VALUE=DATE:20261225", "RRULE:FREQ=DAILY"], "endless"),
            (["DTSTART;VALUE=DATE:20261225", "RRULE:FREQ=SECONDLY"], "endless"),
            (["DTSTART;VALUE=DATE:20261225", "RRULE:FREQ=DAILY;COUNT=9"], "repeats_otherwise"),
            (
                ["DTSTART;VALUE=DATE:20261225", "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"],
                "repeats_otherwise",
            ),
            (["DTSTART;VALUE=DATE:20261225", "RRULE:FREQ=YEARLY;BYYEARDAY=1"], "repeats_otherwise"),
            (["DTSTART;VALUE=DATE:20261225", "RRULE:FREQ=YEARLY;INTERVAL=0"], "unreadable"),
            (["DTSTART;VALUE=DATE:20261225", "EXDATE;VALUE=DATE:20271225"], "repeats_otherwise"),
        ],
    )
    def test_is_left_out_with_its_reason(self, lines: list[str], code: str) -> None:
        found = read(calendar(event(*lines), event("DTSTART;VALUE=DATE:20261231", name="Kept")))

        assert [holiday.name for holiday in found.holidays] == ["Kept"]
        assert [refused.code in code.split() for refused in found.refused] == [True]


class TestAHostileFile:
    @pytest.mark.parametrize(
        ("raw", "code"),
        [
            (b"", "not_a_calendar"),
            (b"PK\x03\x04\x00", "not_text"),
            (b"\x1f\x8b\x08" + b"\xff" * 50, "not_text"),
            (b"<html></html>", "not_a_calendar"),
            ("BEGIN:VCALENDAR".encode("utf-16"), "not_text"),
            (b"BEGIN:VCALENDAR", "broken"),
            (b"BEGIN:VCALENDAR\nEND:VEVENT", "broken"),
            (b"BEGIN:VCALENDAR\n" + b"BEGIN:VEVENT\n" * 5000, "too_deep"),
            (b"x" * (MAX_BYTES + 1), "too_large"),
            (calendar(*["BEGIN:VEVENT\r\nEND:VEVENT"] * (MAX_EVENTS + 1)), "too_many"),
        ],
    )
    def test_is_refused_as_a_whole(self, raw: bytes, code: str) -> None:
        with pytest.raises(HolidayFileError) as refusal:
            read(raw)

        assert refusal.value.code == code

    @pytest.mark.parametrize(
        "lines",
        [
            ["DTSTART;VALUE=DATE:00010101", "RRULE:FREQ=YEARLY;COUNT=999999999"],
            ["DTSTART;VALUE=DATE:20260101", "RRULE:FREQ=YEARLY;BYMONTH=2;BYDAY=5MO;COUNT=99999999"],
            ["DTSTART;VALUE=DATE:20260101", "RRULE:" + "FREQ=YEARLY;" * 10_000],
            ["DTSTART;VALUE=DATE:20260101", "DURATION:P99999999999999999999D"],
            ["DTSTART" + ";X=y" * 100_000 + ":20260101"],
        ],
    )
    def test_takes_no_longer_than_another(self, lines: list[str]) -> None:
        began = clock.monotonic()

        read(calendar(event(*lines)))

        assert clock.monotonic() - began < 2

    @settings(max_examples=200, deadline=None)
    @given(st.lists(st.text(max_size=60), max_size=8), st.binary(max_size=200))
    def test_raises_nothing_else(self, lines: list[str], raw: bytes) -> None:
        for file in (raw, calendar(event(*lines)), calendar(*lines)):
            try:
                found = read(file)
            except HolidayFileError:
                continue
            assert all(FIRST <= holiday.day <= LAST for holiday in found.holidays)
