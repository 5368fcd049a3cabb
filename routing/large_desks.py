"""The people of a desk of hundreds or thousands: only those whom its strategy would look at first.

Looking at everybody would take longer than everything else, and nobody reads an explanation that
names thousands. Who is chosen is the same as if everybody had been read.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.db.models import F, Q, QuerySet

from routing.engine.facts import Desk, Strategy
from teams.models import Presence

#: More people than this are not all read.
MOST_READ = 100
#: So many of those who come first are: enough, though some may not have it again.
SHORT = 20

Members = QuerySet[Any, Any]
Row = tuple[Any, ...]
_NEVER = datetime.min.replace(tzinfo=UTC)
_BY_LOAD = {Strategy.LEAST_BUSY, Strategy.CONCURRENT_LOAD}


def come_first(
    members: Members,
    *,
    desk: Desk,
    on_shift: frozenset[int] | None,
    columns: Sequence[str],
) -> list[Row]:
    """Return these columns of those who come first, in the order in which they are looked at.

    `on_shift` has the keys of those who are, where that matters. If nobody could take it, these are
    the first of the desk's order, so that it can be said why not.
    """
    able = _able(members, desk=desk, on_shift=on_shift)
    if desk.strategy in _BY_LOAD:
        rows = _by_load(able, columns)
    else:
        cursor = members.filter(user=desk.cursor_user_id).first()
        rows = _around(able, columns, last=cursor)
    return rows or _first(members, columns)


def _able(members: Members, *, desk: Desk, on_shift: frozenset[int] | None) -> Members:
    if desk.strategy is Strategy.DEFAULT_USER:
        return members.filter(user=desk.default_user_id)
    there = members.filter(
        user__is_active=True, user__is_receiving=True, user__presence=Presence.ONLINE
    )
    if on_shift is not None:
        there = there.filter(user__in=on_shift)
    return there if desk.strategy is Strategy.SEQUENTIAL else there.filter(_has_room(desk))


def _has_room(desk: Desk) -> Q:
    without_own = Q(user__capacity__isnull=True)
    if desk.capacity is not None:
        without_own &= Q(user__load__lt=desk.capacity)
    return without_own | Q(user__load__lt=F("user__capacity"))


def _by_load(able: Members, columns: Sequence[str]) -> list[Row]:
    """Lowest load, then longest without a new one, then the desk's order.

    Whoever never had one is looked for apart: each of the two questions has an index.
    """
    keys = ("user__load", "user__last_assigned_at", "position", "pk")
    never = able.filter(user__last_assigned_at=None).order_by("user__load", "position", "pk")
    ever = able.filter(user__last_assigned_at__isnull=False).order_by(*keys)
    rows = [*never.values_list(*keys, *columns)[:SHORT], *ever.values_list(*keys, *columns)[:SHORT]]
    rows.sort(key=lambda row: (row[0], row[1] or _NEVER, row[2], row[3]))
    return [row[len(keys) :] for row in rows[:SHORT]]


def _around(able: Members, columns: Sequence[str], *, last: Any) -> list[Row]:
    """Go around in the desk's order, beginning after whoever had it last."""
    if last is None:
        return _first(able, columns)
    behind = Q(position__gt=last.position) | Q(position=last.position, pk__gt=last.pk)
    rows = _first(able.filter(behind), columns)
    if len(rows) < SHORT:
        rows += _first(able.exclude(behind), columns)
    return rows[:SHORT]


def _first(members: Members, columns: Sequence[str]) -> list[Row]:
    return list(members.order_by("position", "pk").values_list(*columns)[:SHORT])
