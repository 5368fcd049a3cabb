"""Endpoints: the addresses that are told of events, their secrets and their health."""

import functools
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from channels import egress
from channels.event_filters import find_unknown
from channels.models import Channel, Endpoint
from channels.services import endpoints
from conversations.api.endpoint_serializers import (
    DeliveryOut,
    EndpointChanges,
    EndpointOut,
    EndpointParameters,
    EndpointWithSecretOut,
    NewEndpoint,
    SecretRotation,
    TestBody,
)
from conversations.event_types import EVENT_TYPES, TEST_TYPE
from conversations.services import forward_replays
from teams.api.endpoints import Endpoint as View
from teams.api.once import once
from teams.api.operations import describe
from teams.api.problems import FieldProblem, NotFoundProblem
from teams.permissions import Right
from teams.scopes import Scope

METHODS = ("GET", "HEAD", "POST", "PATCH", "DELETE")
#: What customers write leaves the house here: only those who set that up may look at it, too.
RIGHTS = dict.fromkeys(METHODS, Right.EDIT_ENDPOINTS)
SCOPES = dict.fromkeys(METHODS[2:], Scope.ENDPOINTS)
EXAMPLE = {
    "name": "CRM",
    "url": "https://crm.example.com/relaydesk",
    "event_types": ["conversation.*", "message.received"],
}

Method = Callable[..., Response]


def look_up_first(method: Method) -> Method:
    """Look at the address of the body before the transaction begins: names are asked for elsewhere,
    which may take its time.
    """

    @functools.wraps(method)
    def looked_up(self: Any, request: Request, /, *args: Any, **kwargs: Any) -> Response:
        # The body first: the framework cannot give it once it has read it itself.
        data = request.data if request.body and request.content_type else None
        url = data.get("url") if isinstance(data, dict) else None
        if isinstance(url, str) and url.strip():
            _refuse_blocked(url.strip())
        return method(self, request, *args, **kwargs)

    return looked_up


def with_secret(method: Method) -> Method:
    """Put the secret into the answer behind `once`, which keeps answers: it keeps no secrets."""

    @functools.wraps(method)
    def answered(self: Any, request: Request, /, *args: Any, **kwargs: Any) -> Response:
        response = method(self, request, *args, **kwargs)
        endpoint = _pick(response.data["id"])
        response.data = {**response.data, "secret": endpoint.secret}
        return response

    return answered


class EndpointsView(View):
    scopes = SCOPES
    rights = RIGHTS
    parameters = EndpointParameters
    orderings = {"id": ("pk",), "-id": ("-pk",)}

    @describe("listEndpoints", "List your addresses", page_of=EndpointOut)
    def get(self, request: Request) -> Response:
        names = {"channel": "channel__public_id"}
        wanted = {names.get(name, name): value for name, value in self.filters.items()}
        rows = Endpoint.objects.select_related("channel").filter(**wanted)
        return self.page(rows, serializer=EndpointOut)

    @describe(
        "createEndpoint",
        "Add an address",
        body=NewEndpoint,
        answer=EndpointWithSecretOut,
        status=status.HTTP_201_CREATED,
        examples={"two kinds of events": EXAMPLE},
    )
    @with_secret
    @look_up_first
    @once
    def post(self, request: Request) -> Response:
        """At most ten for each channel, and ten without one. The answer has the secret, once."""
        body = _read(self.read_body(NewEndpoint))
        endpoint = endpoints.create(now=timezone.now(), **body)
        return Response(EndpointWithSecretOut(endpoint).data, status=status.HTTP_201_CREATED)


class EndpointView(View):
    scopes = SCOPES
    rights = RIGHTS

    @describe("getEndpoint", "Read one address", answer=EndpointOut)
    def get(self, request: Request, public_id: UUID) -> Response:
        return Response(EndpointOut(_pick(public_id)).data)

    @describe(
        "updateEndpoint",
        "Change an address",
        body=EndpointChanges,
        answer=EndpointOut,
        refusals=(409,),
        examples={"switch it off": {"is_active": False}},
    )
    @look_up_first
    @once
    def patch(self, request: Request, public_id: UUID) -> Response:
        """Nothing is kept for it while it is not active. A new address has a clean record."""
        endpoint = _pick(public_id)
        changes = _read(self.read_body(EndpointChanges))
        endpoint = endpoints.update(endpoint, now=timezone.now(), **changes)
        return Response(EndpointOut(endpoint).data)

    @describe("deleteEndpoint", "Remove an address", status=status.HTTP_204_NO_CONTENT)
    def delete(self, request: Request, public_id: UUID) -> Response:
        """For good, with the list of what it was sent."""
        endpoints.delete(_pick(public_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


class EndpointSecretView(View):
    scopes = SCOPES
    rights = RIGHTS

    @describe(
        "rotateEndpointSecret",
        "Give an address a new secret",
        body=SecretRotation,
        answer=EndpointWithSecretOut,
        examples={"follow within an hour": {"overlap_s": 3600}},
    )
    @with_secret
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Both secrets sign until the overlap is over. The answer has the new one, once."""
        endpoint = _pick(public_id)
        overlap_s = self.read_body(SecretRotation).get("overlap_s")
        overlap = endpoints.OVERLAP if overlap_s is None else timedelta(seconds=overlap_s)
        endpoint = endpoints.rotate_secret(endpoint, now=timezone.now(), overlap=overlap)
        return Response(EndpointWithSecretOut(endpoint).data)


class EndpointTestView(View):
    scopes = SCOPES
    rights = RIGHTS

    @describe(
        "testEndpoint",
        "Send an example",
        body=TestBody,
        answer=DeliveryOut,
        status=status.HTTP_202_ACCEPTED,
        examples={"a message": {"type": "message.received"}},
    )
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """It is sent in a moment; read the delivery to see what came of it."""
        endpoint = _pick(public_id)
        type_ = self.read_body(TestBody).get("type", TEST_TYPE)
        delivery = forward_replays.send_test(endpoint, now=timezone.now(), event_type=type_)
        return Response(DeliveryOut(delivery).data, status=status.HTTP_202_ACCEPTED)


class EndpointResumeView(View):
    scopes = SCOPES
    rights = RIGHTS

    @describe("resumeEndpoint", "Send to a paused address again", answer=EndpointOut)
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """What was kept meanwhile is sent, in its order."""
        endpoint = _pick(public_id)
        forward_replays.resume(endpoint, now=timezone.now())
        return Response(EndpointOut(_pick(public_id)).data)


def _pick(public_id: UUID | str) -> Endpoint:
    rows = Endpoint.objects.select_related("channel").filter(public_id=public_id)
    endpoint: Endpoint | None = rows.order_by("pk").first()
    if endpoint is None:
        raise NotFoundProblem
    return endpoint


def _read(body: dict[str, Any]) -> dict[str, Any]:
    """Return the columns that a body means."""
    unknown = find_unknown(body.get("event_types", []), known=EVENT_TYPES)
    if unknown:
        sentence = _("Known are %(types)s, beginnings such as “message.*”, and “*”.")
        known = {"types": ", ".join(EVENT_TYPES)}
        raise FieldProblem({"event_types": ("unknown_event_type", sentence % known)})
    if "channel_id" in body:
        body["channel"] = _channel(body.pop("channel_id"))
    return body


def _channel(public_id: UUID | None) -> Channel | None:
    if public_id is None:
        return None
    channel = Channel.objects.filter(public_id=public_id).order_by("pk").first()
    if channel is None:
        sentence = _("There is no such channel.")
        raise FieldProblem({"channel_id": ("does_not_exist", sentence)})
    return channel


def _refuse_blocked(url: str) -> None:
    try:
        egress.check_url(url)
    except egress.BlockedAddressError as error:
        sentence = _(egress.REASONS[error.reason])
        raise FieldProblem({"url": ("blocked_url", sentence)}, code="blocked_url") from None
