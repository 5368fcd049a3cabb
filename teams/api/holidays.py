"""Holidays of a calendar, from an iCalendar file."""

from typing import Any, ClassVar

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from teams.api.bodies import Body
from teams.api.clocks import Day
from teams.api.endpoints import Endpoint
from teams.api.fields import Flag, Text
from teams.api.once import once
from teams.api.operations import describe
from teams.api.references import pick
from teams.holiday_files import MAX_BYTES
from teams.models import BusinessHours
from teams.permissions import Right
from teams.scopes import Scope
from teams.services import holidays

EXAMPLE = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nSUMMARY:Christmas\r\n"
    "DTSTART;VALUE=DATE:20261225\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


class HolidaysBody(Body):
    """The text of the file. With `dry_run` the answer says what it would do, and nothing more."""

    calendar = Text(max_length=MAX_BYTES, trim_whitespace=False)
    dry_run = Flag(default=False)


class HolidayOut(serializers.Serializer[Any]):
    date = Day(source="day")
    name = Text()
    is_yearly = Flag()


class RefusedEventOut(serializers.Serializer[Any]):
    name = Text()
    code = Text()


class HolidaysOut(serializers.Serializer[Any]):
    """`added` are new; `known` were there; on `kept` dates the calendar has hours of its own."""

    added = HolidayOut(many=True)
    known = HolidayOut(many=True)
    kept = HolidayOut(many=True)
    refused = RefusedEventOut(many=True)


class HolidaysEndpoint(Endpoint):
    scopes: ClassVar[dict[str, Scope]] = {"POST": Scope.TEAMS}
    rights: ClassVar[dict[str, Right]] = {"POST": Right.EDIT_TEAMS}

    @describe(
        "importHolidays",
        "Import holidays from an iCalendar file",
        body=HolidaysBody,
        answer=HolidaysOut,
        examples={"see what it would do": {"calendar": EXAMPLE, "dry_run": True}},
    )
    @once
    def post(self, request: Request, reference: str) -> Response:
        """Close the calendar on the holidays from today to the end of next year."""
        calendar = pick(BusinessHours.objects.all(), reference)
        body = self.read_body(HolidaysBody)
        plan = holidays.plan(calendar, raw=body["calendar"].encode(), now=timezone.now())
        if not body["dry_run"]:
            holidays.apply(calendar, holidays=plan.added)
        return Response(HolidaysOut(plan).data)
