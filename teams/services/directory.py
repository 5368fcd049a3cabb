"""Teams and people as other systems keep them: the directory."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from teams.models import Presence, Role, Team, User
from teams.services import api_keys, people, presence


class PersonHasWorkError(Exception):
    """Somebody with open conversations cannot leave: first they must go to somebody else."""

    code = "agent_has_active_work"


@transaction.atomic
def create_team(*, code: str, name: str, **fields: Any) -> Team:
    """Create a team. Raises `ValidationError` naming the fields."""
    team = Team(code=code, name=name, **fields)
    team.full_clean()
    team.save()
    return team


@transaction.atomic
def update_team(team: Team, **changes: Any) -> Team:
    """Change a team; its code stays. Raises `ValidationError` naming the fields."""
    for name, value in changes.items():
        setattr(team, name, value)
    team.full_clean()
    team.save(update_fields=list(changes))
    return team


@transaction.atomic
def update_person(user: User, *, now: datetime, **changes: Any) -> User:
    """Change a person's profile, role, capacity or activity.

    Raises `ValidationError` naming the fields, and `PersonHasWorkError`.
    """
    if "role" in changes:
        people.set_role(user, role=Role(changes.pop("role")))
    if "capacity" in changes:
        user = people.set_capacity(user, capacity=changes.pop("capacity"), now=now)
    if changes.get("is_active") is False:
        user = deactivate(user, now=now)
    for name, value in changes.items():
        setattr(user, name, value)
    user.full_clean(exclude=["password"])
    user.save(update_fields=list(changes))
    user.refresh_from_db()
    return user


@transaction.atomic
def deactivate(user: User, *, now: datetime) -> User:
    """Let somebody leave who has no open conversation. Raises `PersonHasWorkError`."""
    if user.role == Role.OWNER:
        raise ValidationError({"is_active": _("The owner cannot leave.")})
    gone = {"is_active": False, "promises_due_at": now}
    if not User.objects.filter(pk=user.pk, load=0).update(**gone):
        raise PersonHasWorkError
    api_keys.revoke_all(user)
    return presence.set_presence(user, presence=Presence.OFFLINE, now=now)
