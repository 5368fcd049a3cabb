"""Who has a conversation, who had it, and why."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from conversations.api.conversations import pick_conversation
from conversations.models import Assignment, Conversation
from routing.api.serializers import (
    AssignmentOut,
    DecisionOut,
    LatestDecisionOut,
    StretchOut,
    show_answer,
    show_decision,
    show_decisions,
)
from routing.engine.facts import Trigger
from routing.models import Decision
from routing.services import preview
from teams.api.endpoints import Endpoint
from teams.api.operations import describe
from teams.api.problems import NotFoundProblem
from teams.api.serializers import show_person, show_team

#: Stretches of ownership that are shown with the present one; older ones are in the events.
HISTORY = 100


class AssignmentEndpoint(Endpoint):
    """The owner, the history (latest first) and the latest decision."""

    @describe("getAssignment", "Who has it, and who had it", answer=AssignmentOut)
    def get(self, request: Request, public_id: UUID) -> Response:
        conversation = pick_conversation(request, public_id)
        history = list(_history(conversation)[:HISTORY])
        active = next((stretch for stretch in history if stretch.ended_at is None), None)
        pinned = conversation.contact.permanent_agent
        return Response(
            {
                "conversation_id": str(conversation.public_id),
                "status": conversation.status,
                "version": conversation.version,
                "type": active.kind if active else None,
                "team": show_team(conversation.team),
                "member": show_person(conversation.assignee),
                "assigned_at": StretchOut(active).data["started_at"] if active else None,
                "permanent_agent": show_person(pinned),
                "history": StretchOut(history, many=True).data,
                "decision": show_decision(latest_decision(conversation)),
                "as_of_now": _as_of_now(conversation),
            }
        )


class DecisionEndpoint(Endpoint):
    """The latest decision, explained in the language of the request."""

    @describe("getDecision", "Why it is where it is", answer=LatestDecisionOut)
    def get(self, request: Request, public_id: UUID) -> Response:
        conversation = pick_conversation(request, public_id)
        decision = latest_decision(conversation)
        if decision is None:
            raise NotFoundProblem("decision.not_found")
        shown = show_decisions([decision])[0]
        whose = {"conversation_id": str(conversation.public_id)}
        return Response({**whose, **shown, "as_of_now": _as_of_now(conversation)})


class ExplanationEndpoint(DecisionEndpoint):
    """The same under the name that other products use."""

    @describe("getExplanation", "Why it is where it is", answer=LatestDecisionOut)
    def get(self, request: Request, public_id: UUID) -> Response:
        return super().get(request, public_id)


class DecisionsEndpoint(Endpoint):
    """Every decision about a conversation."""

    orderings = {"-id": ("-pk",), "id": ("pk",)}

    @describe("listDecisions", "List all decisions about it", page_of=DecisionOut)
    def get(self, request: Request, public_id: UUID) -> Response:
        conversation = pick_conversation(request, public_id)
        decisions = self.paginate_queryset(Decision.objects.filter(conversation=conversation))
        return self.get_paginated_response(show_decisions(decisions or []))


def latest_decision(conversation: Conversation) -> Decision | None:
    return Decision.objects.filter(conversation=conversation).order_by("-pk").first()


def _as_of_now(conversation: Conversation) -> dict[str, Any] | None:
    """Return why it waits, asked anew: what was stored may be long ago."""
    now = timezone.now()
    answer = preview.why_waiting(conversation, now=now)
    return show_answer(answer, trigger=Trigger.WAITING, now=now)


def _history(conversation: Conversation) -> QuerySet[Assignment]:
    return (
        Assignment.objects.filter(conversation=conversation)
        .select_related("team", "user", "actor", "decision")
        .order_by("-pk")
    )
