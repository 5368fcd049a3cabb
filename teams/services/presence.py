"""Who is there: online, away or offline; and who only seems to be."""

from datetime import datetime, timedelta

from django.db import transaction

from teams.models import Presence, PresenceChange, User
from teams.services import sweeps

#: A heartbeat may be a request in a minute, or in an hour; more often than that is noise.
SHORTEST_LAPSE_S = 30
LONGEST_LAPSE_S = 24 * 60 * 60


@transaction.atomic
def set_presence(
    user: User,
    *,
    presence: Presence,
    now: datetime,
    reason: str = "",
    by: User | None = None,
    lapses_after_s: int | None = None,
) -> User:
    """Record that a person is online, away (with a reason) or offline. The last word counts.

    `by` is who said so, if not the person. With `lapses_after_s` they are offline when no heartbeat
    comes for so long.
    Whatever the change, the person is marked for the sweep that places waiting conversations: what
    they can take, or no longer keep, may be another matter now.
    """
    seen = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    changes = {"presence": presence, "presence_reason": reason, "offer_due_at": now}
    changes |= _lapse(None if presence == Presence.OFFLINE else lapses_after_s, now=now)
    if (seen.presence, seen.presence_reason) != (presence, reason):
        changes["presence_changed_at"] = now
        _record(user, presence=presence, reason=reason, by=by or user, now=now)
    User.objects.filter(pk=user.pk).update(**changes)
    user.refresh_from_db()
    return user


def beat(user: User, *, now: datetime) -> User:
    """Note a sign of life. It keeps a presence that lapses; it brings back none that has lapsed."""
    User.objects.filter(pk=user.pk).update(heartbeat_at=now)
    user.refresh_from_db()
    return user


def lapse_next_presence(*, now: datetime) -> bool:
    """Let one presence lapse for which no heartbeat came; say whether there was one to look at."""
    due = User.objects.filter(presence_lapse_due_at__lte=now)
    return sweeps.do_next(
        due.order_by("presence_lapse_due_at", "pk"),
        mark="presence_lapse_due_at",
        work=lambda user: _lapse_or_wait(user, now=now),
        now=now,
    )


def lapses_at(user: User) -> datetime | None:
    """Return when the presence lapses if no heartbeat comes; None if it never does."""
    if user.presence_lapse_due_at is None or user.presence_lapses_after_s is None:
        return None
    if user.heartbeat_at is None:
        return user.presence_lapse_due_at
    return user.heartbeat_at + timedelta(seconds=user.presence_lapses_after_s)


def _lapse_or_wait(user: User, *, now: datetime) -> None:
    """Look at the last heartbeat, which itself moved no deadline, so that it was cheap."""
    due_at = lapses_at(user)
    if due_at is not None and due_at > now:
        User.objects.filter(pk=user.pk).update(presence_lapse_due_at=due_at)
        return
    _record(user, presence=Presence.OFFLINE, reason="", by=None, now=now)
    User.objects.filter(pk=user.pk).update(
        presence=Presence.OFFLINE,
        presence_reason="",
        presence_changed_at=now,
        presence_lapse_due_at=None,
        offer_due_at=now,
    )


def _lapse(after_s: int | None, *, now: datetime) -> dict[str, object]:
    if after_s is None:
        return {"presence_lapses_after_s": None, "presence_lapse_due_at": None}
    return {
        "presence_lapses_after_s": after_s,
        "presence_lapse_due_at": now + timedelta(seconds=after_s),
        "heartbeat_at": now,
    }


def _record(user: User, *, presence: Presence, reason: str, by: User | None, now: datetime) -> None:
    PresenceChange.objects.create(
        user=user, presence=presence, reason=reason, by=by, changed_at=now
    )
