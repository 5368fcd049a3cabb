"""Rows become facts, in a fixed number of queries."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS

from channels.loaders import HOURS_VERSION, load_is_open
from channels.models import Channel
from conversations.actors import Actor
from conversations.models import Contact, Conversation
from routing import timers
from routing.engine.facts import (
    ConditionSpec,
    FlowStart,
    KnownPerson,
    RuleSpec,
    Situation,
    Target,
    TargetKind,
)
from routing.engine.rule_sets import (
    RuleRow,
    flows_from_json,
    rows_from_json,
    rules_from_json,
)
from routing.engine.written import Written
from routing.histories import History, load_history
from routing.models import AiRun, Rule, RuleSet
from routing.models.ai_agent import MAY_RETURN
from teams.models import Team, User
from teams.queries import Query, ask_first


def find_channel(*, provider: str, token: str) -> Channel | None:
    """Return the active channel with this token, and the versions of the rules and its hours.

    It is a request's first statement.
    """
    found = ask_first(lambda: _CHANNEL.rows(provider, token))
    if not found:
        return None
    *columns, version, hours_version = found[0]
    channel = Channel.from_db(DEFAULT_DB_ALIAS, _CHANNEL_FIELDS, columns)
    vars(channel)["rule_set_version"] = version
    vars(channel)[HOURS_VERSION] = hours_version
    return channel


def find_channel_of_number(*, provider: str, number_id: str) -> Channel | None:
    """Return the active channel with this phone number ID."""
    token = (
        Channel.objects.filter(is_active=True, provider=provider, phone_number_id=number_id)
        .values_list("token", flat=True)
        .first()
    )
    return find_channel(provider=provider, token=token) if token else None


# In the order of the model. The other columns are read when somebody asks for them.
_CHANNEL_FIELDS = (
    "id",
    "public_id",
    "name",
    "provider",
    "medium",
    "token",
    "account_sid",
    "auth_token",
    "second_auth_token",
    "api_key_sid",
    "api_key_secret",
    "phone_number",
    "messaging_service_sid",
    "phone_number_id",
    "access_token",
    "app_secret",
    "verify_token",
    "business_account_id",
    "dev_key",
    "dev_secret",
    "time_zone",
    "language",
    "hours_id",
    "has_greeting",
    "has_unavailable_message",
    "stop_words",
    "start_words",
)
_CHANNEL = Query(
    lambda provider, token: (
        Channel.objects.order_by()
        .filter(is_active=True, provider=provider, token=token)
        .annotate(rule_set_version=RuleSet.objects.order_by("-pk").values("version")[:1])
        .values_list(*_CHANNEL_FIELDS, "rule_set_version", "hours__version")
    ),
    "provider",
    "token",
)


def current_version() -> uuid.UUID | None:
    """Return the version of all rules together; None before the first rule."""
    return RuleSet.objects.order_by("-pk").values_list("version", flat=True).first()


def load_rules(version: uuid.UUID | None) -> tuple[RuleSpec, ...]:
    """Return the rules of a version, by position. A version never changes, so it is kept."""
    return () if version is None else _load_version(version).rules


def load_ai_agent_ids(version: uuid.UUID | None, *, channel_id: int) -> tuple[int, ...]:
    """Return the AI agents that a channel asks, in their order, as they were in a version."""
    return () if version is None else _load_version(version).ai_agents.get(channel_id, ())


def load_flow_starts(version: uuid.UUID | None, *, channel_id: int) -> tuple[FlowStart, ...]:
    """Return what starts the flows that serve a channel, in their order, as of a version."""
    starts = () if version is None else _load_version(version).flows
    return tuple(
        start for start in starts if not start.channel_ids or channel_id in start.channel_ids
    )


@dataclass(frozen=True, slots=True)
class _Version:
    rules: tuple[RuleSpec, ...]
    ai_agents: dict[int, tuple[int, ...]]
    flows: tuple[FlowStart, ...]


@lru_cache(maxsize=8)
def _load_version(version: uuid.UUID) -> _Version:
    stored = RuleSet.objects.get(version=version)
    by_channel = {int(channel): tuple(ids) for channel, ids in stored.ai_agents.items()}
    return _Version(rules_from_json(stored.rules), by_channel, flows_from_json(stored.flows))


def load_draft() -> tuple[RuleSpec, ...]:
    """Return the active rules as they are being edited, by position; published or not."""
    return tuple(row.spec for row in load_draft_rows() if row.is_active)


def load_draft_rows() -> tuple[RuleRow, ...]:
    """Return all rules as they are being edited, by position, also those that are off."""
    rules = Rule.objects.order_by("position", "pk").prefetch_related("conditions", "channels")
    return tuple(
        RuleRow(rule_spec(rule), str(rule.public_id), is_active=rule.is_active, note=rule.note)
        for rule in rules
    )


def load_published_rows() -> tuple[RuleRow, ...]:
    """Return all rules of the newest version, by position, also those that are off."""
    newest = RuleSet.objects.order_by("-pk").first()
    return rows_from_json(newest.rules) if newest else ()


def rule_spec(rule: Rule) -> RuleSpec:
    """Return the rule as the engine reads it."""
    if rule.team_id is not None:
        target = Target(TargetKind.TEAM, rule.team_id)
    elif rule.ai_agent_id is not None:
        target = Target(TargetKind.AI, rule.ai_agent_id)
    elif rule.flow_id is not None:
        target = Target(TargetKind.FLOW, rule.flow_id)
    else:
        target = Target(TargetKind.PERSON, rule.person_id or 0)
    return RuleSpec(
        id=rule.pk,
        name=rule.name,
        target=target,
        match=rule.match,
        conditions=tuple(
            ConditionSpec(c.field, c.operator, c.value, c.group) for c in rule.conditions.all()
        ),
        channel_ids=tuple(sorted(channel.pk for channel in rule.channels.all())),
        add_tags=tuple(rule.add_tags),
        set_priority=rule.set_priority,
        pins_contact=rule.pins_contact,
    )


def load_situation(
    conversation: Conversation,
    *,
    message: Written,
    is_new_contact: bool,
    now: datetime,
    reopener: Actor | None = None,
) -> Situation:
    """Return the facts about a conversation that waits for a decision.

    `conversation.channel` must be loaded. A contact who is new must be there with what is known,
    and has no history to look up. `reopener` is who reopened it, where that was not the customer.
    """
    channel = conversation.channel
    situation = Situation(
        at=now,
        zone=channel.time_zone,
        channel_id=channel.pk,
        channel_name=channel.name,
        text=message.text,
        message_types=message.types,
        is_new_contact=is_new_contact,
        is_open=load_is_open(channel, at=now),
    )
    if is_new_contact:
        return replace(situation, contact_phone=conversation.contact.phone)
    contact = Contact.objects.select_related("permanent_agent").get(pk=conversation.contact_id)
    history = load_history(conversation)
    return replace(
        situation,
        **contact_facts(contact),
        conversation_tags=tuple(conversation.tags),
        conversation_priority=conversation.priority,
        previous_owner=_known(history.last_owner),
        previous_team_id=history.last_team_id,
        asked_by=reopener.label if reopener else "",
        holder_id=conversation.assignee_id,
        lapsed_ids=history.lapsed_ids,
    )


def contact_facts(contact: Contact) -> dict[str, Any]:
    """Return what a situation says of a contact who wrote before."""
    return {
        "contact_tags": tuple(contact.tags),
        "contact_phone": contact.phone,
        "contact_language": contact.language,
        "contact_attributes": contact.attributes,
        "permanent_agent": _known(contact.permanent_agent),
    }


def add_ai_agents(
    situation: Situation,
    *,
    conversation: Conversation,
    rules: Sequence[RuleSpec],
    ai_agent_ids: tuple[int, ...],
) -> Situation:
    """Return the facts with what is to be known of AI agents, where one may be asked at all."""
    may_be_asked = ai_agent_ids or any(rule.target.kind is TargetKind.AI for rule in rules)
    if not may_be_asked:
        return situation
    # Whatever ends an AI agent's part gives the conversation another version.
    is_fresh = situation.is_new_contact or conversation.version == 1
    silenced = AiRun.objects.filter(conversation=conversation, ended_at__isnull=False)
    silenced = silenced.exclude(end_reason__in=MAY_RETURN)
    return replace(
        situation,
        ai_agent_ids=ai_agent_ids,
        is_ai_silent=not is_fresh and silenced.exists(),
    )


def load_handover_situation(
    conversation: Conversation, *, name: str, reason: str, now: datetime
) -> Situation:
    """Return the facts for people going on where an AI agent, by its name, ended."""
    contact = Contact.objects.select_related("permanent_agent").get(pk=conversation.contact_id)
    return Situation(
        at=now,
        zone=conversation.channel.time_zone,
        channel_id=conversation.channel_id,
        channel_name=conversation.channel.name,
        permanent_agent=_known(contact.permanent_agent),
        asked_by=name,
        reason=reason,
        lapsed_ids=load_history(conversation).lapsed_ids,
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


def load_holder_situation(
    conversation: Conversation, *, history: History, now: datetime
) -> Situation:
    """Return the facts for giving it to somebody else than who has it or let it lapse."""
    return Situation(
        at=now,
        zone=conversation.channel.time_zone,
        channel_id=conversation.channel_id,
        channel_name=conversation.channel.name,
        holder_id=conversation.assignee_id,
        lapsed_ids=history.lapsed_ids,
        tries=history.tries + (conversation.assignee_id is not None),
        waited_s=_waited_s(conversation, since=history.in_team_since, now=now),
        former_team_ids=history.former_team_ids,
    )


def _waited_s(conversation: Conversation, *, since: datetime | None, now: datetime) -> int:
    """Return how long it has been with its team, where the team has a limit for that."""
    if since is None or conversation.team_id is None:
        return 0
    limited = Team.objects.filter(pk=conversation.team_id, escalate_after_s__isnull=False)
    team = limited.select_related("hours").first()
    return 0 if team is None else timers.waited_s(team, since=since, now=now)


def _known(user: User | None) -> KnownPerson | None:
    return None if user is None else KnownPerson(user.pk, user.name, user.is_active)
