"""One person, whose open work goes to somebody else when they leave."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from conversations.api.callers import actor_of
from routing.services import leaving
from routing.services.leaving import HandOver
from teams.api.bodies import Body
from teams.api.fields import Choice, Text
from teams.api.once import once
from teams.api.operations import describe
from teams.api.people import PersonEndpoint, pick_editable
from teams.api.problems import FieldProblem
from teams.api.references import PersonReference, find_person, find_team
from teams.api.serializers import PersonChanges, PersonOut
from teams.models import User
from teams.services import directory

MEMBER, TEAM, OWN_TEAM = "member", "team", "own_team"
_TARGETS = {MEMBER: "member", TEAM: "team_code", OWN_TEAM: None}
ONLY_LEAVING = ("only_when_leaving", _("Only together with “is_active”: false."))
MISMATCH = (
    "target_mismatch",
    _("Give “member” for a member, “team_code” for a team, and neither for each one's own team."),
)


class HandOverBody(Body):
    """Where open conversations go: to a member, to a team, or each to its own team or queue."""

    to = Choice(choices=list(_TARGETS))
    member = PersonReference(required=False)
    team_code = Text(required=False, max_length=64)


class PersonChangesAndHandOver(PersonChanges):
    """Whoever has open conversations leaves only if `hand_over` says where these go."""

    hand_over = HandOverBody(required=False)


class LeavingPersonEndpoint(PersonEndpoint):
    """A person, who may leave."""

    @describe(
        "updatePerson",
        "Change somebody",
        body=PersonChangesAndHandOver,
        answer=PersonOut,
        refusals=(409,),
        examples={
            "a limit": {"capacity": 5},
            "somebody leaves": {
                "is_active": False,
                "hand_over": {"to": MEMBER, "member": {"code": "E-1042"}},
            },
        },
    )
    @once
    def patch(self, request: Request, reference: str) -> Response:
        person = pick_editable(request, reference)
        changes = self.read_body(PersonChangesAndHandOver)
        is_leaving = changes.get("is_active") is False
        hand_over = _hand_over(changes.pop("hand_over", None), is_leaving=is_leaving)
        if is_leaving:
            del changes["is_active"]
        person = directory.update_person(person, now=timezone.now(), **changes)
        if is_leaving:
            _leave(request, person, hand_over=hand_over)
        return Response(PersonOut(person).data)

    @describe(
        "deactivatePerson",
        "Let somebody leave",
        status=status.HTTP_204_NO_CONTENT,
        refusals=(409, 422),
    )
    def delete(self, request: Request, reference: str) -> Response:
        """Let somebody leave who has no open work. What they did stays, so the row stays."""
        _leave(request, pick_editable(request, reference), hand_over=None)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _leave(request: Request, person: User, *, hand_over: HandOver | None) -> None:
    leaving.leave(person, hand_over=hand_over, actor=actor_of(request), now=timezone.now())
    person.refresh_from_db()


def _hand_over(body: dict[str, Any] | None, *, is_leaving: bool) -> HandOver | None:
    if body is None:
        return None
    if not is_leaving:
        raise FieldProblem({"hand_over": ONLY_LEAVING})
    given = set(body) - {"to"}
    if given != {name for name in (_TARGETS[body["to"]],) if name}:
        raise FieldProblem({"hand_over": MISMATCH})
    if "member" in body:
        return HandOver(person=find_person(body["member"]))
    return HandOver(team=find_team(body["team_code"]) if "team_code" in body else None)
