"""Who is planned to work when, in one team."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from teams.api.bodies import Body
from teams.api.clocks import WEEKDAYS, ClockTime, Day, EndTime, WeekdayName
from teams.api.endpoints import Endpoint
from teams.api.fields import Choice, Flag, Instant, Text, TimeZone
from teams.api.operations import describe
from teams.api.problems import FieldProblem
from teams.api.references import PersonReference, find_person, pick
from teams.api.serializers import PersonBrief
from teams.api.teams import editable
from teams.loaders import shift_specs
from teams.models import Membership, Shift, Team, User
from teams.permissions import Right
from teams.scopes import Scope
from teams.services import shifts
from teams.services.shifts import MOST_SHIFTS
from teams.shifts import ShiftKind, ShiftSpec, is_on_shift

MOST_PLANS = 1000
#: What each kind of shift is made of, beside its zone.
_PARTS: dict[ShiftKind, frozenset[str]] = {
    ShiftKind.WEEKLY: frozenset({"weekday", "start", "end"}),
    ShiftKind.SINGLE: frozenset({"date", "start", "end"}),
    ShiftKind.OFF: frozenset({"valid_from", "valid_until"}),
}
_OPTIONAL = {ShiftKind.WEEKLY: frozenset({"valid_from", "valid_until"})}
WRONG_PARTS = (
    "wrong_parts",
    _(
        "A weekly shift has weekday, start and end, and perhaps valid_from and valid_until; "
        "a single one date, start and end; days off valid_from and valid_until."
    ),
)
NOT_A_MEMBER = ("member.not_in_team", _("This person is not a member of the team."))
TWICE = ("repeated", _("Name each member once."))


class ShiftBody(Body):
    """One line of a plan. Without `time_zone`, it is the member's own."""

    kind = Choice(choices=[kind.value for kind in ShiftKind])
    weekday = WeekdayName(required=False)
    date = Day(required=False)
    start = ClockTime(required=False)
    end = EndTime(required=False)
    time_zone = TimeZone(required=False, max_length=64)
    valid_from = Day(required=False)
    valid_until = Day(required=False)


class PlanBody(Body):
    member = PersonReference()
    shifts = ShiftBody(many=True, max_length=MOST_SHIFTS)  # type: ignore[call-arg]


class PlansBody(Body):
    """All plans of the team: members who are not named have none any more."""

    plans = PlanBody(many=True, max_length=MOST_PLANS)  # type: ignore[call-arg]


class ShiftOut(serializers.Serializer[Any]):
    kind = Text()
    weekday = serializers.SerializerMethodField()
    date = Day(allow_null=True)
    start = ClockTime(allow_null=True)
    end = EndTime(allow_null=True)
    time_zone = Text()
    valid_from = Day(allow_null=True)
    valid_until = Day(allow_null=True)

    def get_weekday(self, shift: Shift) -> str | None:
        return None if shift.weekday is None else WEEKDAYS[shift.weekday]


class PlanOut(serializers.Serializer[Any]):
    """One member's plan, and whether it has them on shift now."""

    member = PersonBrief(source="user")
    is_on_shift = Flag()
    next_start_at = Instant(source="starts_due_at", allow_null=True)
    shifts = serializers.SerializerMethodField()

    @extend_schema_field(ShiftOut(many=True))
    def get_shifts(self, membership: Membership) -> Any:
        return ShiftOut(membership.shifts.all(), many=True).data


class ShiftsEndpoint(Endpoint):
    """The plans of a team, by member in their order. PUT replaces them all."""

    scopes = {"PUT": Scope.TEAMS}
    rights = {"PUT": Right.EDIT_MEMBERS}
    orderings = {"position": ("position", "pk")}

    @describe("listTeamShifts", "Read who is planned to work when", page_of=PlanOut)
    def get(self, request: Request, reference: str) -> Response:
        page = self.paginate_queryset(_plans(pick(Team.objects.all(), reference))) or []
        return self.get_paginated_response(_show(page, now=timezone.now()))

    @describe(
        "replaceTeamShifts",
        "Set who is planned to work when",
        body=PlansBody,
        list_of=PlanOut,
        examples={
            "two lines": {
                "plans": [
                    {
                        "member": {"code": "E-1042"},
                        "shifts": [
                            {
                                "kind": "weekly",
                                "weekday": "monday",
                                "start": "22:00",
                                "end": "06:00",
                                "time_zone": "Asia/Tokyo",
                            },
                            {
                                "kind": "off",
                                "valid_from": "2026-12-24",
                                "valid_until": "2027-01-03",
                            },
                        ],
                    }
                ]
            }
        },
    )
    def put(self, request: Request, reference: str) -> Response:
        team = editable(request, reference)
        plans = _read_plans(self.read_body(PlansBody)["plans"], team=team)
        now = timezone.now()
        shifts.replace_plans(team, plans=plans, now=now)
        return Response({"data": _show(_plans(team), now=now)})


def _plans(team: Team) -> Any:
    rows = team.memberships.select_related("user").prefetch_related("shifts")
    return rows.order_by("position", "pk")


def _show(memberships: Iterable[Membership], *, now: datetime) -> Any:
    shown = list(memberships)
    for membership in shown:
        plan = shift_specs(membership.shifts.all())
        vars(membership)["is_on_shift"] = is_on_shift(plan, at=now)
    return PlanOut(shown, many=True).data


def _read_plans(bodies: list[dict[str, Any]], *, team: Team) -> dict[int, list[ShiftSpec]]:
    members = set(team.memberships.values_list("user_id", flat=True))
    plans: dict[int, list[ShiftSpec]] = {}
    for body in bodies:
        person = find_person(body["member"], field="plans")
        if person.pk not in members:
            raise FieldProblem({"plans": NOT_A_MEMBER})
        if person.pk in plans:
            raise FieldProblem({"plans": TWICE})
        plans[person.pk] = [_read_shift(line, person=person) for line in body["shifts"]]
    return plans


def _read_shift(body: dict[str, Any], *, person: User) -> ShiftSpec:
    kind = ShiftKind(body.pop("kind"))
    zone = body.pop("time_zone", person.time_zone)
    given = frozenset(body)
    if not _PARTS[kind] <= given <= _PARTS[kind] | _OPTIONAL.get(kind, frozenset()):
        raise FieldProblem({"plans": WRONG_PARTS})
    if "weekday" in body:
        body["weekday"] = WEEKDAYS.index(body["weekday"])
    if "date" in body:
        body["day"] = body.pop("date")
    return ShiftSpec(kind, zone, **body)
