"""Ratings: what customers were asked, and what they said."""

from typing import Any

from django.db.models import Q, QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from channels.api.serializers import ChannelBrief
from conversations import scope
from conversations.api.serializers import BlankAsNull, ContactBrief
from conversations.csat import HIGHEST, LOWEST
from conversations.models import Survey, SurveyStatus
from teams.api.bodies import Parameters
from teams.api.endpoints import Endpoint
from teams.api.fields import UUID_FORM, Choice, Instant, PublicId, Text, Whole
from teams.api.operations import describe
from teams.api.permissions import caller
from teams.api.serializers import Out, PersonBrief, TeamBrief
from teams.models import Role, User


class SurveyParameters(Parameters):
    """`since` and `until` are about when the conversation was resolved: from, and before."""

    status = Choice(choices=SurveyStatus.values, required=False)
    rating = Whole(required=False, min_value=LOWEST, max_value=HIGHEST)
    has_comment = serializers.BooleanField(required=False)
    agent = PublicId(required=False)
    team = Text(required=False, max_length=64)
    channel = PublicId(required=False)
    contact = PublicId(required=False)
    conversation = PublicId(required=False)
    since = Instant(required=False)
    until = Instant(required=False)

    def get_fields(self) -> dict[str, Any]:
        """Read the rating as an address has it: in digits."""
        whole = serializers.IntegerField(required=False, min_value=LOWEST, max_value=HIGHEST)
        return {**super().get_fields(), "rating": whole}


class SurveyListed(Out):
    conversation_id = PublicId(source="conversation.public_id")
    contact = ContactBrief(source="conversation.contact")
    channel = ChannelBrief(source="conversation.channel")
    agent = PersonBrief(allow_null=True)
    team = TeamBrief(allow_null=True)
    comment = BlankAsNull()
    skip_reason = BlankAsNull()
    question_status = serializers.SerializerMethodField()
    comment_hidden_at = Instant(allow_null=True)
    resolved_at = Instant(source="created_at")

    class Meta:
        model = Survey
        fields = (
            "conversation_id",
            "resolution",
            "status",
            "skip_reason",
            "question_status",
            "rating",
            "comment",
            "comment_hidden_at",
            "contact",
            "channel",
            "agent",
            "team",
            "resolved_at",
            "answered_at",
        )

    @extend_schema_field(Text(allow_null=True))
    def get_question_status(self, survey: Survey) -> str | None:
        """Return how the question fared on its way: `sent`, `delivered`, `failed`, …"""
        return survey.question.delivery_status if survey.question else None


class SurveyListedToAgents(SurveyListed):
    comment = BlankAsNull(source="comment_for_agents")


class SummaryOut(serializers.Serializer[Any]):
    """`share_good` is that of 4 and 5, from 0 to 1; both it and `mean` are null without ratings."""

    asked = Whole()
    answered = Whole()
    share_good = serializers.FloatField(source="share", allow_null=True)
    mean = serializers.FloatField(allow_null=True)
    counts = serializers.DictField(child=Whole())


class SurveysEndpoint(Endpoint):
    parameters = SurveyParameters
    orderings = {"-id": ("-pk",), "id": ("pk",)}

    @describe("listSurveys", "List ratings", page_of=SurveyListed)
    def get(self, request: Request) -> Response:
        rows = _narrow(caller(request), self.filters)
        company = ("conversation__contact", "conversation__channel", "agent", "team", "question")
        sees_all = caller(request).role >= Role.SUPERVISOR
        shape = SurveyListed if sees_all else SurveyListedToAgents
        return self.page(rows.select_related(*company), serializer=shape)


class SurveySummaryEndpoint(Endpoint):
    """The same filters as the list, in numbers."""

    parameters = SurveyParameters

    @describe("summariseSurveys", "Ratings in numbers", answer=SummaryOut)
    def get(self, request: Request) -> Response:
        return Response(SummaryOut(_narrow(caller(request), self.filters).summary()).data)


def _narrow(user: User, filters: dict[str, Any]) -> Any:
    rows: QuerySet[Survey] = scope.surveys_of(user)
    for name, value in filters.items():
        rows = rows.filter(_CONDITIONS[name](value))
    return rows


def _of_team(reference: str) -> Q:
    key = "public_id" if UUID_FORM.match(reference) else "code"
    return Q(**{f"team__{key}": reference})


_CONDITIONS: dict[str, Any] = {
    "status": lambda value: Q(status=value),
    "rating": lambda value: Q(rating=value),
    "has_comment": lambda value: ~Q(comment="") if value else Q(comment=""),
    "agent": lambda value: Q(agent__public_id=value),
    "team": _of_team,
    "channel": lambda value: Q(conversation__channel__public_id=value),
    "contact": lambda value: Q(conversation__contact__public_id=value),
    "conversation": lambda value: Q(conversation__public_id=value),
    "since": lambda value: Q(created_at__gte=value),
    "until": lambda value: Q(created_at__lt=value),
}
