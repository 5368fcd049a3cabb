"""Rules as they are edited: they decide when they are published."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from conversations.api.callers import actor_of
from routing.api.rule_bodies import (
    RuleBody,
    RuleChanges,
    channels_of,
    conditions_of,
    write_on,
)
from routing.api.serializers import RuleOut
from routing.models import Rule
from routing.rule_figures import with_figures
from routing.services import rule_publishing, rules
from teams.api.endpoints import Endpoint
from teams.api.once import once
from teams.api.operations import describe
from teams.api.problems import NotFoundProblem
from teams.permissions import Right
from teams.scopes import Scope

_EXAMPLE = {
    "refunds": {
        "name": "Refunds",
        "conditions": [{"field": "message.text", "operator": "contains", "value": "返金, refund"}],
        "team_id": "01990000-0000-7000-8000-000000000002",
        "add_tags": ["refund"],
    }
}


class RulesEndpoint(Endpoint):
    """In the order in which they are tried. What is written here is the draft."""

    orderings = {"position": ("position", "pk")}
    scopes = {"POST": Scope.RULES}
    rights = {"POST": Right.EDIT_RULES}

    @describe("listRules", "List the rules in their order", page_of=RuleOut)
    def get(self, request: Request) -> Response:
        return self.page(_shown(), serializer=RuleOut)

    @describe(
        "createRule",
        "Add a rule to the draft",
        body=RuleBody,
        answer=RuleOut,
        status=status.HTTP_201_CREATED,
        examples=_EXAMPLE,
    )
    @once
    def post(self, request: Request) -> Response:
        rule = _save(Rule(), request, self.read_body(RuleBody))
        return Response(_show(rule.public_id), status=status.HTTP_201_CREATED)


class RuleEndpoint(Endpoint):
    scopes = {"PATCH": Scope.RULES, "DELETE": Scope.RULES}
    rights = {"PATCH": Right.EDIT_RULES, "DELETE": Right.EDIT_RULES}

    @describe("getRule", "Read one rule", answer=RuleOut)
    def get(self, request: Request, public_id: UUID) -> Response:
        return Response(_show(public_id))

    @describe(
        "updateRule",
        "Change a rule of the draft",
        body=RuleChanges,
        answer=RuleOut,
        examples={"first": {"position": 0}},
    )
    @once
    def patch(self, request: Request, public_id: UUID) -> Response:
        body = self.read_body(RuleChanges)
        with transaction.atomic():
            rule_publishing.lock()  # nobody changes between reading the rule and writing it
            rule = _save(_pick(public_id), request, body)
        return Response(_show(rule.public_id))

    @describe("deleteRule", "Take a rule out of the draft", status=status.HTTP_204_NO_CONTENT)
    def delete(self, request: Request, public_id: UUID) -> Response:
        rules.delete(_pick(public_id), actor=actor_of(request), now=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


def _save(rule: Rule, request: Request, body: Mapping[str, Any]) -> Rule:
    write_on(rule, body)
    return rules.save(
        rule,
        channels=channels_of(rule, body),
        conditions=conditions_of(rule, body),
        place=body.get("position"),
        actor=actor_of(request),
        now=timezone.now(),
    )


def _pick(public_id: UUID) -> Rule:
    rule = Rule.objects.filter(public_id=public_id).order_by("pk").first()
    if rule is None:
        raise NotFoundProblem
    return rule


def _show(public_id: UUID) -> dict[str, Any]:
    rule = _shown().filter(public_id=public_id).order_by("pk").first()
    if rule is None:
        raise NotFoundProblem
    shown: dict[str, Any] = RuleOut(rule).data
    return shown


def _shown() -> QuerySet[Rule]:
    rows = with_figures(Rule.objects.all(), now=timezone.now())
    return rows.select_related("team", "person", "ai_agent", "flow").prefetch_related(
        "conditions", "channels"
    )
