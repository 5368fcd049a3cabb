"""A rule as other systems write it, and what becomes of it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from channels.models import Channel
from routing.engine.condition_words import PROBLEMS
from routing.engine.conditions import MAX_VALUE_LENGTH, ConditionError, ConditionSpec, validate
from routing.engine.fields import Operator
from routing.forms import HIGHEST_PRIORITY, LARGEST_ORDER, LOWEST_PRIORITY, MOST_TAGS
from routing.models import AiAgent, Flow, Rule
from routing.models.rule import LONGEST_NOTE, Match
from teams.api.bodies import Body
from teams.api.fields import Choice, Flag, PublicId, Text, TextList, Whole
from teams.api.problems import FieldProblem
from teams.models import Team, User

MOST_CONDITIONS, MOST_CHANNELS = 50, 100
ONE_TARGET = ("one_of", _("Name one: a team, a person, an AI agent or a flow."))
NO_SUCH = ("not_found", _("There is nothing with this id."))
ONLY_PEOPLE = ("person_required", _("Only a person can keep a customer for good."))

#: Whom a rule may name. Who is not active, and a flow that was never published, is nobody.
_TARGETS: Mapping[str, Callable[[], QuerySet[Any]]] = {
    "team": lambda: Team.objects.active(),
    "person": lambda: User.objects.active(),
    "ai_agent": lambda: AiAgent.objects.all(),
    "flow": lambda: Flow.objects.filter(published__isnull=False),
}
_PLAIN = ("name", "is_active", "match", "add_tags", "set_priority", "pins_contact", "note")


class ConditionBody(Body):
    field = Text(max_length=96)
    operator = Choice(choices=[operator.value for operator in Operator])
    value = Text(required=False, allow_null=True, allow_blank=True, max_length=MAX_VALUE_LENGTH)
    group = Text(required=False, allow_null=True, allow_blank=True, max_length=1)


class RuleChanges(Body):
    """What is there replaces what was. Naming one target takes the others away.

    `position`: 0 is tried first.
    """

    name = Text(max_length=120, required=False)
    position = Whole(min_value=0, max_value=LARGEST_ORDER, required=False)
    is_active = Flag(required=False)
    match = Choice(choices=Match.values, required=False)
    conditions = ConditionBody(many=True, required=False, max_length=MOST_CONDITIONS)  # type: ignore[call-arg]
    channel_ids = serializers.ListField(child=PublicId(), required=False, max_length=MOST_CHANNELS)
    team_id = PublicId(required=False, allow_null=True)
    person_id = PublicId(required=False, allow_null=True)
    ai_agent_id = PublicId(required=False, allow_null=True)
    flow_id = PublicId(required=False, allow_null=True)
    add_tags = TextList(required=False, max_length=MOST_TAGS)
    set_priority = Whole(
        min_value=LOWEST_PRIORITY, max_value=HIGHEST_PRIORITY, required=False, allow_null=True
    )
    pins_contact = Flag(required=False)
    note = Text(max_length=LONGEST_NOTE, required=False, allow_blank=True)


class RuleBody(RuleChanges):
    """A new rule; without a `position` it is tried last."""

    name = Text(max_length=120)


def write_on(rule: Rule, body: Mapping[str, Any]) -> None:
    """Put onto a rule what a body says. Raises `FieldProblem`."""
    for name in _PLAIN:
        if name in body:
            setattr(rule, name, body[name])
    if any(f"{name}_id" in body for name in _TARGETS):
        for name, rows in _TARGETS.items():
            setattr(rule, name, _find(rows(), f"{name}_id", body))
    if sum(getattr(rule, f"{name}_id") is not None for name in _TARGETS) != 1:
        raise FieldProblem({"team_id": ONE_TARGET})
    if rule.pins_contact and rule.person_id is None:
        raise FieldProblem({"pins_contact": ONLY_PEOPLE})


def _find(rows: QuerySet[Any], name: str, body: Mapping[str, Any]) -> Any:
    if body.get(name) is None:
        return None
    row = rows.filter(public_id=body[name]).order_by("pk").first()
    if row is None:
        raise FieldProblem({name: NO_SUCH})
    return row


def channels_of(rule: Rule, body: Mapping[str, Any]) -> Sequence[Channel]:
    """Return the channels that the rule is for: those it has if the body names none."""
    if "channel_ids" not in body:
        return list(rule.channels.all()) if rule.pk else []
    wanted = set(body["channel_ids"])
    found = list(Channel.objects.filter(public_id__in=wanted))
    if len(found) != len(wanted):
        raise FieldProblem({"channel_ids": NO_SUCH})
    return found


def conditions_of(rule: Rule, body: Mapping[str, Any]) -> Sequence[ConditionSpec]:
    """Return the rule's conditions: those it has if the body names none."""
    if "conditions" not in body:
        rows = rule.conditions.all() if rule.pk else ()
        return [ConditionSpec(row.field, row.operator, row.value, row.group) for row in rows]
    return [_read(number, said) for number, said in enumerate(body["conditions"])]


def _read(number: int, said: Mapping[str, Any]) -> ConditionSpec:
    spec = ConditionSpec(
        said["field"], said["operator"], said.get("value") or "", (said.get("group") or "").upper()
    )
    try:
        validate(spec)
    except ConditionError as error:
        why = (error.code, PROBLEMS[error.code])
        raise FieldProblem({f"conditions.{number}.{error.part}": why}) from error
    return spec
