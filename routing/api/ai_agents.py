"""AI agents: read, started and stopped. They are set up in the admin; keys are never shown."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from routing.ai_desks import money_starts
from routing.api.serializers import AiAgentOut
from routing.flow_uses import find_flows, needed_by
from routing.models import AiAgent, AiTurn
from routing.services import ai_agents
from teams.api.bodies import Parameters
from teams.api.endpoints import Endpoint
from teams.api.once import once
from teams.api.operations import describe
from teams.api.problems import ConflictProblem, NotFoundProblem
from teams.permissions import Right
from teams.scopes import Scope


class AiAgentsEndpoint(Endpoint):
    orderings = {"name": ("name", "pk")}

    @describe("listAiAgents", "List AI agents", page_of=AiAgentOut)
    def get(self, request: Request) -> Response:
        return self.page(_shown(), serializer=AiAgentOut)


class AiAgentEndpoint(Endpoint):
    @describe("getAiAgent", "Read one AI agent", answer=AiAgentOut)
    def get(self, request: Request, public_id: UUID) -> Response:
        return Response(AiAgentOut(_pick(public_id)).data)


class AiAgentStartEndpoint(Endpoint):
    """It answers from the next message on. One that runs stays as it is."""

    scopes = {"POST": Scope.CHANNELS}
    rights = {"POST": Right.EDIT_RULES}

    @describe("startAiAgent", "Start an AI agent", answer=AiAgentOut)
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        agent = _pick(public_id)
        ai_agents.start(agent, now=timezone.now())
        return Response(AiAgentOut(agent).data)


class StopSwitches(Parameters):
    """`anyway`: stop it even where flows need it; they pass it over, and people go on."""

    anyway = serializers.BooleanField(required=False)


class AiAgentStopEndpoint(Endpoint):
    """It answers no more, and whoever waits for it goes to people.

    Refused (409 `ai_agent.in_use`) while a flow gives conversations to it, unless `anyway` is true.
    """

    scopes = {"POST": Scope.CHANNELS}
    rights = {"POST": Right.EDIT_RULES}
    switches = StopSwitches

    @describe("stopAiAgent", "Stop an AI agent", answer=AiAgentOut, refusals=(409,))
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        agent = _pick(public_id)
        flows = [] if self.filters.get("anyway") else find_flows(agent)
        if flows:
            raise ConflictProblem("ai_agent.in_use", needed_by(flows))
        ai_agents.stop(agent, now=timezone.now())
        return Response(AiAgentOut(agent).data)


def _shown() -> QuerySet[AiAgent]:
    day, month = money_starts(timezone.now())
    return AiAgent.objects.annotate(
        held_count=Count("runs", filter=Q(runs__ended_at=None)),
        spent_today=_spent(since=day),
        spent_this_month=_spent(since=month),
    ).prefetch_related("links__channel")


def _spent(*, since: datetime) -> Coalesce:
    """Return what an AI agent has spent since an instant, as a column."""
    own = AiTurn.objects.filter(
        ai_agent=OuterRef("pk"), currency=OuterRef("currency"), started_at__gte=since
    )
    total = own.order_by().values("ai_agent").annotate(total=Sum("cost")).values("total")
    return Coalesce(Subquery(total), Value(Decimal(0)), output_field=AiTurn._meta.get_field("cost"))


def _pick(public_id: UUID) -> AiAgent:
    agent = _shown().filter(public_id=public_id).order_by("pk").first()
    if agent is None:
        raise NotFoundProblem
    return agent
