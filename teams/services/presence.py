"""Who is there: online, away or offline."""

from datetime import datetime

from django.db import transaction

from teams.models import Presence, User


@transaction.atomic
def set_presence(user: User, *, presence: Presence, now: datetime, reason: str = "") -> User:
    """Record that a person is online, away (with a reason) or offline.

    Coming online marks the person for the sweep that places waiting conversations.
    """
    changes = {"presence": presence, "presence_reason": reason, "presence_changed_at": now}
    if presence == Presence.ONLINE:
        changes["offer_due_at"] = now
    User.objects.filter(pk=user.pk).update(**changes)
    user.refresh_from_db()
    return user
