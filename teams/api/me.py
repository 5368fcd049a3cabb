"""Who am I, and what may I do: the first call of every client."""

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from teams.api.endpoints import Endpoint
from teams.api.fields import Instant
from teams.api.operations import describe
from teams.api.permissions import caller
from teams.api.serializers import KeyOut, MeOut, PersonOut
from teams.models import ApiKey

API_VERSION = "1"


class MeEndpoint(Endpoint):
    """The key, its owner, and the server's clock."""

    @describe("getMe", "Which key this is", answer=MeOut)
    def get(self, request: Request) -> Response:
        key = request.auth if isinstance(request.auth, ApiKey) else None
        return Response(
            {
                "user": PersonOut(caller(request)).data,
                "api_key": KeyOut(key).data if key else None,
                "version": API_VERSION,
                "now": Instant().to_representation(timezone.now()),
            }
        )
