"""The texts that providers approved beforehand."""

from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from channels.api.serializers import ChannelBrief
from channels.models import Template, TemplateStatus
from teams.api.bodies import Parameters
from teams.api.endpoints import Endpoint
from teams.api.fields import Choice, PublicId, Text
from teams.api.operations import describe
from teams.api.problems import NotFoundProblem
from teams.api.serializers import Out


class TemplateOut(Out):
    """A template. Only one that is `approved` can be sent; `variables` are to be filled."""

    id = PublicId(source="public_id")
    channel = ChannelBrief()
    variables = serializers.ListField(child=Text())

    class Meta:
        model = Template
        fields = (
            "id",
            "channel",
            "name",
            "language",
            "category",
            "body",
            "variables",
            "status",
            "reason",
            "synced_at",
        )


class TemplateParameters(Parameters):
    channel = PublicId(required=False)
    status = Choice(choices=TemplateStatus.values, required=False)


class TemplatesEndpoint(Endpoint):
    parameters = TemplateParameters
    orderings = {"id": ("pk",), "-id": ("-pk",)}

    @describe("listTemplates", "List templates", page_of=TemplateOut)
    def get(self, request: Request) -> Response:
        """As the provider had them at `synced_at`, without those that it has no more."""
        filters: dict[str, Any] = dict(self.filters)
        if "channel" in filters:
            filters["channel__public_id"] = filters.pop("channel")
        rows = Template.objects.filter(removed_at=None, **filters).select_related("channel")
        return self.page(rows, serializer=TemplateOut)


class TemplateEndpoint(Endpoint):
    @describe("getTemplate", "Read one template", answer=TemplateOut)
    def get(self, request: Request, public_id: UUID) -> Response:
        rows = Template.objects.filter(public_id=public_id).select_related("channel")
        template = rows.order_by("pk").first()
        if template is None:
            raise NotFoundProblem
        return Response(TemplateOut(template).data)
