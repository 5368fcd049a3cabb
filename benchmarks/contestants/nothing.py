"""A view that does nothing: Django and all our middleware, the signature, the fields, no rows."""

import json
import os

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from channels.providers import adapter_for
from channels.providers.base import ChannelConfig
from routing import webhooks

DOOR = json.loads(os.environ["BENCHMARK_WORLD"])["door"]
CONFIG = ChannelConfig(
    provider="twilio",
    medium="whatsapp",
    account_sid=DOOR["account_sid"],
    auth_token=DOOR["auth_token"],
    phone_number=DOOR["number"],
)


@csrf_exempt
def inbound(request: HttpRequest, provider: str, token: str) -> HttpResponse:
    adapter = adapter_for(provider)
    inbound_request = webhooks._read(request)
    adapter.verify(inbound_request, CONFIG)
    adapter.parse_inbound(inbound_request, CONFIG)
    content_type, body = adapter.door_answer
    return HttpResponse(body, content_type=content_type)


urlpatterns = [path("webhooks/<slug:provider>/<slug:token>/", inbound)]
