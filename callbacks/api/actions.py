"""What is done to callbacks: taking them back, calling, and several at once."""

from typing import Any
from uuid import UUID

from django.utils import timezone
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from callbacks.api import callbacks
from callbacks.api.bodies import (
    CANCEL,
    RESCHEDULE,
    CallbackItem,
    CallbackItems,
    CancelBody,
    CompleteBody,
    StartBody,
)
from callbacks.api.callbacks import SOME_ID, pick_changeable, pick_to_call, show
from callbacks.api.serializers import CallbackOut, CallbackResults
from callbacks.services import calling, changing
from conversations.api.bodies import REQUIRED
from conversations.api.callers import actor_of
from teams.api.bodies import read_body
from teams.api.endpoints import Endpoint
from teams.api.items import ItemsEndpoint, count_results
from teams.api.once import once, once_by_item
from teams.api.operations import describe
from teams.api.permissions import caller
from teams.api.problems import FieldProblem
from teams.permissions import Right
from teams.scopes import Scope


class ActingEndpoint(Endpoint):
    scopes = {"POST": Scope.CALLBACKS}
    rights = {"POST": Right.SCHEDULE_CALLBACKS}


class CancelEndpoint(ActingEndpoint):
    """Take a promise back. Again changes nothing; while somebody calls it is refused."""

    @describe(
        "cancelCallback",
        "Cancel a callback",
        body=CancelBody,
        answer=CallbackOut,
        examples={
            "with a word": {"reason": "Solved by mail.", "message": "No call is needed now."}
        },
    )
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        callback = pick_changeable(request, public_id)
        body = self.read_body(CancelBody)
        changing.cancel(callback, actor=actor_of(request), now=timezone.now(), **body)
        return Response(show(callback))


class StartEndpoint(ActingEndpoint):
    """Call now, before its time as well: the conversation is the caller's from now on.

    Again changes nothing.
    """

    @describe(
        "startCallback",
        "Begin to call",
        body=StartBody,
        is_body_optional=True,
        answer=CallbackOut,
        examples={"now": {}},
    )
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        callback = pick_to_call(request, public_id)
        if request.body:
            self.read_body(StartBody)
        user, actor = caller(request), actor_of(request)
        calling.start(callback, user=user, actor=actor, now=timezone.now())
        return Response(show(callback))


class CompleteEndpoint(ActingEndpoint):
    """Say how the call went. The conversation stays open: resolving it is a step of its own."""

    @describe(
        "completeCallback",
        "Say how the call went",
        body=CompleteBody,
        answer=CallbackOut,
        examples={"reached": {"outcome": "reached", "note": "Ordered the larger frame."}},
    )
    @once
    def post(self, request: Request, public_id: UUID) -> Response:
        callback = pick_to_call(request, public_id)
        body = self.read_body(CompleteBody)
        calling.complete(callback, actor=actor_of(request), now=timezone.now(), **body)
        return Response(show(callback))


class BulkCallbacksEndpoint(ActingEndpoint, ItemsEndpoint):
    """Cancel, put off or hand over up to 100 callbacks; each has a status and an answer of its own.

    One that is refused leaves the others. Sent again with its key, each is done once.
    """

    @describe(
        "changeCallbacks",
        "Cancel, put off or hand over up to 100 callbacks",
        body=CallbackItems,
        answer=CallbackResults,
        status=status.HTTP_207_MULTI_STATUS,
        examples={
            "two": {
                "items": [
                    {"callback": SOME_ID, "action": "cancel", "reason": "A holiday."},
                    {
                        "callback": SOME_ID,
                        "action": "reschedule",
                        "local_time": "2026-11-26T09:00",
                    },
                ]
            }
        },
    )
    @once_by_item
    def post(self, request: Request) -> Response:
        items = self.read_body(CallbackItems)["items"]
        results = self.do_each(items, effect=self._do)
        answer = {**count_results(results), "results": results}
        return Response(answer, status=status.HTTP_207_MULTI_STATUS)

    def _do(self, item: Any) -> Any:
        told = read_body(CallbackItem, item)
        callback = pick_changeable(self.request, told["callback"])
        if told["action"] == CANCEL:
            reason = told.get("reason", "")
            if not reason:
                raise FieldProblem({"reason": REQUIRED})
            changing.cancel(
                callback, reason=reason, actor=actor_of(self.request), now=timezone.now()
            )
        elif told["action"] == RESCHEDULE:
            callbacks.reschedule(self.request, callback, told)
        else:
            callbacks.transfer(self.request, callback, told)
        return show(callback)
