"""The files of messages: what there is to know of one, its bytes, and fetching it once more."""

from typing import Any
from uuid import UUID

from django.http import FileResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import status
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from conversations import scope
from conversations.api.callers import actor_of
from conversations.api.serializers import AttachmentOut
from conversations.downloads import file_response
from conversations.models import Attachment
from conversations.services import fetching
from conversations.services.fetching import FetchRefusedError
from teams.api.endpoints import Endpoint
from teams.api.once import once
from teams.api.operations import describe
from teams.api.permissions import caller
from teams.api.problems import ConflictProblem, NotFoundProblem
from teams.scopes import Scope


class AnythingRenderer(BaseRenderer):
    """Lets a client ask for any kind of file; a refusal is JSON, whatever was asked for."""

    media_type, format, charset = "*/*", "file", None

    def render(self, data: Any, *more: Any) -> bytes:
        return JSONRenderer().render(data, *more)


class AttachmentEndpoint(Endpoint):
    @describe("getAttachment", "Read what is known of a file", answer=AttachmentOut)
    def get(self, request: Request, public_id: UUID) -> Response:
        return Response(AttachmentOut(_pick(request, public_id)).data)


class AttachmentContentEndpoint(Endpoint):
    """The file itself. 404 until it is stored, and after it was removed."""

    renderer_classes = (JSONRenderer, AnythingRenderer)

    @describe("downloadAttachment", "Download a file", media="application/octet-stream")
    def get(self, request: Request, public_id: UUID) -> FileResponse:
        return file_response(_pick(request, public_id))


class AttachmentRetryEndpoint(Endpoint):
    scopes = {"POST": Scope.MESSAGES}

    @describe(
        "retryAttachment",
        "Fetch a file once more that did not come",
        answer=AttachmentOut,
        status=status.HTTP_202_ACCEPTED,
        refusals=(409,),
    )
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """202: a worker fetches it, its state follows. 409 `attachment.not_failed` for others."""
        found = _pick(request, public_id)
        try:
            again = fetching.fetch_again(found, actor=actor_of(request), now=timezone.now())
        except FetchRefusedError:
            detail = _("Only a file that could not be fetched can be fetched once more.")
            raise ConflictProblem("attachment.not_failed", detail) from None
        return Response(AttachmentOut(again).data, status=status.HTTP_202_ACCEPTED)


def _pick(request: Request, public_id: UUID) -> Attachment:
    """Return a file of a conversation that the caller may see; 404 for any other."""
    found = scope.attachments_of(caller(request)).filter(public_id=public_id).order_by("pk").first()
    if found is None:
        raise NotFoundProblem
    return found
