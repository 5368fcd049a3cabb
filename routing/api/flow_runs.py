"""Runs of flows: where they stand, what each step did, and stopping one."""

from typing import Any
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from conversations import scope
from conversations.api.callers import actor_of
from routing.api.flow_shapes import FlowRunOut, FlowRunWithLogOut, RunParameters
from routing.models import FlowRun, FlowRunStep
from routing.services import flow_runs
from teams.api.endpoints import Endpoint
from teams.api.once import once
from teams.api.operations import describe
from teams.api.permissions import caller
from teams.api.problems import NotFoundProblem
from teams.models import User
from teams.permissions import Right
from teams.scopes import Scope


class FlowRunsEndpoint(Endpoint):
    """Those in conversations that the caller may see."""

    parameters = RunParameters
    orderings = {"-id": ("-pk",), "id": ("pk",)}

    @describe("listFlowRuns", "List runs of flows", page_of=FlowRunOut)
    def get(self, request: Request) -> Response:
        rows = _shown(caller(request))
        for name, value in self.filters.items():
            rows = rows.filter(_CONDITIONS[name](value))
        return self.page(rows, serializer=FlowRunOut)


class OneFlowRunEndpoint(Endpoint):
    @describe("getFlowRun", "Read one run, with what each step did", answer=FlowRunWithLogOut)
    def get(self, request: Request, public_id: UUID) -> Response:
        return Response(FlowRunWithLogOut(_pick(request, public_id)).data)


class StopFlowRunEndpoint(Endpoint):
    """The flow is over, and people have the conversation."""

    scopes = {"POST": Scope.ASSIGN}
    rights = {"POST": Right.ASSIGN_WITHIN_TEAMS}

    @describe("stopFlowRun", "Stop a run", answer=FlowRunWithLogOut)
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """One that is over stays as it is."""
        run = _pick(request, public_id)
        flow_runs.stop(run, actor=actor_of(request), now=timezone.now())
        return Response(FlowRunWithLogOut(_pick(request, public_id)).data)


_CONDITIONS: dict[str, Any] = {
    "flow": lambda value: Q(flow__public_id=value),
    "conversation": lambda value: Q(conversation__public_id=value),
    "status": lambda value: Q(status=value),
}


def _shown(user: User) -> QuerySet[FlowRun]:
    visible = scope.conversations_of(user).values("pk")
    runs = FlowRun.objects.filter(conversation__in=visible)
    return runs.select_related("flow", "version", "conversation__contact")


def _pick(request: Request, public_id: UUID) -> FlowRun:
    steps = Prefetch("log", FlowRunStep.objects.order_by("position"))
    rows = _shown(caller(request)).prefetch_related(steps)
    run = rows.filter(public_id=public_id).order_by("pk").first()
    if run is None:
        raise NotFoundProblem
    return run
