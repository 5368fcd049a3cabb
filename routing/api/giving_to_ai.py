"""Giving a conversation to an AI agent."""

from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from conversations.api.callers import actor_of
from conversations.api.conversations import pick_conversation
from routing.api.reach import refuse_target
from routing.api.serializers import LatestDecisionOut, show_decision
from routing.models import AiAgent
from routing.services import giving_to_ai
from teams.api.bodies import Body
from teams.api.endpoints import Endpoint
from teams.api.fields import PublicId, Text
from teams.api.once import once
from teams.api.operations import describe
from teams.api.permissions import caller
from teams.api.problems import FieldProblem
from teams.scopes import Scope

MOST_REASON = 200
NO_SUCH_AGENT = ("unknown_ai_agent", _("There is no AI agent with this id."))


class HandToAiBody(Body):
    """Which AI agent of the channel, and why, in the words of whoever says so."""

    ai_agent_id = PublicId()
    reason = Text(required=False, allow_blank=True, default="", max_length=MOST_REASON)


class HandToAiEndpoint(Endpoint):
    """An AI agent that serves the channel gets an open conversation; no person has it then."""

    scopes = {"POST": Scope.ASSIGN}

    @describe(
        "handToAi",
        "Give a conversation to an AI agent",
        body=HandToAiBody,
        answer=LatestDecisionOut,
        refusals=(403, 404, 409),
        examples={
            "hand it over": {
                "ai_agent_id": "0199c0de-0000-7000-8000-000000000311",
                "reason": "A question about opening hours.",
            }
        },
    )
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """The answer is the decision. Refused: it is not open, or the AI agent cannot take it."""
        conversation = pick_conversation(request, public_id)
        body = self.read_body(HandToAiBody)
        refuse_target(caller(request), conversation, team=None, person=None)
        agent = AiAgent.objects.filter(public_id=body["ai_agent_id"]).first()
        if agent is None:
            raise FieldProblem({"ai_agent_id": NO_SUCH_AGENT})
        decision = giving_to_ai.give_to_ai(
            conversation,
            agent=agent,
            reason=body["reason"],
            actor=actor_of(request),
            now=timezone.now(),
        )
        whose = {"conversation_id": str(conversation.public_id), "as_of_now": None}
        return Response({**whose, **(show_decision(decision) or {})})
