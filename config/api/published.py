"""Where the description of the API is read, and the page to try it on."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.api import document


class _DocumentRenderer(BaseRenderer):
    """Passes the document on as it is; a refusal is JSON, whatever was asked for."""

    charset = "utf-8"

    def render(self, data: Any, *more: Any) -> bytes:
        return data if isinstance(data, bytes) else JSONRenderer().render(data, *more)


class JsonDocument(_DocumentRenderer):
    media_type, format = "application/json", "json"


class OpenApiJsonDocument(_DocumentRenderer):
    media_type, format = "application/vnd.oai.openapi+json", "openapi-json"


class YamlDocument(_DocumentRenderer):
    media_type, format = "application/yaml", "yaml"


class OpenApiYamlDocument(_DocumentRenderer):
    media_type, format = "application/vnd.oai.openapi", "openapi"


class SchemaEndpoint(APIView):
    """The description of the API, for everybody: it says nothing that the source does not say."""

    schema = None
    http_method_names = ["get", "head"]
    authentication_classes = ()
    permission_classes = ()
    content_negotiation_class = DefaultContentNegotiation
    renderer_classes = (JsonDocument, YamlDocument, OpenApiJsonDocument, OpenApiYamlDocument)

    def get(self, request: Request) -> Response:
        is_yaml = request.accepted_renderer.media_type in (
            YamlDocument.media_type,
            OpenApiYamlDocument.media_type,
        )
        return Response(document.as_yaml() if is_yaml else document.as_json())


@require_safe
def docs_page(request: HttpRequest) -> HttpResponse:
    """Show the operations, each to be tried with a key that is pasted in."""
    return render(request, "relaydesk/api_docs.html", {"title": _("API")})
