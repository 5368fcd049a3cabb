"""Refusals in the shape of that API: the same reasons, in its envelope, by its statuses."""

from collections.abc import Callable, Mapping
from typing import Any

from rest_framework import status
from rest_framework.response import Response

#: Our word for a refusal -> the word of that API.
_CODES = {
    "not_authenticated": "authentication.required",
    "auth.invalid_api_key": "bad.credentials",
    "auth.expired_api_key": "bad.credentials",
    "auth.disabled_api_key": "bad.credentials",
    "auth.scope_missing": "permission.missing",
    "auth.role_insufficient": "permission.missing",
    "validation": "bad.request",
    "unknown_field": "bad.request",
    "invalid_query": "bad.request",
    "unknown_parameter": "bad.request",
    "throttled": "too.many.requests",
}
#: What a value is called in our API -> and there.
_FIELDS = {
    "phone": "callbackNumbers",
    "local_time": "callbackScheduledTime",
    "due_at": "callbackScheduledTime",
    "team": "queueId",
    "owner": "routingData.scoredAgents",
    "preferred_agent": "routingData.preferredAgentIds",
    "caller_id": "callerId",
    "conversation": "conversationId",
}
Handler = Callable[[Exception, Mapping[str, Any]], Response | None]


def speaking(handle: Handler) -> Handler:
    """Return a handler of exceptions that puts what another one answers into the envelope."""

    def handled(error: Exception, context: Mapping[str, Any]) -> Response | None:
        answer = handle(error, context)
        if answer is None:
            return None
        answer.data = envelope(answer.data, status_code=_status_of(answer))
        answer.status_code = answer.data["status"]
        answer.content_type = None
        return answer

    return handled


def envelope(problem: Mapping[str, Any], *, status_code: int) -> dict[str, Any]:
    """Return a problem of ours as that API tells it."""
    details = [
        {"errorCode": fault["code"], "fieldName": _FIELDS.get(name, name)}
        for name, faults in problem["fields"].items()
        for fault in faults
    ]
    message = _sentence(problem)
    return {
        "message": message,
        "code": _CODES.get(problem["code"], problem["code"]),
        "status": status_code,
        "entityId": None,
        "entityName": None,
        "messageWithParams": message,
        "messageParams": {},
        "contextId": problem["request_id"],
        "details": details,
        "errors": [],
    }


def _sentence(problem: Mapping[str, Any]) -> str:
    """Return what is wrong, and of which values."""
    faults = [
        f"{_FIELDS.get(name, name)}: {fault['message']}"
        for name, faults in problem["fields"].items()
        for fault in faults
        if fault["message"] != problem["detail"]
    ]
    return " ".join([problem["detail"], *faults])


def _status_of(answer: Response) -> int:
    """Return the status there: a value that cannot be used is a bad request."""
    if answer.status_code == status.HTTP_422_UNPROCESSABLE_ENTITY:
        return status.HTTP_400_BAD_REQUEST
    return answer.status_code
