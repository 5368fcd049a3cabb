"""Editing rules. What is edited is the draft: it decides when it is published."""

from collections.abc import Sequence
from datetime import datetime

from channels.models import Channel
from conversations.actors import Actor
from routing.engine.conditions import ConditionSpec, validate
from routing.models import Condition, Rule
from routing.services.rule_publishing import editing


def save(
    rule: Rule,
    *,
    channels: Sequence[Channel],
    conditions: Sequence[ConditionSpec],
    actor: Actor,
    now: datetime,
    place: int | None = None,
) -> Rule:
    """Store a rule as it stands, with its channels and conditions.

    `place`: 0 is first; None leaves it where it is, and tries a new one last. Raises
    `ConditionError`, and `ValidationError` naming the fields.
    """
    for condition in conditions:
        validate(condition)
    with editing(actor=actor, now=now):
        rule.position = _position_of(rule)
        rule.full_clean()
        rule.save()
        rule.channels.set(channels)
        _write_conditions(rule, conditions)
        if place is not None:
            _put(rule, place)
    return rule


def _position_of(rule: Rule) -> int:
    """Return where the rule stands now, whatever was read before; a new one comes last."""
    positions = Rule.objects.order_by("-position").values_list("position", flat=True)
    stands = positions.filter(pk=rule.pk).first()
    return (positions.first() or 0) + 1 if stands is None else stands


def _write_conditions(rule: Rule, conditions: Sequence[ConditionSpec]) -> None:
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


def move(rule: Rule, *, to: int, actor: Actor, now: datetime) -> int:
    """Put a rule at a number (1 is first); return the number that it has then.

    Raises `Rule.DoesNotExist` where somebody removed it meanwhile.
    """
    with editing(actor=actor, now=now):
        return _put(rule, to - 1)


def shift(rule: Rule, *, by: int, actor: Actor, now: datetime) -> int:
    """Move a rule so many places down (up: less than 0); else like `move`."""
    with editing(actor=actor, now=now):
        ids = list(Rule.objects.order_by("position", "pk").values_list("pk", flat=True))
        if rule.pk not in ids:
            raise Rule.DoesNotExist
        return _put(rule, ids.index(rule.pk) + by)


def _put(rule: Rule, place: int) -> int:
    """Put a rule at a place (0 is first); the others keep their order and are numbered anew."""
    order = list(Rule.objects.order_by("position", "pk"))
    if rule not in order:
        raise Rule.DoesNotExist
    order.remove(rule)
    place = max(0, min(place, len(order)))
    order.insert(place, rule)
    _number(order)
    return place + 1


def _number(rules: Sequence[Rule]) -> None:
    for position, rule in enumerate(rules):
        rule.position = position
    Rule.objects.bulk_update(rules, ["position"])


def switch_on(rule: Rule, *, actor: Actor, now: datetime) -> None:
    """Let a rule be tried again, at its old place."""
    with editing(actor=actor, now=now):
        Rule.objects.filter(pk=rule.pk).update(is_active=True)


def switch_off(rule: Rule, *, actor: Actor, now: datetime) -> None:
    """Leave a rule out until it is switched on again."""
    with editing(actor=actor, now=now):
        Rule.objects.filter(pk=rule.pk).update(is_active=False)


def delete(rule: Rule, *, actor: Actor, now: datetime) -> None:
    """Remove a rule. Decisions keep their own copy of what it said."""
    with editing(actor=actor, now=now):
        Rule.objects.filter(pk=rule.pk).delete()
        _number(list(Rule.objects.order_by("position", "pk")))
