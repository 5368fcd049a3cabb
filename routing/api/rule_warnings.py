"""What is odd about the rules as they are edited."""

from typing import Any

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from routing.engine.rule_lint import RuleWarning, WarningCode
from routing.models import Rule
from routing.rendering import render_warning
from routing.services import rule_lint
from teams.api.endpoints import Endpoint
from teams.api.fields import Choice, PublicId, Text
from teams.api.operations import describe
from teams.permissions import Right


class RuleWarningOut(serializers.Serializer[Any]):
    """One oddity of one rule. `other_rule_id`: the rule that it has to do with."""

    rule_id = PublicId()
    code = Choice(choices=[code.value for code in WarningCode])
    title = Text()
    text = Text(max_length=2000)
    other_rule_id = PublicId(allow_null=True)


class RuleWarningsEndpoint(Endpoint):
    """Of the draft, in the order of its rules: all of them, since they are few."""

    rights = {"GET": Right.TEST_RULES}

    @describe("listRuleWarnings", "List what is odd about the draft", list_of=RuleWarningOut)
    def get(self, request: Request) -> Response:
        found = rule_lint.lint_draft(now=timezone.now())
        meant = {id for each in found for id in (each.rule_id, each.other_id) if id is not None}
        ids = dict(Rule.objects.filter(pk__in=meant).values_list("pk", "public_id"))
        return Response({"data": [_show(each, ids) for each in found]})


def _show(warning: RuleWarning, ids: dict[int, Any]) -> dict[str, Any]:
    title, text = render_warning(warning)
    shown: dict[str, Any] = RuleWarningOut(
        {
            "rule_id": ids[warning.rule_id],
            "code": warning.code,
            "title": title,
            "text": text,
            "other_rule_id": ids.get(warning.other_id or 0),
        }
    ).data
    return shown
