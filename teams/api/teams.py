"""Teams and who is in them."""

from typing import Any

from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from teams.api.endpoints import Endpoint
from teams.api.once import once
from teams.api.operations import describe
from teams.api.permissions import caller
from teams.api.problems import ConflictProblem, FieldProblem, ForbiddenProblem
from teams.api.references import find_person, pick, pick_person
from teams.api.serializers import (
    MemberBody,
    MemberOut,
    MembersBody,
    NewTeam,
    TeamChanges,
    TeamOut,
    TeamParameters,
)
from teams.models import BusinessHours, Membership, Team, User
from teams.permissions import Right, is_allowed
from teams.scopes import Scope
from teams.services import directory, memberships

NO_SUCH_CODE = ("does_not_exist", _("There is none with this code."))


class TeamsEndpoint(Endpoint):
    scopes = {"POST": Scope.TEAMS}
    rights = {"POST": Right.EDIT_TEAMS}
    parameters = TeamParameters
    orderings = {"id": ("pk",), "-id": ("-pk",)}

    @describe("listTeams", "List teams", page_of=TeamOut)
    def get(self, request: Request) -> Response:
        return self.page(_shown().filter(**self.filters), serializer=TeamOut)

    @describe(
        "createTeam",
        "Make a team",
        body=NewTeam,
        answer=TeamOut,
        status=status.HTTP_201_CREATED,
        refusals=(404, 409),
        examples={"a team": {"code": "cs", "name": "Support", "strategy": "round_robin"}},
    )
    @once
    def post(self, request: Request) -> Response:
        team = directory.create_team(**_with_rows(self.read_body(NewTeam)))
        return Response(_show(team), status=status.HTTP_201_CREATED)


class TeamEndpoint(Endpoint):
    scopes = {"PATCH": Scope.TEAMS}
    rights = {"PATCH": Right.EDIT_TEAMS}

    @describe("getTeam", "Read one team", answer=TeamOut)
    def get(self, request: Request, reference: str) -> Response:
        return Response(TeamOut(pick(_shown(), reference)).data)

    @describe(
        "updateTeam",
        "Change a team",
        body=TeamChanges,
        answer=TeamOut,
        refusals=(409,),
        examples={
            "another strategy": {"strategy": "least_busy"},
            "on to another team": {
                "is_reassigning": True,
                "escalation_team_code": "managers",
                "escalate_after_tries": 3,
            },
        },
    )
    @once
    def patch(self, request: Request, reference: str) -> Response:
        team = pick(Team.objects.all(), reference)
        changes = _with_rows(self.read_body(TeamChanges))
        if changes.get("is_active") is False:
            self.refuse_switching_off(team)
        directory.update_team(team, **changes)
        return Response(_show(team))

    def refuse_switching_off(self, team: Team) -> None:
        """Refuse where something above needs the team. Here nothing is known that would."""


class MembersEndpoint(Endpoint):
    """The members in their order. PUT replaces them all, POST adds one at the end."""

    scopes = {"PUT": Scope.TEAMS, "POST": Scope.TEAMS}
    rights = {"PUT": Right.EDIT_MEMBERS, "POST": Right.EDIT_MEMBERS}
    orderings = {"position": ("position", "pk")}

    @describe("listTeamMembers", "List the members of a team", page_of=MemberOut)
    def get(self, request: Request, reference: str) -> Response:
        return self.page(_members(pick(Team.objects.all(), reference)), serializer=MemberOut)

    @describe(
        "addTeamMember",
        "Add a member at the end",
        body=MemberBody,
        answer=MemberOut,
        status=status.HTTP_201_CREATED,
        refusals=(409,),
        examples={"by code": {"member": {"code": "E-1042"}}},
    )
    @once
    def post(self, request: Request, reference: str) -> Response:
        team = editable(request, reference)
        person = find_person(self.read_body(MemberBody)["member"])
        _refuse_leavers(team, people=[person])
        membership = memberships.join(team, user=person, now=timezone.now())
        return Response(MemberOut(membership).data, status=status.HTTP_201_CREATED)

    @describe(
        "replaceTeamMembers",
        "Set all members, in their order",
        body=MembersBody,
        list_of=MemberOut,
        refusals=(409,),
        examples={"two": {"members": [{"code": "E-1042"}, {"email": "alice@example.com"}]}},
    )
    def put(self, request: Request, reference: str) -> Response:
        team = editable(request, reference)
        named = self.read_body(MembersBody)["members"]
        people = [find_person(one, field="members") for one in named]
        _refuse_leavers(team, people=people)
        _replace(team, people=list(dict.fromkeys(people)))
        return Response({"data": MemberOut(_members(team), many=True).data})


class MemberEndpoint(Endpoint):
    scopes = {"DELETE": Scope.TEAMS}
    rights = {"DELETE": Right.EDIT_MEMBERS}

    @describe("removeTeamMember", "Take a member out", status=status.HTTP_204_NO_CONTENT)
    def delete(self, request: Request, reference: str, person: str) -> Response:
        team = editable(request, reference)
        leaver = pick_person(person)
        memberships.leave(team, user=leaver, now=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


def _shown() -> QuerySet[Team]:
    rows: QuerySet[Team] = Team.objects.select_related("default_user", "hours", "escalation_team")
    return rows.annotate(member_count=Count("memberships"))


def _show(team: Team) -> Any:
    return TeamOut(_shown().get(pk=team.pk)).data


def _members(team: Team) -> QuerySet[Membership]:
    return team.memberships.select_related("user").order_by("position", "pk")


def _with_rows(body: dict[str, Any]) -> dict[str, Any]:
    """Put the rows that the body names in the place of their names."""
    reference = body.get("default_user")
    if reference is not None:
        body["default_user"] = find_person(reference, field="default_user")
    for name, table in (("hours", BusinessHours), ("escalation_team", Team)):
        if f"{name}_code" in body:
            code = body.pop(f"{name}_code")
            body[name] = None if code is None else _find(table, code, field=f"{name}_code")
    return body


def _find(table: type[Any], code: str, *, field: str) -> Any:
    row = table.objects.filter(code=code).order_by("pk").first()
    if row is None:
        raise FieldProblem({field: NO_SUCH_CODE})
    return row


def editable(request: Request, reference: str) -> Team:
    """Return the team if the caller may change its members: supervisors, those of their own."""
    team: Team = pick(Team.objects.all(), reference)
    user = caller(request)
    if is_allowed(user, Right.EDIT_TEAMS) or team.memberships.filter(user=user).exists():
        return team
    raise ForbiddenProblem("auth.role_insufficient", _("You may change your own teams only."))


def _refuse_leavers(team: Team, *, people: list[User]) -> None:
    """Refuse to let somebody in who left. Members who left may stay where they are."""
    members = set(team.memberships.values_list("user_id", flat=True))
    if any(not person.is_active and person.pk not in members for person in people):
        raise ConflictProblem("member.inactive", _("This person is no longer active."))


@transaction.atomic
def _replace(team: Team, *, people: list[User]) -> None:
    now = timezone.now()
    wanted = {person.pk for person in people}
    for gone in team.memberships.exclude(user__in=wanted).select_related("user"):
        memberships.leave(team, user=gone.user, now=now)
    for person in people:
        memberships.join(team, user=person, now=now)
    memberships.reorder(team, user_ids=[person.pk for person in people], now=now)
