"""Rules, to be read. They are changed in the admin."""

from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from routing.api.serializers import RuleOut
from routing.models import Rule
from routing.rule_figures import with_figures
from teams.api.endpoints import Endpoint
from teams.api.operations import describe
from teams.api.problems import NotFoundProblem


class RulesEndpoint(Endpoint):
    """In the order in which they are tried."""

    orderings = {"position": ("position", "pk")}

    @describe("listRules", "List the rules in their order", page_of=RuleOut)
    def get(self, request: Request) -> Response:
        return self.page(_shown(), serializer=RuleOut)


class RuleEndpoint(Endpoint):
    @describe("getRule", "Read one rule", answer=RuleOut)
    def get(self, request: Request, public_id: UUID) -> Response:
        rule = _shown().filter(public_id=public_id).order_by("pk").first()
        if rule is None:
            raise NotFoundProblem
        return Response(RuleOut(rule).data)


def _shown() -> QuerySet[Rule]:
    rules = with_figures(Rule.objects.all(), now=timezone.now())
    return rules.select_related("team", "person", "ai_agent", "flow").prefetch_related(
        "conditions", "channels"
    )
