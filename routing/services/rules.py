"""Changing rules. Every change makes a new version of the whole set, which decisions then use."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from routing import loaders
from routing.engine.rule_sets import rules_to_json
from routing.models import Rule, RuleSet


@transaction.atomic
def publish(*, now: datetime) -> RuleSet:
    """Store the active rules as a new version, at the end of the transaction that changed them."""
    active = (
        Rule.objects.filter(is_active=True)
        .order_by("position", "pk")
        .prefetch_related("conditions", "channels")
    )
    specs = tuple(loaders.rule_spec(rule) for rule in active)
    return RuleSet.objects.create(rules=rules_to_json(specs), created_at=now)


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
