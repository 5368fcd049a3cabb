"""Deliveries: what each endpoint was sent, what came of it, and sending it again."""

from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from channels.models import Endpoint
from conversations.api.endpoint_serializers import (
    REPLAYED,
    DeliveryOut,
    DeliveryParameters,
    ReplayBody,
    ReplayOut,
)
from conversations.api.endpoints import RIGHTS, SCOPES
from conversations.models import EndpointDelivery
from conversations.services import forward_replays
from teams.api.endpoints import Endpoint as View
from teams.api.once import once
from teams.api.operations import describe
from teams.api.problems import FieldProblem, NotFoundProblem

_COLUMNS = {
    "endpoint": "endpoint__public_id",
    "conversation": "event__conversation__public_id",
    "type": "event_type",
    "status": "status",
}


class DeliveriesView(View):
    scopes = SCOPES
    rights = RIGHTS
    parameters = DeliveryParameters
    orderings = {"-id": ("-pk",), "id": ("pk",)}

    @describe("listDeliveries", "List what was sent", page_of=DeliveryOut)
    def get(self, request: Request) -> Response:
        wanted = {_COLUMNS[name]: value for name, value in self.filters.items()}
        return self.page(_shown().filter(**wanted), serializer=DeliveryOut)


class DeliveryView(View):
    scopes = SCOPES
    rights = RIGHTS

    @describe("getDelivery", "Read one delivery", answer=DeliveryOut)
    def get(self, request: Request, public_id: UUID) -> Response:
        return Response(DeliveryOut(_pick(public_id)).data)


class DeliveryRetryView(View):
    scopes = SCOPES
    rights = RIGHTS

    @describe("retryDelivery", "Send it again", answer=DeliveryOut, status=status.HTTP_202_ACCEPTED)
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Under the same id. What waits for its next try is tried now; what waits for an earlier
        event of its conversation stays behind it.
        """
        delivery = forward_replays.send_again(_pick(public_id), now=timezone.now())
        return Response(DeliveryOut(delivery).data, status=status.HTTP_202_ACCEPTED)


class DeliveryReplayView(View):
    scopes = SCOPES
    rights = RIGHTS

    @describe(
        "replayDeliveries",
        "Send many again",
        body=ReplayBody,
        answer=ReplayOut,
        status=status.HTTP_202_ACCEPTED,
        examples={"all dead letters": {"endpoint_id": "01990000-0000-7000-8000-000000000000"}},
    )
    @once
    def post(self, request: Request) -> Response:
        """The dead letters unless told otherwise, each conversation's in their order."""
        body = self.read_body(ReplayBody)
        endpoint = Endpoint.objects.filter(public_id=body["endpoint_id"]).order_by("pk").first()
        if endpoint is None:
            sentence = _("There is no such endpoint.")
            raise FieldProblem({"endpoint_id": ("does_not_exist", sentence)})
        count = forward_replays.replay(
            endpoint,
            statuses=REPLAYED[body.get("status", "dead")],
            since=body.get("since"),
            until=body.get("until"),
            now=timezone.now(),
        )
        return Response({"count": count}, status=status.HTTP_202_ACCEPTED)


def _shown() -> QuerySet[EndpointDelivery]:
    rows: QuerySet[EndpointDelivery] = EndpointDelivery.objects.select_related(
        "endpoint", "event__conversation"
    )
    return rows


def _pick(public_id: UUID) -> EndpointDelivery:
    delivery = _shown().filter(public_id=public_id).order_by("pk").first()
    if delivery is None:
        raise NotFoundProblem
    return delivery
