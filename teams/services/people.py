"""People: who they are and what they may do."""

from datetime import datetime
from typing import Any

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from teams.models import Role, User


@transaction.atomic
def create(
    *,
    email: str,
    name: str,
    role: Role = Role.AGENT,
    password: str | None = None,
    **fields: Any,
) -> User:
    """Create a person; `fields` may be any others of theirs, blank codes and ids count as none.

    Without a password nobody can sign in as them. Raises `ValidationError` naming the fields.
    """
    for unique in ("code", "external_id"):
        fields[unique] = fields.get(unique) or None
    user = User(email=email.strip().lower(), name=name.strip(), role=role, **fields)
    user.password = make_password(password)
    user.full_clean()
    user.save()
    return user


@transaction.atomic
def set_role(user: User, *, role: Role) -> User:
    """Give a person another role. The owner keeps theirs; a second owner is refused."""
    if user.role == Role.OWNER and role != Role.OWNER:
        raise ValidationError({"role": _("The owner cannot be given another role.")})
    if role == Role.OWNER and user.role != Role.OWNER:
        raise ValidationError({"role": _("There is exactly one owner.")})
    User.objects.filter(pk=user.pk).update(role=role)
    user.role = role
    return user


@transaction.atomic
def set_capacity(user: User, *, capacity: int | None, now: datetime) -> User:
    """Change how many conversations a person takes at once; None is no limit.

    More room marks the person for the sweep that places waiting conversations.
    """
    User.objects.filter(pk=user.pk).update(capacity=capacity, offer_due_at=now)
    user.refresh_from_db()
    return user
