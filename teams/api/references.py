"""People and teams as other systems name them: by our id, or by a key of their own."""

import uuid
from collections.abc import Mapping
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from teams.api.bodies import Body
from teams.api.fields import UUID_FORM, Email, PublicId, Text
from teams.api.problems import FieldProblem, NotFoundProblem
from teams.models import Team, User
from teams.queries import InstanceQuery

M = TypeVar("M", bound=Model)

ONE_KEY = ("one_key", _("Give exactly one of: id, email, code, external_id."))

ONE_TEAM_KEY = ("one_key", _("Give exactly one of: id, code."))


class PersonReference(Body):
    """`{"email": "…"}`, or with `id`, `code` or `external_id` in its place."""

    described_also = {"minProperties": 1, "maxProperties": 1}

    id = PublicId(required=False)
    email = Email(required=False)
    code = Text(required=False, max_length=64)
    external_id = Text(required=False, max_length=128)


class TeamReference(Body):
    """`{"code": "…"}`, or with `id` in its place."""

    described_also = {"minProperties": 1, "maxProperties": 1}

    id = PublicId(required=False)
    code = Text(required=False, max_length=64)


def _by(table: type[M], column: str, example: object = "key") -> InstanceQuery[M]:
    """Return the query for the one row that this unique column names."""
    return InstanceQuery(
        lambda key: table._default_manager.order_by().filter(**{column: key}), example
    )


_PERSON_BY = {
    "id": _by(User, "public_id", uuid.UUID(int=0)),
    "email": _by(User, "email"),
    "code": _by(User, "code"),
    "external_id": _by(User, "external_id"),
}
_TEAM_BY = {"id": _by(Team, "public_id", uuid.UUID(int=0)), "code": _by(Team, "code")}


def find_person(reference: Mapping[str, Any], *, field: str = "member") -> User:
    """Return the person whom a `PersonReference` names. 404 `member.not_found` if nobody is."""
    if len(reference) != 1:
        raise FieldProblem({field: ONE_KEY})
    ((name, value),) = reference.items()
    person = _PERSON_BY[name].first(value)
    if person is None:
        raise NotFoundProblem("member.not_found")
    return person


def find_team(code: str) -> Team:
    """Return the team with this code. 404 `team.not_found` if there is none."""
    return find_named_team({"code": code})


def find_named_team(reference: Mapping[str, Any], *, field: str = "team") -> Team:
    """Return the team that a `TeamReference` names. 404 `team.not_found` if there is none."""
    if len(reference) != 1:
        raise FieldProblem({field: ONE_TEAM_KEY})
    ((name, value),) = reference.items()
    team = _TEAM_BY[name].first(value)
    if team is None:
        raise NotFoundProblem("team.not_found")
    return team


def pick(rows: QuerySet[Any], reference: str) -> Any:
    """Return the row that an address names by id or by code; 404 if there is none."""
    row = rows.filter(**_by_id_or_code(reference)).order_by("pk").first()
    if row is None:
        raise NotFoundProblem
    return row


def pick_person(reference: str) -> User:
    """Return the person whom an address names; 404 if nobody is.

    By our id, their code, their e-mail, or their external id, in this order: what another system
    calls one person may look like our name for somebody else.
    """
    if not reference.isprintable():
        raise NotFoundProblem
    email = reference.lower()
    named = Q(code=reference) | Q(email=email) | Q(external_id=reference)
    public_id = uuid.UUID(reference) if UUID_FORM.match(reference) else None
    if public_id is not None:
        named |= Q(public_id=public_id)
    found = User.objects.filter(named).order_by("pk")

    def rank(user: User) -> tuple[bool, bool, bool]:
        return (user.public_id != public_id, user.code != reference, user.email != email)

    person: User | None = min(found, key=rank, default=None)
    if person is None:
        raise NotFoundProblem
    return person


def _by_id_or_code(reference: str) -> dict[str, Any]:
    if UUID_FORM.match(reference):
        return {"public_id": uuid.UUID(reference)}
    # Some databases refuse to compare with what they cannot store.
    return {"code": reference} if reference.isprintable() else {"pk": None}
