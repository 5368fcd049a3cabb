"""The people of a desk of hundreds or thousands: only those whom its strategy would look at first.

Looking at everybody would take longer than everything else, and nobody reads an explanation that
names thousands. Who is chosen is the same as if everybody had been read.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.db.models import F, Q, QuerySet

from channels.models import ChannelMember
from routing.engine.facts import Desk, Strategy, TargetKind
from teams.models import Membership, Presence
from teams.queries import Query

#: More people than this are not all read.
MOST_READ = 100
#: So many of those who come first are: enough, though some may not have it again.
SHORT = 20

Members = QuerySet[Any, Any]
Row = tuple[Any, ...]

PERSON_FIELDS = (
    "name",
    "presence",
    "load",
    "capacity",
    "is_active",
    "is_receiving",
    "last_assigned_at",
)
MEMBER_FIELDS = ("user_id", *(f"user__{name}" for name in PERSON_FIELDS))
MEMBERS: dict[TargetKind, Callable[[Any], Members]] = {
    TargetKind.TEAM: lambda id: Membership.objects.filter(team_id=id),
    TargetKind.CHANNEL: lambda id: ChannelMember.objects.filter(channel_id=id),
}
_ORDER = ("user__load", "user__last_assigned_at", "position", "pk")
_NEVER = datetime.min.replace(tzinfo=UTC)
_BY_LOAD = {Strategy.LEAST_BUSY, Strategy.CONCURRENT_LOAD}


def come_first(
    kind: TargetKind, members: Members, *, desk: Desk, on_shift: frozenset[int] | None
) -> list[Row]:
    """Return those who come first, in the order in which they are looked at.

    `on_shift` has the keys of those who are, where that matters. If nobody could take it, these are
    the first of the desk's order, so that it can be said why not.
    """
    if desk.strategy in _BY_LOAD:
        rows = _by_load(kind, desk)
    else:
        able = _able(members, desk=desk, on_shift=on_shift)
        rows = _around(able, last=members.filter(user=desk.cursor_user_id).first())
    return rows or _first(members)


def _able(members: Members, *, desk: Desk, on_shift: frozenset[int] | None) -> Members:
    if desk.strategy is Strategy.DEFAULT_USER:
        return members.filter(user=desk.default_user_id)
    there = members.filter(
        user__is_active=True, user__is_receiving=True, user__presence=Presence.ONLINE
    )
    if on_shift is not None:
        there = there.filter(user__in=on_shift)
    return there if desk.strategy is Strategy.SEQUENTIAL else there.filter(_has_room(desk.capacity))


def _has_room(capacity: int | None) -> Q:
    """Return who has room. `capacity` serves those without their own."""
    without_own = Q(user__capacity__isnull=True)
    if capacity is not None:
        without_own &= Q(user__load__lt=capacity)
    return without_own | Q(user__load__lt=F("user__capacity"))


def _least_busy(kind: TargetKind, *, has_history: bool) -> Callable[..., Members]:
    def build(desk_id: int, presence: str, capacity: int | None = None) -> Members:
        there = MEMBERS[kind](desk_id).filter(user__presence=presence)
        able = there.filter(_has_room(capacity), user__is_active=True, user__is_receiving=True)
        asked = able.filter(user__last_assigned_at__isnull=not has_history)
        return asked.order_by(*_ORDER).values_list(*_ORDER, *MEMBER_FIELDS)[:SHORT]

    return build


#: By whether the desk has a limit for those without their own, and whether they had one before.
_LEAST_BUSY = {
    (kind, has_limit, has_history): Query(
        _least_busy(kind, has_history=has_history), 1, "online", *((5,) if has_limit else ())
    )
    for kind in MEMBERS
    for has_limit in (False, True)
    for has_history in (False, True)
}


def _by_load(kind: TargetKind, desk: Desk) -> list[Row]:
    """Lowest load, then longest without a new one, then the desk's order.

    Whoever never had one is looked for apart: each of the two questions has an index.
    """
    limit = () if desk.capacity is None else (desk.capacity,)
    rows = [
        row
        for has_history in (False, True)
        for row in _LEAST_BUSY[kind, bool(limit), has_history].rows(
            desk.target.id, Presence.ONLINE.value, *limit
        )
    ]
    rows.sort(key=lambda row: (row[0], row[1] or _NEVER, row[2], row[3]))
    return [row[len(_ORDER) :] for row in rows[:SHORT]]


def _around(able: Members, *, last: Any) -> list[Row]:
    """Go around in the desk's order, beginning after whoever had it last."""
    if last is None:
        return _first(able)
    behind = Q(position__gt=last.position) | Q(position=last.position, pk__gt=last.pk)
    rows = _first(able.filter(behind))
    if len(rows) < SHORT:
        rows += _first(able.exclude(behind))
    return rows[:SHORT]


def _first(members: Members) -> list[Row]:
    return list(members.order_by("position", "pk").values_list(*MEMBER_FIELDS)[:SHORT])
