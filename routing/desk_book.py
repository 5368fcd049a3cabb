"""Opening desks for a decision: the row of the desk, locked or not, and then its people."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from channels.models import Channel, ChannelMember
from routing import large_desks
from routing.engine.facts import Candidate, Desk, Escalation, Strategy, Target, TargetKind
from routing.queries import Query
from teams.models import Membership, Team, User
from teams.models.team import REASSIGNING, ReassignClock
from teams.services import shifts


class MoveOnError(Exception):
    """The locked desk cannot take it, and another must be opened: give back the lock first."""


@dataclass(slots=True)
class DeskBook:
    """Opens desks for a decision, holding at most one lock at a time.

    A decision that goes on to a second desk raises `MoveOnError`; the caller rolls back to before
    the lock and decides again, with the first desk remembered as it was seen. So two decisions
    that try the same desks in another order cannot wait for each other. `at` is the decision's
    instant: it says who is on shift.
    """

    at: datetime
    seen: dict[Target, Desk] = field(default_factory=dict)
    locked: Target | None = None

    def open(self, target: Target) -> Desk:
        if target not in self.seen:
            if self.locked is not None:
                raise MoveOnError
            self.locked = target
            self.seen[target] = _load(target, _LOCKED, at=self.at)
        return self.seen[target]


@dataclass(slots=True)
class ReadOnlyDesks:
    """Opens desks without a lock: for previews, which change nothing."""

    at: datetime
    seen: dict[Target, Desk] = field(default_factory=dict)

    def open(self, target: Target) -> Desk:
        if target not in self.seen:
            self.seen[target] = _load(target, _SEEN, at=self.at)
        return self.seen[target]


_DESK_FIELDS = {
    TargetKind.TEAM: (
        "name",
        "strategy",
        "is_active",
        "cursor_member_id",
        "default_user_id",
        "is_reassigning",
        "reassign_after_s",
        "reassign_clock",
        "escalation_team_id",
        "escalate_after_tries",
        "escalate_after_s",
        "capacity",
    ),
    TargetKind.CHANNEL: ("name", "distribution", "is_active", "cursor_member_id", "capacity"),
    TargetKind.PERSON: ("name",),
}
_PERSON_FIELDS = (
    "name",
    "presence",
    "load",
    "capacity",
    "is_active",
    "is_receiving",
    "last_assigned_at",
)
Rows = QuerySet[Any, Any]


def _desks(lock: Callable[[Rows], Rows]) -> dict[TargetKind, Query]:
    def query(kind: TargetKind, rows: Rows) -> Query:
        return Query(lambda id: lock(rows.filter(pk=id)).values_list(*_DESK_FIELDS[kind]), 1)

    rows_of = {
        TargetKind.TEAM: Team.objects.all(),
        TargetKind.CHANNEL: Channel.objects.all(),
        TargetKind.PERSON: User.objects.all(),
    }
    return {kind: query(kind, rows.order_by()) for kind, rows in rows_of.items()}


_SEEN = _desks(lambda rows: rows)
_LOCKED = _desks(lambda rows: rows.select_for_update(no_key=True))


_MEMBER_FIELDS = ("user_id", *(f"user__{name}" for name in _PERSON_FIELDS))
_MEMBERS: dict[TargetKind, Callable[[int], Rows]] = {
    TargetKind.TEAM: lambda id: Membership.objects.filter(team_id=id),
    TargetKind.CHANNEL: lambda id: ChannelMember.objects.filter(channel_id=id),
}


def _people(kind: TargetKind) -> Query:
    """One more than are all read shows that the desk is larger than that."""

    def build(id: int) -> Rows:
        in_order = _MEMBERS[kind](id).order_by("position", "pk")
        return in_order.values_list(*_MEMBER_FIELDS)[: large_desks.MOST_READ + 1]

    return Query(build, 1)


_PEOPLE = {
    TargetKind.TEAM: _people(TargetKind.TEAM),
    TargetKind.CHANNEL: _people(TargetKind.CHANNEL),
    TargetKind.PERSON: Query(
        lambda id: User.objects.filter(pk=id).order_by().values_list("pk", *_PERSON_FIELDS), 1
    ),
}


def _load(target: Target, desks: dict[TargetKind, Query], *, at: datetime) -> Desk:
    """Lock the desk's row, then read its people: exact, because everybody queues at the desk."""
    row = desks[target.kind].row(target.id)
    columns = dict(zip(_DESK_FIELDS[target.kind], row, strict=True))
    people = _PEOPLE[target.kind].rows(target.id)
    desk: Desk = _OPEN[target.kind](target, columns)
    by_shift = desk.strategy is Strategy.SHIFT
    on_shift = shifts.user_ids_on_shift(target.id, at=at) if by_shift else None
    is_short = len(people) > large_desks.MOST_READ
    if is_short:
        members = _MEMBERS[target.kind](target.id)
        people = large_desks.come_first(
            members, desk=desk, on_shift=on_shift, columns=_MEMBER_FIELDS
        )
    candidates = (Candidate(*person) for person in people)
    if on_shift is not None:
        candidates = (replace(c, is_on_shift=c.user_id in on_shift) for c in candidates)
    return replace(desk, candidates=tuple(candidates), is_short=is_short)


def _open_team(target: Target, team: dict[str, Any]) -> Desk:
    has_timer = team["is_reassigning"] and team["strategy"] in REASSIGNING
    return Desk(
        target=target,
        name=team["name"],
        strategy=Strategy(team["strategy"]),
        candidates=(),
        is_active=team["is_active"],
        cursor_user_id=team["cursor_member_id"],
        default_user_id=team["default_user_id"],
        capacity=team["capacity"],
        reassign_after_s=team["reassign_after_s"] if has_timer else None,
        counts_open_hours=team["reassign_clock"] == ReassignClock.OPEN_HOURS,
        escalation=_escalation(team),
    )


def _escalation(team: dict[str, Any]) -> Escalation | None:
    if team["escalation_team_id"] is None:
        return None
    return Escalation(
        team=Target(TargetKind.TEAM, team["escalation_team_id"]),
        after_tries=team["escalate_after_tries"],
        after_s=team["escalate_after_s"],
    )


def _open_channel(target: Target, channel: dict[str, Any]) -> Desk:
    return Desk(
        target=target,
        name=channel["name"],
        strategy=Strategy(channel["distribution"]),
        candidates=(),
        is_active=channel["is_active"],
        cursor_user_id=channel["cursor_member_id"],
        capacity=channel["capacity"],
    )


def _open_person(target: Target, person: dict[str, Any]) -> Desk:
    return Desk(target, name=person["name"], strategy=Strategy.DIRECT, candidates=())


_OPEN = {
    TargetKind.TEAM: _open_team,
    TargetKind.CHANNEL: _open_channel,
    TargetKind.PERSON: _open_person,
}
