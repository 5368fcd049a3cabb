"""The addresses of that API that have to do with callbacks."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from callbacks.api.facade import calls, envelopes, orders, shapes
from callbacks.api.facade.bodies import (
    BulkDisconnectBody,
    BulkPatchBody,
    CallbackBody,
    ConversationCallbackBody,
    PageParameters,
    ParticipantBody,
    PatchBody,
    StateBody,
)
from callbacks.api.facade.orders import Caller
from callbacks.models import Callback
from callbacks.querysets import mine
from conversations.api.callers import actor_of
from teams.api.bodies import Body, read_body
from teams.api.endpoints import Endpoint
from teams.api.items import ItemsEndpoint
from teams.api.once import once, once_by_item
from teams.api.permissions import caller
from teams.permissions import Right
from teams.scopes import Scope

#: As that API marks an answer, so that it is found in logs.
CORRELATION = "ININ-Correlation-Id"


class FacadeEndpoint(Endpoint):
    """An address whose refusals are told in the envelope. It is not part of our published API."""

    schema = None
    pagination_class = None
    scopes = {"POST": Scope.CALLBACKS, "PATCH": Scope.CALLBACKS}
    rights = {"POST": Right.SCHEDULE_CALLBACKS, "PATCH": Right.SCHEDULE_CALLBACKS}

    def get_exception_handler(self) -> envelopes.Handler:
        return envelopes.speaking(super().get_exception_handler())

    def finalize_response(
        self, request: Request, response: Any, *args: Any, **kwargs: Any
    ) -> Response:
        answer: Response = super().finalize_response(request, response, *args, **kwargs)
        answer.headers[CORRELATION] = getattr(request, "request_id", "")
        return answer

    def caller(self) -> Caller:
        request = self.request
        return Caller(caller(request), actor_of(request), timezone.now())

    def read_optional_body(self, kind: type[Body]) -> dict[str, Any]:
        """Return the body in the types of `kind`; none at all is an empty one."""
        return self.read_body(kind) if self.request.body else read_body(kind, {})

    def find(self, reference: str) -> Callback:
        return orders.find_callback(reference, user=caller(self.request))


class CallbacksEndpoint(FacadeEndpoint):
    parameters = PageParameters

    def get(self, request: Request) -> Response:
        """List what the caller has to do with and is not over, soonest first."""
        user = caller(request)
        rows = Callback.objects.visible_to(user).pending().filter(mine(user)).order_by("due_at")
        size, number = self.filters["pageSize"], self.filters["pageNumber"]
        total = rows.count()
        related = ("identity__contact", "team", "owner", "preferred_agent", "offered_to")
        page = rows.select_related(*related)[(number - 1) * size : number * size]
        return Response(
            {
                "entities": [shapes.conversation(callback) for callback in page],
                "pageSize": size,
                "pageNumber": number,
                "total": total,
                "pageCount": -(-total // size),
                "selfUri": f"{shapes.ROOT}/conversations/callbacks",
            }
        )

    @once
    def post(self, request: Request) -> Response:
        body = self.read_body(CallbackBody)
        return Response(shapes.created(orders.schedule(body, caller=self.caller())))

    @once
    def patch(self, request: Request) -> Response:
        body = self.read_body(PatchBody)
        return Response(shapes.created(orders.change(body, caller=self.caller())))


class CallbackEndpoint(FacadeEndpoint):
    def get(self, request: Request, reference: str) -> Response:
        return Response(shapes.conversation(self.find(reference)))

    @once
    def patch(self, request: Request, reference: str) -> Response:
        self.read_body(StateBody)
        callback = orders.disconnect(self.find(reference), caller=self.caller())
        return Response(shapes.conversation(callback))


class ParticipantEndpoint(FacadeEndpoint):
    @once
    def patch(self, request: Request, reference: str, participant: str) -> Response:
        body = self.read_body(ParticipantBody)
        callback = self.find(reference)
        parts = (callback.identity.contact, callback.team, shapes.agent_of(callback))
        orders.check_participant(participant, among=parts)
        calls.move(callback, body, caller=self.caller())
        return Response({})


class ConversationCallbacksEndpoint(FacadeEndpoint):
    @once
    def post(self, request: Request, reference: str, participant: str) -> Response:
        body = self.read_optional_body(ConversationCallbackBody)
        conversation = orders.find_conversation(reference, user=caller(request))
        parts = (conversation.contact, conversation.assignee, conversation.team)
        orders.check_participant(participant, among=parts)
        orders.schedule(body, caller=self.caller(), conversation=conversation)
        return Response({})


class BulkUpdateEndpoint(FacadeEndpoint, ItemsEndpoint):
    @once_by_item
    def post(self, request: Request) -> Response:
        """Change each by itself; what is refused stands in its place, and stops no other."""
        items = self.read_body(BulkPatchBody)["patchCallbackRequests"]
        results = [_bulk_result(done) for done in self.do_each(items, effect=self._change)]
        wrong = [index for index, result in enumerate(results) if "error" in result]
        return Response({"results": results, "errorCount": len(wrong), "errorIndexes": wrong})

    def _change(self, item: Any) -> dict[str, Any]:
        return shapes.created(orders.change(read_body(PatchBody, item), caller=self.caller()))


class BulkDisconnectEndpoint(FacadeEndpoint, ItemsEndpoint):
    @once_by_item
    def post(self, request: Request) -> Response:
        """Take back all that can be; if any cannot, say which, once the others are done."""
        items = self.read_body(BulkDisconnectBody)["callbackDisconnectIdentifiers"]
        results = self.do_each(items, effect=self._disconnect)
        refused = [
            {**result["problem"], "entityId": items[result["index"]]["conversationId"]}
            for result in results
            if result["problem"] is not None
        ]
        if not refused:
            return Response({})
        return Response({**refused[0], "errors": refused}, status=refused[0]["status"])

    def _disconnect(self, item: Mapping[str, str]) -> dict[str, Any]:
        callback = self.find(item["conversationId"])
        orders.check_same(callback, item["callbackId"] or item["conversationId"])
        orders.disconnect(callback, caller=self.caller())
        return {}


def _bulk_result(done: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item's result. What is not found has a code of its own in a list."""
    refused = done["problem"]
    if refused is None:
        return {"entity": done["answer"]}
    is_absent = refused["status"] == status.HTTP_404_NOT_FOUND
    code = "not.found" if is_absent else refused["code"]
    return {"error": {"code": code, "message": refused["message"]}}
