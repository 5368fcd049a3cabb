"""Opening desks for a decision: the row of the desk, locked or not, and then its people."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from channels.models import Channel, ChannelMember
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


def _people(rows: Rows) -> Rows:
    in_order = rows.order_by("position", "pk")
    return in_order.values_list("user_id", *(f"user__{name}" for name in _PERSON_FIELDS))


_PEOPLE = {
    TargetKind.TEAM: Query(lambda id: _people(Membership.objects.filter(team_id=id)), 1),
    TargetKind.CHANNEL: Query(lambda id: _people(ChannelMember.objects.filter(channel_id=id)), 1),
    TargetKind.PERSON: Query(
        lambda id: User.objects.filter(pk=id).order_by().values_list("pk", *_PERSON_FIELDS), 1
    ),
}


def _load(target: Target, desks: dict[TargetKind, Query], *, at: datetime) -> Desk:
    """Lock the desk's row, then read its people: exact, because everybody queues at the desk."""
    row = desks[target.kind].row(target.id)
    columns = dict(zip(_DESK_FIELDS[target.kind], row, strict=True))
    candidates = tuple(Candidate(*person) for person in _PEOPLE[target.kind].rows(target.id))
    desk: Desk = _OPEN[target.kind](target, columns, candidates)
    return _with_shifts(desk, at=at) if desk.strategy is Strategy.SHIFT else desk


def _with_shifts(desk: Desk, *, at: datetime) -> Desk:
    here = shifts.user_ids_on_shift(desk.target.id, at=at)
    people = (replace(c, is_on_shift=c.user_id in here) for c in desk.candidates)
    return replace(desk, candidates=tuple(people))


def _open_team(target: Target, team: dict[str, Any], people: tuple[Candidate, ...]) -> Desk:
    has_timer = team["is_reassigning"] and team["strategy"] in REASSIGNING
    return Desk(
        target=target,
        name=team["name"],
        strategy=Strategy(team["strategy"]),
        candidates=people,
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


def _open_channel(target: Target, channel: dict[str, Any], people: tuple[Candidate, ...]) -> Desk:
    return Desk(
        target=target,
        name=channel["name"],
        strategy=Strategy(channel["distribution"]),
        candidates=people,
        is_active=channel["is_active"],
        cursor_user_id=channel["cursor_member_id"],
        capacity=channel["capacity"],
    )


def _open_person(target: Target, person: dict[str, Any], people: tuple[Candidate, ...]) -> Desk:
    return Desk(target, name=person["name"], strategy=Strategy.DIRECT, candidates=people)


_OPEN = {
    TargetKind.TEAM: _open_team,
    TargetKind.CHANNEL: _open_channel,
    TargetKind.PERSON: _open_person,
}
