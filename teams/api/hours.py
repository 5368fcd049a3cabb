"""Calendars of business hours."""

from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from teams.api.bodies import Body, Parameters
from teams.api.clocks import WEEKDAYS, ClockTime, Day, EndTime, WeekdayName
from teams.api.endpoints import Endpoint
from teams.api.fields import Flag, Instant, PublicId, Text, TimeZone
from teams.api.once import once
from teams.api.operations import describe
from teams.api.problems import FieldProblem
from teams.api.references import pick
from teams.hours import (
    DayException,
    Hours,
    Interval,
    explain,
    next_closing,
    next_opening,
)
from teams.loaders import DAYS_A_WEEK, load_hours
from teams.models import BusinessHours, HoursException, HoursInterval
from teams.permissions import Right
from teams.scopes import Scope
from teams.services import hours
from teams.services.hours import MOST_A_DAY, MOST_EXCEPTIONS
from teams.services.shifts import FIRST_DATE, LAST_DATE

BOTH_TIMES = ("both_times", _("Give both start and end, or neither for a day that is closed."))
OPEN_AND_CLOSED = ("open_and_closed", _("A date is either closed or has times: not both."))
OFFICE = [
    {"weekday": "monday", "start": "09:00", "end": "17:00"},
    {"weekday": "friday", "start": "09:00", "end": "24:00"},
]


class IntervalBody(Body):
    """Open from `start` to `end`; an end that is not later is on the next day."""

    weekday = WeekdayName()
    start = ClockTime()
    end = EndTime()


class ExceptionBody(Body):
    """A date unlike its weekday. Without times it is closed; several rows are several times."""

    date = Day()
    label = Text(required=False, allow_blank=True, max_length=120)  # type: ignore[assignment]
    is_yearly = Flag(default=False)
    is_holiday = Flag(default=False)
    start = ClockTime(required=False, allow_null=True)
    end = EndTime(required=False, allow_null=True)


class HoursChanges(Body):
    name = Text(required=False, max_length=120)
    time_zone = TimeZone(required=False, max_length=64)
    intervals = IntervalBody(  # type: ignore[call-arg]
        many=True, required=False, max_length=DAYS_A_WEEK * MOST_A_DAY
    )
    exceptions = ExceptionBody(  # type: ignore[call-arg]
        many=True, required=False, max_length=MOST_EXCEPTIONS
    )


class NewHours(HoursChanges):
    code = serializers.RegexField(
        r"\A[A-Za-z0-9][A-Za-z0-9._-]*\Z", max_length=64, trim_whitespace=False
    )
    name = Text(max_length=120)


class IntervalOut(serializers.Serializer[HoursInterval]):
    weekday = serializers.SerializerMethodField()
    start = ClockTime()
    end = EndTime()

    def get_weekday(self, interval: HoursInterval) -> str:
        return WEEKDAYS[interval.weekday]


class ExceptionOut(serializers.Serializer[HoursException]):
    date = Day()
    label = Text()  # type: ignore[assignment]
    is_yearly = Flag()
    is_holiday = Flag()
    start = ClockTime(allow_null=True)
    end = EndTime(allow_null=True)


class HoursOut(serializers.Serializer[Any]):
    """A calendar, and whether it is open there now."""

    id = PublicId(source="public_id")
    code = Text()
    name = Text()
    time_zone = Text()
    is_open = Flag()
    changes_at = Instant(allow_null=True)
    intervals = IntervalOut(source="intervals.all", many=True)
    exceptions = ExceptionOut(source="exceptions.all", many=True)


class InstantParameters(Parameters):
    """`instant` is ISO 8601 with an offset; without it, now."""

    instant = Instant(required=False)

    def validate_instant(self, at: datetime) -> datetime:
        if not FIRST_DATE <= at.date() <= LAST_DATE:
            raise serializers.ValidationError(_("Enter dates from the years 2000 to 2199."))
        return at


class IntervalPart(serializers.Serializer[Interval]):
    start = ClockTime()
    end = EndTime()


class OpeningOut(serializers.Serializer[Any]):
    """Whether a calendar is open at an instant, and why.

    `why`: `interval`, `outside_intervals`, `closed_all_day`, `holiday` or `exception`. `date` is
    the day on the calendar's wall whose rows decide, `label` the name of its holiday or exception.
    `since`, `until` and the next changes are null where there are none within a year.
    """

    instant = Instant()
    time_zone = Text()
    is_open = Flag()
    why = Text()
    date = Day()
    label = Text()  # type: ignore[assignment]
    interval = IntervalPart(allow_null=True)
    since = Instant(allow_null=True)
    until = Instant(allow_null=True)
    next_opening = Instant(allow_null=True)
    next_closing = Instant(allow_null=True)


class CalendarsEndpoint(Endpoint):
    scopes = {"POST": Scope.TEAMS}
    rights = {"POST": Right.EDIT_TEAMS}
    orderings = {"id": ("pk",), "-id": ("-pk",)}

    @describe("listBusinessHours", "List calendars", page_of=HoursOut)
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(_calendars()) or []
        return self.get_paginated_response([_show(calendar) for calendar in page])

    @describe(
        "createBusinessHours",
        "Make a calendar",
        body=NewHours,
        answer=HoursOut,
        status=status.HTTP_201_CREATED,
        examples={
            "an office": {
                "code": "tokyo",
                "name": "Tokyo office",
                "time_zone": "Asia/Tokyo",
                "intervals": OFFICE,
                "exceptions": [{"date": "2026-01-01", "label": "New Year", "is_yearly": True}],
            }
        },
    )
    @once
    def post(self, request: Request) -> Response:
        calendar = hours.create(**_read(self.read_body(NewHours)))
        return Response(_show(calendar), status=status.HTTP_201_CREATED)


class CalendarEndpoint(Endpoint):
    scopes = {"PATCH": Scope.TEAMS, "DELETE": Scope.TEAMS}
    rights = {"PATCH": Right.EDIT_TEAMS, "DELETE": Right.EDIT_TEAMS}

    @describe("getBusinessHours", "Read one calendar", answer=HoursOut)
    def get(self, request: Request, reference: str) -> Response:
        return Response(_show(pick(_calendars(), reference)))

    @describe(
        "updateBusinessHours",
        "Change a calendar",
        body=HoursChanges,
        answer=HoursOut,
        examples={"other hours": {"intervals": OFFICE}},
    )
    @once
    def patch(self, request: Request, reference: str) -> Response:
        """Change it. `intervals` and `exceptions` replace all that there are."""
        calendar = pick(BusinessHours.objects.all(), reference)
        calendar = hours.update(calendar, **_read(self.read_body(HoursChanges)))
        return Response(_show(calendar))

    @describe("deleteBusinessHours", "Delete a calendar", status=204, refusals=(422,))
    def delete(self, request: Request, reference: str) -> Response:
        """Delete a calendar that no team goes by."""
        hours.delete(pick(BusinessHours.objects.all(), reference))
        return Response(status=status.HTTP_204_NO_CONTENT)


class OpeningEndpoint(Endpoint):
    parameters = InstantParameters

    @describe("explainBusinessHours", "Say whether it is open at an instant", answer=OpeningOut)
    def get(self, request: Request, reference: str) -> Response:
        calendar = pick(_calendars(), reference)
        at = self.filters.get("instant") or timezone.now()
        return Response(OpeningOut(_opening(load_hours(calendar), at=at)).data)


def _opening(value: Hours, *, at: datetime) -> dict[str, Any]:
    why = explain(value, at=at)
    return {
        "instant": at,
        "time_zone": value.zone,
        "is_open": why.is_open,
        "why": why.why.value,
        "date": why.day,
        "label": why.label,
        "interval": why.interval,
        "since": why.since,
        "until": why.until,
        "next_opening": next_opening(value, after=at),
        "next_closing": next_closing(value, after=at),
    }


def _calendars() -> QuerySet[BusinessHours]:
    return BusinessHours.objects.prefetch_related("intervals", "exceptions")


def _show(calendar: BusinessHours) -> Any:
    why = explain(load_hours(calendar), at=timezone.now())
    vars(calendar).update(is_open=why.is_open, changes_at=why.until)
    return HoursOut(calendar).data


def _read(body: dict[str, Any]) -> dict[str, Any]:
    given = dict(body)
    if "intervals" in given:
        week: list[list[Interval]] = [[] for _day in WEEKDAYS]
        for line in given.pop("intervals"):
            week[WEEKDAYS.index(line["weekday"])].append(Interval(line["start"], line["end"]))
        given["week"] = week
    if "exceptions" in given:
        given["exceptions"] = _read_exceptions(given["exceptions"])
    return given


def _read_exceptions(lines: list[dict[str, Any]]) -> list[DayException]:
    """Return one exception a date; the lines of a date are its times."""
    found: dict[tuple[date, bool], DayException] = {}
    for line in lines:
        start, end = line.get("start"), line.get("end")
        if (start is None) != (end is None):
            raise FieldProblem({"exceptions": BOTH_TIMES})
        key = (line["date"], line["is_yearly"])
        earlier = found.get(key)
        if earlier is not None and (start is None or not earlier.intervals):
            raise FieldProblem({"exceptions": OPEN_AND_CLOSED})
        times = (Interval(start, end),) if start is not None and end is not None else ()
        found[key] = DayException(
            line["date"],
            (*(earlier.intervals if earlier else ()), *times),
            (earlier.label if earlier else "") or line.get("label", ""),
            is_yearly=line["is_yearly"],
            is_holiday=line["is_holiday"],
        )
    return list(found.values())
