"""Changing rules. Every change gives the whole set a new version, so that nobody uses an old one."""

from collections.abc import Sequence

from django.db import transaction

from routing.models import Rule, RuleSet
from teams.identifiers import new_public_id


def touch() -> None:
    """Give the rules a new version, inside the transaction that changes them."""
    version = new_public_id()
    if not RuleSet.objects.filter(pk=1).update(version=version):
        RuleSet.objects.create(pk=1, version=version)


@transaction.atomic
def move(rule: Rule, *, to_position: int) -> Rule:
    """Put a rule at a place (0 is first); the others keep their order and are numbered anew."""
    RuleSet.objects.select_for_update().filter(pk=1).first()
    order = [other for other in Rule.objects.order_by("position", "pk") if other.pk != rule.pk]
    place = max(0, min(to_position, len(order)))
    order.insert(place, rule)
    renumber(order)
    return rule


@transaction.atomic
def renumber(rules: Sequence[Rule]) -> None:
    """Store this order as the order of the rules."""
    for position, rule in enumerate(rules):
        rule.position = position
    Rule.objects.bulk_update(rules, ["position"])
    touch()
