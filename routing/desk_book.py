"""Opening desks for a decision: the row of the desk, locked or not, and then its people."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db.models import BooleanField, OuterRef, QuerySet, Subquery, Value

from channels.models import Channel
from routing import ai_desks, flow_desks, large_desks
from routing.engine.facts import Candidate, Desk, Escalation, Strategy, Target, TargetKind
from routing.large_desks import MEMBER_FIELDS, MEMBERS, PERSON_FIELDS
from teams.models import Team, User
from teams.models.team import REASSIGNING, ReassignClock
from teams.queries import Query
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
        if target not in self.seen and target.kind in _BOTS:
            self.seen[target] = _BOTS[target.kind](target, at=self.at)
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
        if target not in self.seen and target.kind in _BOTS:
            self.seen[target] = _BOTS[target.kind](target, at=self.at)
        if target not in self.seen:
            self.seen[target] = _load(target, _SEEN, at=self.at)
        return self.seen[target]


#: Desks without people. Nothing of them is locked.
_BOTS = {TargetKind.AI: ai_desks.load, TargetKind.FLOW: flow_desks.load}
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
Rows = QuerySet[Any, Any]


def _one_too_many(kind: TargetKind) -> Subquery | Value:
    """Return whether the desk has more people than are all read; its last column."""
    if kind is TargetKind.PERSON:
        return Value(None, output_field=BooleanField())
    members = MEMBERS[kind](OuterRef("pk")).order_by("position")
    return Subquery(members.values("pk")[large_desks.MOST_READ : large_desks.MOST_READ + 1])


def _desks(lock: Callable[[Rows], Rows]) -> dict[TargetKind, Query]:
    def query(kind: TargetKind, rows: Rows) -> Query:
        fields, more = _DESK_FIELDS[kind], _one_too_many(kind)
        return Query(lambda id: lock(rows.filter(pk=id)).values_list(*fields, more), 1)

    rows_of = {
        TargetKind.TEAM: Team.objects.all(),
        TargetKind.CHANNEL: Channel.objects.all(),
        TargetKind.PERSON: User.objects.all(),
    }
    return {kind: query(kind, rows.order_by()) for kind, rows in rows_of.items()}


_SEEN = _desks(lambda rows: rows)
_LOCKED = _desks(lambda rows: rows.select_for_update(no_key=True))


def _people(kind: TargetKind) -> Query:
    def build(id: int) -> Rows:
        return MEMBERS[kind](id).order_by("position", "pk").values_list(*MEMBER_FIELDS)

    return Query(build, 1)


_PEOPLE = {
    TargetKind.TEAM: _people(TargetKind.TEAM),
    TargetKind.CHANNEL: _people(TargetKind.CHANNEL),
    TargetKind.PERSON: Query(
        lambda id: User.objects.filter(pk=id).order_by().values_list("pk", *PERSON_FIELDS), 1
    ),
}


def _load(target: Target, desks: dict[TargetKind, Query], *, at: datetime) -> Desk:
    """Lock the desk's row, then read its people: exact, because everybody queues at the desk."""
    *row, is_short = desks[target.kind].row(target.id)
    columns = dict(zip(_DESK_FIELDS[target.kind], row, strict=True))
    desk: Desk = _OPEN[target.kind](target, columns)
    by_shift = desk.strategy is Strategy.SHIFT
    on_shift = shifts.user_ids_on_shift(target.id, at=at) if by_shift else None
    if is_short:
        members = MEMBERS[target.kind](target.id)
        people = large_desks.come_first(target.kind, members, desk=desk, on_shift=on_shift)
    else:
        people = _PEOPLE[target.kind].rows(target.id)
    candidates = (Candidate(*person) for person in people)
    if on_shift is not None:
        candidates = (replace(c, is_on_shift=c.user_id in on_shift) for c in candidates)
    return replace(desk, candidates=tuple(candidates), is_short=bool(is_short))


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
