"""What a callback of a conversation is unless somebody says otherwise."""

from uuid import UUID

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from callbacks.api.serializers import UsualOut
from callbacks.services import scheduling
from conversations.api.conversations import pick_conversation
from teams.api.endpoints import Endpoint
from teams.api.operations import describe
from teams.api.permissions import caller


class UsualCallbackEndpoint(Endpoint):
    """The defaults of a form: time, number and team, and what may be chosen."""

    @describe("getUsualCallback", "Read a callback's defaults", answer=UsualOut)
    def get(self, request: Request, public_id: UUID) -> Response:
        conversation = pick_conversation(request, public_id)
        usual = scheduling.usual(conversation, now=timezone.now(), user=caller(request))
        return Response(UsualOut(usual).data)
