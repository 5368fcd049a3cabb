"""How people, teams and keys look from outside, and what may be sent to change them."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from rest_framework import serializers

from teams.api.bodies import Body, Parameters
from teams.api.fields import (
    Choice,
    Email,
    Flag,
    Instant,
    PublicId,
    Text,
    TimeZone,
    Whole,
)
from teams.api.references import PersonReference
from teams.models import ApiKey, BusinessHours, Presence, ReassignClock, Role, Strategy, Team, User
from teams.models.team import MINUTE_S, MOST_TRIES, WEEK_S
from teams.services.presence import LONGEST_LAPSE_S, SHORTEST_LAPSE_S

#: Nobody becomes the owner by the API.
ROLES = [role.value for role in Role if role != Role.OWNER]


class Out(serializers.ModelSerializer[models.Model]):
    """A row as it is shown: ids are public ids, instants are UTC."""

    serializer_field_mapping: ClassVar[dict[type[models.Field], type[serializers.Field]]] = {  # type: ignore[type-arg]
        **serializers.ModelSerializer.serializer_field_mapping,
        models.DateTimeField: Instant,
    }


class PersonBrief(serializers.Serializer[User]):
    """A person, where something else is the subject."""

    id = PublicId(source="public_id")
    name = Text()
    email = Text()
    code = Text(allow_null=True)


class TeamBrief(serializers.Serializer[Team]):
    """A team, where something else is the subject."""

    id = PublicId(source="public_id")
    code = Text()
    name = Text()


_PERSON, _TEAM = PersonBrief(), TeamBrief()


def show_person(person: User | None) -> dict[str, Any] | None:
    return None if person is None else _PERSON.to_representation(person)


def show_team(team: Team | None) -> dict[str, Any] | None:
    return None if team is None else _TEAM.to_representation(team)


class PersonOut(Out):
    id = PublicId(source="public_id")
    has_lapsed = Flag()

    class Meta:
        model = User
        fields = (
            "id",
            "email",
            "name",
            "role",
            "code",
            "external_id",
            "phone",
            "is_active",
            "is_receiving",
            "presence",
            "presence_reason",
            "presence_changed_at",
            "presence_lapses_after_s",
            "heartbeat_at",
            "has_lapsed",
            "capacity",
            "load",
            "language",
            "time_zone",
            "last_assigned_at",
            "created_at",
        )


class HeartbeatOut(serializers.Serializer[Any]):
    """What a heartbeat is answered: one that lapsed stays offline until somebody says otherwise."""

    presence = Text()
    presence_reason = Text()
    has_lapsed = Flag()
    lapses_at = Instant(allow_null=True)


class HoursBrief(serializers.Serializer[BusinessHours]):
    """A calendar, where something else is the subject."""

    id = PublicId(source="public_id")
    code = Text()
    name = Text()


class TeamOut(Out):
    id = PublicId(source="public_id")
    default_user = PersonBrief(allow_null=True)
    hours = HoursBrief(allow_null=True)
    escalation_team = TeamBrief(allow_null=True)
    member_count = Whole()

    class Meta:
        model = Team
        fields = (
            "id",
            "code",
            "name",
            "description",
            "is_active",
            "strategy",
            "default_user",
            "is_reassigning",
            "reassign_after_s",
            "reassign_clock",
            "hours",
            "escalation_team",
            "escalate_after_tries",
            "escalate_after_s",
            "is_returning_when_offline",
            "capacity",
            "member_count",
            "created_at",
        )


class MemberOut(serializers.Serializer[Any]):
    """A member of a team, or a human agent of a channel."""

    member = PersonBrief(source="user")
    position = Whole()
    presence = Text(source="user.presence")
    load = Whole(source="user.load")
    capacity = Whole(source="user.capacity", allow_null=True)


class KeyOut(serializers.Serializer[ApiKey]):
    """A key, without its secret."""

    name = Text()
    prefix = Text()
    scopes = serializers.ListField(child=Text())
    expires_at = Instant(source="expiry_date", allow_null=True)


class MeOut(serializers.Serializer[Any]):
    """The key of this request, its owner, and the server's clock."""

    user = PersonOut()
    api_key = KeyOut(allow_null=True)
    version = Text()
    now = Instant()


class TeamParameters(Parameters):
    is_active = serializers.BooleanField(required=False)


class PersonParameters(Parameters):
    is_active = serializers.BooleanField(required=False)
    presence = Choice(choices=Presence.values, required=False)
    team = Text(required=False, max_length=64)
    email = Text(required=False, max_length=254)
    code = Text(required=False, max_length=64)
    external_id = Text(required=False, max_length=128)


class TeamChanges(Body):
    name = Text(required=False, max_length=120)
    description = Text(required=False, allow_blank=True, max_length=5000)
    is_active = Flag(required=False)
    strategy = Choice(choices=Strategy.values, required=False)
    default_user = PersonReference(required=False, allow_null=True)
    is_reassigning = Flag(required=False)
    reassign_after_s = Whole(required=False, min_value=MINUTE_S, max_value=WEEK_S)
    reassign_clock = Choice(choices=ReassignClock.values, required=False)
    hours_code = Text(required=False, allow_null=True, max_length=64)
    escalation_team_code = Text(required=False, allow_null=True, max_length=64)
    escalate_after_tries = Whole(required=False, allow_null=True, min_value=1, max_value=MOST_TRIES)
    escalate_after_s = Whole(required=False, allow_null=True, min_value=MINUTE_S, max_value=WEEK_S)
    is_returning_when_offline = Flag(required=False)
    capacity = Whole(required=False, allow_null=True, min_value=0)


class NewTeam(TeamChanges):
    code = serializers.RegexField(
        r"\A[A-Za-z0-9][A-Za-z0-9._-]*\Z", max_length=64, trim_whitespace=False
    )
    name = Text(max_length=120)


class PersonChanges(Body):
    email = Email(required=False)
    name = Text(required=False, max_length=120)
    role = Choice(choices=ROLES, required=False)
    capacity = Whole(required=False, allow_null=True, min_value=0)
    code = Text(required=False, allow_null=True, max_length=64)
    external_id = Text(required=False, allow_null=True, max_length=128)
    phone = Text(required=False, allow_blank=True, max_length=16)
    language = Choice(choices=["", *dict(settings.LANGUAGES)], required=False)
    time_zone = TimeZone(required=False, max_length=64)
    is_receiving = Flag(required=False)
    is_active = Flag(required=False)


class NewPerson(Body):
    email = Email()
    name = Text(max_length=120)
    role = Choice(choices=ROLES, required=False)
    capacity = Whole(required=False, allow_null=True, min_value=0)
    code = Text(required=False, allow_null=True, max_length=64)
    external_id = Text(required=False, allow_null=True, max_length=128)
    phone = Text(required=False, allow_blank=True, max_length=16)
    language = Choice(choices=["", *dict(settings.LANGUAGES)], required=False)
    time_zone = TimeZone(required=False, max_length=64)


class PresenceBody(Body):
    """With `lapses_after_s`, the person is offline when no heartbeat comes for so many seconds."""

    presence = Choice(choices=Presence.values)
    reason = Text(required=False, allow_blank=True, max_length=120)
    lapses_after_s = Whole(
        required=False, allow_null=True, min_value=SHORTEST_LAPSE_S, max_value=LONGEST_LAPSE_S
    )


class MemberBody(Body):
    member = PersonReference()


class MembersBody(Body):
    members = PersonReference(many=True)
