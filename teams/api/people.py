"""People, and whether they are there."""

from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from teams.api.endpoints import Endpoint
from teams.api.fields import UUID_FORM
from teams.api.once import once
from teams.api.operations import describe
from teams.api.permissions import caller, refuse_above, require
from teams.api.references import pick_person
from teams.api.serializers import (
    HeartbeatOut,
    NewPerson,
    PersonChanges,
    PersonOut,
    PersonParameters,
    PresenceBody,
)
from teams.models import Presence, User
from teams.permissions import Right
from teams.scopes import Scope
from teams.services import directory, people, presence


class PeopleEndpoint(Endpoint):
    scopes = {"POST": Scope.USERS}
    rights = {"POST": Right.EDIT_PEOPLE}
    parameters = PersonParameters
    orderings = {"id": ("pk",), "-id": ("-pk",)}

    @describe("listPeople", "List people", page_of=PersonOut)
    def get(self, request: Request) -> Response:
        return self.page(_narrow(User.objects.all(), self.filters), serializer=PersonOut)

    @describe(
        "createPerson",
        "Add somebody",
        body=NewPerson,
        answer=PersonOut,
        status=status.HTTP_201_CREATED,
        examples={"an agent": {"email": "chen@example.com", "name": "Chen", "code": "E-1042"}},
    )
    @once
    def post(self, request: Request) -> Response:
        person = people.create(**self.read_body(NewPerson))
        return Response(PersonOut(person).data, status=status.HTTP_201_CREATED)


class PersonEndpoint(Endpoint):
    scopes = {"PATCH": Scope.USERS, "DELETE": Scope.USERS}
    rights = {"PATCH": Right.EDIT_PEOPLE, "DELETE": Right.EDIT_PEOPLE}

    @describe("getPerson", "Read one person", answer=PersonOut)
    def get(self, request: Request, reference: str) -> Response:
        return Response(PersonOut(pick_person(reference)).data)

    @describe(
        "updatePerson",
        "Change somebody",
        body=PersonChanges,
        answer=PersonOut,
        refusals=(409,),
        examples={"a limit": {"capacity": 5}},
    )
    @once
    def patch(self, request: Request, reference: str) -> Response:
        person = pick_editable(request, reference)
        changes = self.read_body(PersonChanges)
        person = directory.update_person(person, now=timezone.now(), **changes)
        return Response(PersonOut(person).data)

    @describe(
        "deactivatePerson",
        "Let somebody leave",
        status=status.HTTP_204_NO_CONTENT,
        refusals=(409, 422),
    )
    def delete(self, request: Request, reference: str) -> Response:
        """Let somebody leave. What they did stays, so the row stays, inactive."""
        person = pick_editable(request, reference)
        directory.deactivate(person, now=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class PresenceEndpoint(Endpoint):
    """Everybody may set their own; supervisors may set that of others."""

    scopes = {"PUT": Scope.USERS}

    @describe(
        "setPresence",
        "Say whether somebody is there",
        body=PresenceBody,
        answer=PersonOut,
        examples={
            "lunch": {"presence": "away", "reason": "Lunch"},
            "with heartbeats": {"presence": "online", "lapses_after_s": 120},
        },
    )
    def put(self, request: Request, reference: str) -> Response:
        person = _whose_presence(request, reference)
        body = self.read_body(PresenceBody)
        person = presence.set_presence(
            person,
            presence=Presence(body["presence"]),
            reason=body.get("reason", ""),
            lapses_after_s=body.get("lapses_after_s"),
            by=caller(request),
            now=timezone.now(),
        )
        return Response(PersonOut(person).data)


class HeartbeatEndpoint(Endpoint):
    """A sign of life, for a presence that lapses without one."""

    scopes = {"POST": Scope.USERS}

    @describe("sendHeartbeat", "Say that somebody is still there", answer=HeartbeatOut)
    @once
    def post(self, request: Request, reference: str) -> Response:
        person = presence.beat(_whose_presence(request, reference), now=timezone.now())
        shown = {
            "presence": person.presence,
            "presence_reason": person.presence_reason,
            "has_lapsed": person.has_lapsed,
            "lapses_at": presence.lapses_at(person),
        }
        return Response(HeartbeatOut(shown).data)


def pick_editable(request: Request, reference: str) -> User:
    """Return whom the address names, unless they are above the caller."""
    person = pick_person(reference)
    refuse_above(request, person)
    return person


def _whose_presence(request: Request, reference: str) -> User:
    """Return whom the address names, if the caller may speak for them."""
    person = pick_person(reference)
    if person.pk != caller(request).pk:
        require(request, Right.SET_PRESENCE_OF_OTHERS)
        refuse_above(request, person)
    return person


def _narrow(rows: QuerySet[User], filters: dict[str, Any]) -> QuerySet[User]:
    wanted = {name: value for name, value in filters.items() if name != "team"}
    if "email" in wanted:
        wanted["email"] = wanted["email"].lower()
    rows = rows.filter(**wanted)
    team = filters.get("team")
    if not team:
        return rows
    key = "public_id" if UUID_FORM.match(team) else "code"
    return rows.filter(Q(**{f"teams__{key}": team}))
