"""Rows become facts, in a fixed number of queries."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import InterfaceError, OperationalError, connection
from django.db.models import QuerySet, Subquery

from channels.models import Channel, ChannelMember
from conversations.actors import Actor
from conversations.models import Assignment, Contact, Conversation
from conversations.models.assignment import EndReason
from routing.engine.facts import (
    Candidate,
    ConditionSpec,
    Desk,
    KnownPerson,
    RuleSpec,
    Situation,
    Strategy,
    Target,
    TargetKind,
)
from routing.engine.rule_sets import rules_from_json
from routing.models import Rule, RuleSet
from teams.models import Membership, Team, User

_PERSON_FIELDS = (
    "name",
    "presence",
    "load",
    "capacity",
    "is_active",
    "is_receiving",
    "last_assigned_at",
)


def find_channel(*, provider: str, token: str) -> Channel | None:
    """Return the active channel with this token, and with it the version of the rules.

    It is a request's first statement, and so it is also the test whether the connection still
    works: on a broken one it is asked again over a new one.
    """
    connection.health_check_done = True  # type: ignore[attr-defined]
    try:
        return _find_channel(provider, token)
    except (OperationalError, InterfaceError):
        if connection.in_atomic_block:
            raise
        connection.close()
        return _find_channel(provider, token)


def _find_channel(provider: str, token: str) -> Channel | None:
    found: list[Any] = list(Channel.objects.raw(_channel_query(), [provider, token]))
    if not found:
        return None
    channel: Channel = found[0]
    version = found[0].rule_set_version
    found[0].rule_set_version = version and uuid.UUID(str(version))
    return channel


@lru_cache(maxsize=1)
def _channel_query() -> str:
    """Let the ORM write the query once: every message runs it, and writing it took ten times as
    long as running it. Its parameters are provider and token."""
    version = RuleSet.objects.order_by("-pk").values("version")[:1]
    found = Channel.objects.annotate(rule_set_version=Subquery(version)).filter(
        is_active=True, provider="", token=""
    )
    return str(found.order_by().query.sql_with_params()[0])


def current_version() -> uuid.UUID | None:
    """Return the version of all rules together; None before the first rule."""
    return RuleSet.objects.order_by("-pk").values_list("version", flat=True).first()


def load_rules(version: uuid.UUID | None) -> tuple[RuleSpec, ...]:
    """Return the rules of a version, by position. A version never changes, so it is kept."""
    return () if version is None else _load_version(version)


@lru_cache(maxsize=8)
def _load_version(version: uuid.UUID) -> tuple[RuleSpec, ...]:
    return rules_from_json(RuleSet.objects.get(version=version).rules)


def rule_spec(rule: Rule) -> RuleSpec:
    """Return the rule as the engine reads it."""
    if rule.team_id is not None:
        target = Target(TargetKind.TEAM, rule.team_id)
    else:
        target = Target(TargetKind.PERSON, rule.person_id or 0)
    return RuleSpec(
        id=rule.pk,
        name=rule.name,
        target=target,
        match=rule.match,
        conditions=tuple(
            ConditionSpec(c.field, c.operator, c.value) for c in rule.conditions.all()
        ),
        channel_ids=tuple(sorted(channel.pk for channel in rule.channels.all())),
        add_tags=tuple(rule.add_tags),
        set_priority=rule.set_priority,
    )


def load_situation(
    conversation: Conversation, *, text: str, is_new_contact: bool, now: datetime
) -> Situation:
    """Return the facts about a conversation that waits for a decision.

    `conversation.channel` must be loaded. A contact who is new has no history to look up.
    """
    channel = conversation.channel
    situation = Situation(
        at=now,
        zone=channel.time_zone,
        channel_id=channel.pk,
        channel_name=channel.name,
        text=text,
        is_new_contact=is_new_contact,
    )
    if is_new_contact:
        return situation
    contact = Contact.objects.select_related("permanent_agent").get(pk=conversation.contact_id)
    history = _load_history(conversation)
    return Situation(
        at=now,
        zone=channel.time_zone,
        channel_id=channel.pk,
        channel_name=channel.name,
        text=text,
        contact_tags=tuple(contact.tags),
        permanent_agent=_known(contact.permanent_agent),
        previous_owner=_known(history.last_owner),
        previous_team_id=history.last_team_id,
        holder_id=conversation.assignee_id,
        lapsed_ids=history.lapsed_ids,
    )


def load_named_situation(
    conversation: Conversation, *, actor: Actor, reason: str, now: datetime
) -> Situation:
    """Return the facts for an assignment that somebody asked for: no message, no history."""
    return Situation(
        at=now,
        zone=conversation.channel.time_zone,
        channel_id=conversation.channel_id,
        channel_name=conversation.channel.name,
        reason=reason,
        asked_by=actor.label,
        asked_by_id=actor.user_id if actor.kind == "user" else None,
    )


def load_holder_situation(conversation: Conversation, *, now: datetime) -> Situation:
    """Return the facts for giving it to somebody else than who has it or let it lapse."""
    return Situation(
        at=now,
        zone=conversation.channel.time_zone,
        channel_id=conversation.channel_id,
        channel_name=conversation.channel.name,
        holder_id=conversation.assignee_id,
        lapsed_ids=_load_history(conversation).lapsed_ids,
    )


@dataclass(frozen=True, slots=True)
class _History:
    last_owner: User | None = None
    last_team_id: int | None = None
    lapsed_ids: tuple[int, ...] = ()


def _load_history(conversation: Conversation) -> _History:
    """Read who had the conversation before, in one query, latest first.

    Whatever changes its owner gives it another version: in its first, nobody ever had it.
    """
    if conversation.version == 1:
        return _History()
    rows: Sequence[Assignment] = list(
        Assignment.objects.filter(conversation=conversation, user__isnull=False)
        .select_related("user")
        .order_by("-pk")
    )
    if not rows:
        return _History()
    lapsed = {row.user_id for row in rows if row.end_reason == EndReason.LAPSED and row.user_id}
    latest = rows[0]
    was_resolved = latest.end_reason == EndReason.RESOLVED
    return _History(
        last_owner=latest.user if was_resolved else None,
        last_team_id=latest.team_id if was_resolved else None,
        lapsed_ids=tuple(sorted(lapsed)),
    )


def _known(user: User | None) -> KnownPerson | None:
    return None if user is None else KnownPerson(user.pk, user.name, user.is_active)


#: Strategies under which a conversation can move on to somebody else.
_REASSIGNING = {Strategy.ROUND_ROBIN, Strategy.LEAST_BUSY}


class MoveOnError(Exception):
    """The locked desk cannot take it, and another must be opened: give back the lock first."""


@dataclass(slots=True)
class DeskBook:
    """Opens desks for a decision, holding at most one lock at a time.

    A decision that goes on to a second desk raises `MoveOnError`; the caller rolls back to before
    the lock and decides again, with the first desk remembered as it was seen. So two decisions
    that try the same desks in another order cannot wait for each other.
    """

    seen: dict[Target, Desk] = field(default_factory=dict)
    locked: Target | None = None

    def open(self, target: Target) -> Desk:
        if target not in self.seen:
            if self.locked is not None:
                raise MoveOnError
            self.locked = target
            self.seen[target] = _LOAD[target.kind](target, _lock_all)
        return self.seen[target]


@dataclass(slots=True)
class ReadOnlyDesks:
    """Opens desks without a lock: for previews, which change nothing."""

    seen: dict[Target, Desk] = field(default_factory=dict)

    def open(self, target: Target) -> Desk:
        if target not in self.seen:
            self.seen[target] = _LOAD[target.kind](target, _lock_nothing)
        return self.seen[target]


def _lock_all(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.select_for_update(of=("self",), no_key=True)


def _lock_nothing(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows


def _load_team(target: Target, lock: Any) -> Desk:
    """Lock the team's row, then read its people: exact, because everybody queues at the team."""
    team: Team = lock(Team.objects.filter(pk=target.id)).get()
    members = Membership.objects.filter(team_id=team.pk).order_by("position", "pk")
    return Desk(
        target=target,
        name=team.name,
        strategy=Strategy(team.strategy),
        candidates=_candidates(members),
        is_active=team.is_active,
        cursor_user_id=team.cursor_member_id,
        default_user_id=team.default_user_id,
        reassign_after_s=team.reassign_after_s if _has_timer(team) else None,
    )


def _has_timer(team: Team) -> bool:
    return team.is_reassigning and team.strategy in _REASSIGNING


def _load_channel(target: Target, lock: Any) -> Desk:
    channel: Channel = lock(Channel.objects.filter(pk=target.id)).get()
    members = ChannelMember.objects.filter(channel_id=channel.pk).order_by("position", "pk")
    return Desk(
        target=target,
        name=channel.name,
        strategy=Strategy(channel.distribution),
        candidates=_candidates(members),
        is_active=channel.is_active,
        cursor_user_id=channel.cursor_member_id,
    )


def _load_person(target: Target, lock: Any) -> Desk:
    user: User = lock(User.objects.filter(pk=target.id)).get()
    return Desk(
        target=target,
        name=user.name,
        strategy=Strategy.DIRECT,
        candidates=(Candidate(user.pk, *(getattr(user, name) for name in _PERSON_FIELDS)),),
    )


def _candidates(members: "QuerySet[Any]") -> tuple[Candidate, ...]:
    rows = members.values_list("user_id", *(f"user__{name}" for name in _PERSON_FIELDS))
    return tuple(Candidate(*row) for row in rows)


_LOAD = {
    TargetKind.TEAM: _load_team,
    TargetKind.CHANNEL: _load_channel,
    TargetKind.PERSON: _load_person,
}
