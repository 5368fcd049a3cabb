"""Flows: read, drawn, published, switched, and started."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from channels.models import Channel
from conversations import scope
from conversations.api.callers import actor_of
from routing.api.flow_shapes import (
    DraftBody,
    FlowBody,
    FlowOut,
    FlowRunOut,
    FlowVersionOut,
    PublishBody,
    RestoreBody,
    RunBody,
    fields_of,
)
from routing.engine.flow import problems
from routing.engine.flow.documents import FlowDocumentError
from routing.models import Flow, FlowRun
from routing.services import flow_starting, flows
from routing.services.flows import FlowProblemsError, Head
from teams.api.endpoints import Endpoint
from teams.api.once import once
from teams.api.operations import describe
from teams.api.permissions import caller
from teams.api.problems import ConflictProblem, FieldProblem, NotFoundProblem
from teams.permissions import Right
from teams.scopes import Scope

ONE_PLACE = ("one_of", _("Give either conversation_id or contact."))
NO_SUCH_VERSION = ("unknown_version", _("The flow has no version of this number."))
NO_SUCH_CHANNEL = ("unknown_channel", _("There is no channel with this id."))
CANNOT_BE_PUBLISHED = _("This flow cannot be published as it is drawn.")
CANNOT_BE_USED = _("This value cannot be used.")
EXAMPLE = {
    "document": {
        "steps": [
            {
                "name": "Ask",
                "kind": "question",
                "text": {"": "Which order is it about?"},
                "answer_as": "order",
                "accepts": "number",
            },
            {
                "name": "Thanks",
                "kind": "message",
                "text": {"": "Order {{order}}: we are looking into it."},
            },
        ]
    }
}


class FlowsEndpoint(Endpoint):
    """In the order in which they are tried."""

    orderings = {"position": ("position", "pk")}
    scopes = {"POST": Scope.CHANNELS}
    rights = {"POST": Right.EDIT_FLOWS}

    @describe("listFlows", "List flows", page_of=FlowOut)
    def get(self, request: Request) -> Response:
        return self.page(_shown(), serializer=FlowOut)

    @describe(
        "createFlow",
        "Draw a flow",
        body=FlowBody,
        answer=FlowOut,
        status=status.HTTP_201_CREATED,
        examples={"ask": {"name": "Orders", "trigger": "contains", "words": ["order"], **EXAMPLE}},
    )
    @once
    def post(self, request: Request) -> Response:
        """It is tried last, and customers do not meet it before it is published."""
        body, author = self.read_body(FlowBody), caller(request)
        head, document = _head(Flow(), body), body.get("document")
        assert head is not None  # noqa: S101 - it has a name
        with _named_faults(document):
            flow = flows.create(head, document=document, author=author, now=timezone.now())
        return Response(FlowOut(_pick(flow.public_id)).data, status=status.HTTP_201_CREATED)


class FlowEndpoint(Endpoint):
    scopes = {"DELETE": Scope.CHANNELS}
    rights = {"DELETE": Right.EDIT_FLOWS}

    @describe("getFlow", "Read one flow", answer=FlowOut)
    def get(self, request: Request, public_id: UUID) -> Response:
        return Response(FlowOut(_pick(public_id)).data)

    @describe("deleteFlow", "Delete a flow", status=status.HTTP_204_NO_CONTENT, refusals=(409,))
    def delete(self, request: Request, public_id: UUID) -> Response:
        """Only one that never ran and that no rule starts (409 `flow.in_use`)."""
        flows.delete(_pick(public_id), now=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class FlowDraftEndpoint(Endpoint):
    """What is drawn; customers meet it when it is published."""

    scopes = {"PUT": Scope.CHANNELS}
    rights = {"PUT": Right.EDIT_FLOWS}

    @describe(
        "saveFlowDraft",
        "Change the draft of a flow",
        body=DraftBody,
        answer=FlowOut,
        refusals=(409,),
        examples={"ask": EXAMPLE},
    )
    @once
    def put(self, request: Request, public_id: UUID) -> Response:
        """Steps that cannot be kept are refused, each by its path: `document.steps.2.text`."""
        flow, body = _pick(public_id), self.read_body(DraftBody)
        document = body.get("document")
        with _named_faults(document):
            flows.save_draft(
                flow,
                head=_head(flow, body),
                document=document,
                seen=body.get("seen"),
                author=caller(request),
                now=timezone.now(),
            )
        return Response(FlowOut(_pick(public_id)).data)


class FlowPublishEndpoint(Endpoint):
    scopes = {"POST": Scope.CHANNELS}
    rights = {"POST": Right.EDIT_FLOWS}

    @describe(
        "publishFlow",
        "Publish the draft of a flow",
        body=PublishBody,
        answer=FlowVersionOut,
        refusals=(409,),
        examples={"with a note": {"note": "Asks for the order first."}},
    )
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """It is on from then on; whoever is in it finishes on the version that they began with.

        Refused (409 `flow.problems`) with everything that is wrong, each under its path.
        """
        flow, body = _pick(public_id), self.read_body(PublishBody)
        author, now = caller(request), timezone.now()
        try:
            version = flows.publish(flow, author=author, note=body["note"], now=now)
        except FlowProblemsError as error:
            fields = fields_of(error.problems)
            raise ConflictProblem(error.code, CANNOT_BE_PUBLISHED, fields=fields) from error
        return Response(FlowVersionOut(version).data)


class FlowSwitchOnEndpoint(Endpoint):
    scopes = {"POST": Scope.CHANNELS}
    rights = {"POST": Right.EDIT_FLOWS}

    @describe("switchFlowOn", "Switch a flow on", answer=FlowOut, refusals=(409,))
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Messages and rules start it from then on, as it was published last."""
        flows.switch_on(_pick(public_id), now=timezone.now())
        return Response(FlowOut(_pick(public_id)).data)


class FlowSwitchOffEndpoint(Endpoint):
    scopes = {"POST": Scope.CHANNELS}
    rights = {"POST": Right.EDIT_FLOWS}

    @describe("switchFlowOff", "Switch a flow off", answer=FlowOut)
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """Nothing starts it from then on; whoever is in it finishes."""
        flows.switch_off(_pick(public_id), now=timezone.now())
        return Response(FlowOut(_pick(public_id)).data)


class FlowRestoreEndpoint(Endpoint):
    """What was published once is the draft again, and what was in the draft is gone."""

    scopes = {"POST": Scope.CHANNELS}
    rights = {"POST": Right.EDIT_FLOWS}

    @describe(
        "restoreFlowVersion",
        "Make a version of a flow its draft",
        body=RestoreBody,
        answer=FlowOut,
        examples={"the first": {"number": 1}},
    )
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        flow, number = _pick(public_id), self.read_body(RestoreBody)["number"]
        version = flow.versions.filter(number=number).first()
        if version is None:
            raise FieldProblem({"number": NO_SUCH_VERSION})
        flows.restore(flow, version=version, author=caller(request), now=timezone.now())
        return Response(FlowOut(_pick(public_id)).data)


class FlowVersionsEndpoint(Endpoint):
    """What was published, the newest first."""

    orderings = {"-number": ("-number", "-pk")}

    @describe("listFlowVersions", "List the versions of a flow", page_of=FlowVersionOut)
    def get(self, request: Request, public_id: UUID) -> Response:
        rows = _pick(public_id).versions.select_related("published_by")
        return self.page(rows, serializer=FlowVersionOut)


class FlowRunEndpoint(Endpoint):
    """A flow starts here because somebody says so."""

    scopes = {"POST": Scope.ASSIGN}
    rights = {"POST": Right.ASSIGN_WITHIN_TEAMS}

    @describe(
        "runFlow",
        "Start a flow",
        body=RunBody,
        answer=FlowRunOut,
        status=status.HTTP_201_CREATED,
        refusals=(409,),
        examples={
            "in a conversation": {
                "conversation_id": "0199c0de-0000-7000-8000-000000000301",
                "has_priority": True,
            }
        },
    )
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        """A live conversation is in the way (409 `conversation.open`) unless it has priority."""
        flow, body = _pick(public_id), self.read_body(RunBody)
        run = self._start(flow, body, request)
        return Response(FlowRunOut(run).data, status=status.HTTP_201_CREATED)

    def _start(self, flow: Flow, body: dict[str, Any], request: Request) -> FlowRun:
        if ("conversation_id" in body) == ("contact" in body):
            raise FieldProblem({"conversation_id": ONE_PLACE})
        user, actor, now = caller(request), actor_of(request), timezone.now()
        more = {"flow": flow, "has_priority": body["has_priority"], "actor": actor, "now": now}
        if "conversation_id" in body:
            visible = scope.conversations_of(user).filter(public_id=body["conversation_id"])
            conversation = visible.order_by("pk").first()
            if conversation is None:
                raise NotFoundProblem("conversation.not_found")
            return flow_starting.start_in(conversation, **more)
        contacts = scope.contacts_of(user).filter(public_id=body["contact"]["id"])
        contact = contacts.order_by("pk").first()
        if contact is None:
            raise NotFoundProblem("contact.not_found")
        channel = Channel.objects.filter(public_id=body["contact"]["channel_id"]).first()
        if channel is None:
            raise NotFoundProblem("channel.not_found")
        return flow_starting.start_with(contact, channel=channel, **more)


@contextmanager
def _named_faults(document: Any) -> Iterator[None]:
    """Say of a draft that cannot be kept what is wrong with it, each at its field."""
    try:
        yield
    except FlowDocumentError as error:
        raise FieldProblem(fields_of(problems.faults_of(document))) from error
    except ValidationError as error:
        fields = dict.fromkeys(error.error_dict, ("invalid", CANNOT_BE_USED))
        raise FieldProblem(fields) from error


def _head(flow: Flow, body: dict[str, Any]) -> Head | None:
    """Return what is to stand above the steps; None if nothing of it was sent."""
    if not {"name", "description", "trigger", "words", "channel_ids"} & set(body):
        return None
    channels = tuple(flow.channels.all()) if flow.pk else ()
    if "channel_ids" in body:
        wanted = set(body["channel_ids"])
        channels = tuple(Channel.objects.filter(public_id__in=wanted).order_by("pk"))
        if len(channels) != len(wanted):
            raise FieldProblem({"channel_ids": NO_SUCH_CHANNEL})
    return Head(
        name=body.get("name", flow.name),
        trigger=body.get("trigger", flow.trigger),
        description=body.get("description", flow.description),
        words=tuple(body.get("words", flow.words)),
        channels=channels,
    )


def _shown() -> QuerySet[Flow]:
    return Flow.objects.select_related("published").prefetch_related("channels")


def _pick(public_id: UUID) -> Flow:
    flow = _shown().filter(public_id=public_id).order_by("pk").first()
    if flow is None:
        raise NotFoundProblem
    return flow
