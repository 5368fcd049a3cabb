"""Changing rules. Every change makes a new version of the whole set, which decisions then use."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from channels.models import Channel
from routing import flow_facts, loaders
from routing.engine.conditions import ConditionSpec, validate
from routing.engine.rule_sets import flows_to_json, rules_to_json
from routing.models import AiAgentChannel, Condition, Rule, RuleSet


@transaction.atomic
def publish(*, now: datetime) -> RuleSet:
    """Store the active rules as a new version, at the end of the transaction that changed them."""
    return RuleSet.objects.create(
        rules=rules_to_json(loaders.load_draft()),
        ai_agents=_ai_agents_by_channel(),
        flows=flows_to_json(flow_facts.draft_flow_starts()),
        created_at=now,
    )


def _ai_agents_by_channel() -> dict[str, list[int]]:
    """Return the AI agents of each channel in their order, those that are stopped among them."""
    links = AiAgentChannel.objects.order_by("position", "pk")
    by_channel: dict[str, list[int]] = {}
    for channel_id, ai_agent_id in links.values_list("channel_id", "ai_agent_id"):
        by_channel.setdefault(str(channel_id), []).append(ai_agent_id)
    return by_channel


@transaction.atomic
def move(rule: Rule, *, to_position: int, now: datetime) -> Rule:
    """Put a rule at a place (0 is first); the others keep their order and are numbered anew."""
    order = [other for other in Rule.objects.order_by("position", "pk") if other.pk != rule.pk]
    place = max(0, min(to_position, len(order)))
    order.insert(place, rule)
    renumber(order, now=now)
    return rule


@transaction.atomic
def renumber(rules: Sequence[Rule], *, now: datetime) -> None:
    """Store this order as the order of the rules."""
    for position, rule in enumerate(rules):
        rule.position = position
    Rule.objects.bulk_update(rules, ["position"])
    publish(now=now)


@transaction.atomic
def save(
    rule: Rule, *, channels: Sequence[Channel], conditions: Sequence[ConditionSpec], now: datetime
) -> Rule:
    """Store a rule as it stands, with its channels and conditions; a new one is tried last.

    Raises `ConditionError`, and `ValidationError` naming the fields.
    """
    for condition in conditions:
        validate(condition)
    if rule.pk is None:
        rule.position = Rule.objects.count()
    rule.full_clean()
    rule.save()
    rule.channels.set(channels)
    rule.conditions.all().delete()
    Condition.objects.bulk_create(
        Condition(
            rule=rule,
            position=place,
            field=condition.field,
            operator=condition.operator,
            value=condition.value,
            group=condition.group,
        )
        for place, condition in enumerate(conditions)
    )
    publish(now=now)
    return rule


@transaction.atomic
def switch_on(rule: Rule, *, now: datetime) -> None:
    """Let a rule be tried again, at its old place."""
    Rule.objects.filter(pk=rule.pk).update(is_active=True)
    publish(now=now)


@transaction.atomic
def switch_off(rule: Rule, *, now: datetime) -> None:
    """Leave a rule out until it is switched on again."""
    Rule.objects.filter(pk=rule.pk).update(is_active=False)
    publish(now=now)


@transaction.atomic
def delete(rule: Rule, *, now: datetime) -> None:
    """Remove a rule. Decisions keep their own copy of what it said."""
    Rule.objects.filter(pk=rule.pk).delete()
    renumber(list(Rule.objects.order_by("position", "pk")), now=now)
