"""Every refusal as `application/problem+json` (RFC 9457), and nothing that should not be told.

`{type, title, status, code, detail, fields: {name: [{code, message}]}, request_id}`. `code` is
stable and for programs; `detail` is for people, in their language. What was sent is not repeated.
"""

import http
import logging
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import (
    NON_FIELD_ERRORS,
    DisallowedHost,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
)
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import DatabaseError, IntegrityError, OperationalError
from django.http import Http404, UnreadablePostError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import set_rollback

from config.api import refusals
from teams.api.problems import Problem
from teams.problems import CONTENT_TYPE, problem_body

logger = logging.getLogger(__name__)

#: What a field is called that is none: the error is about several, or about the whole body.
WHOLE_BODY = "body"
_UNIQUE_CODES = frozenset({"unique", "unique_together"})

_PLAIN: dict[int, tuple[str, Any]] = {
    400: ("bad_request", gettext_lazy("The request cannot be understood.")),
    401: ("not_authenticated", gettext_lazy("Send an API key.")),
    403: ("forbidden", gettext_lazy("You may not do this.")),
    404: ("not_found", gettext_lazy("There is nothing at this address.")),
    405: ("method_not_allowed", gettext_lazy("This address does not take this method.")),
    406: ("not_acceptable", gettext_lazy("The answer is JSON; nothing else can be had.")),
    413: ("body_too_large", gettext_lazy("The body is larger than 1 MiB.")),
    415: ("unsupported_media_type", gettext_lazy("Send JSON: Content-Type: application/json.")),
    429: ("throttled", gettext_lazy("Too many requests. Try again later.")),
    500: ("internal", gettext_lazy("Something went wrong on our side.")),
    503: ("unavailable", gettext_lazy("The database is busy. Try again in a moment.")),
}


def handle(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Return the answer to whatever an endpoint raised; None if it is a fault of ours."""
    problem = _as_problem(error)
    if problem is None:
        return None
    set_rollback()
    request_id = getattr(context["request"], "request_id", "")
    return Response(
        build_body(problem, request_id=request_id),
        status=problem.status_code,
        headers=problem.headers,
        content_type=CONTENT_TYPE,
    )


def build_body(problem: Problem, *, request_id: str) -> dict[str, Any]:
    return problem_body(
        status=problem.status_code,
        code=problem.code,
        title=http.HTTPStatus(problem.status_code).phrase,
        detail=str(problem.detail),
        fields={
            name: [{"code": code, "message": str(message)}]
            for name, (code, message) in problem.fields.items()
        },
        request_id=request_id,
    )


def plain(status_code: int, *, code: str = "", headers: Mapping[str, str] | None = None) -> Problem:
    """Return the problem that says no more than its status does."""
    usual_code, detail = _PLAIN.get(status_code, _PLAIN[400])
    return Problem(status_code, code or usual_code, detail, headers=headers)


def _as_problem(error: Exception) -> Problem | None:
    """Return the problem that an exception stands for."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, exceptions.APIException):
        return _from_framework(error)
    if isinstance(error, DjangoValidationError):
        return _from_model(error)
    if isinstance(error, DatabaseError):
        return _from_database(error)
    return refusals.find(error) or _from_django(error)


def _from_framework(error: exceptions.APIException) -> Problem:
    if isinstance(error, exceptions.ValidationError):
        fields = dict(_flatten(error.detail))
        detail = _("The request has values that cannot be used.")
        return Problem(status.HTTP_422_UNPROCESSABLE_ENTITY, "validation", detail, fields=fields)
    headers = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = str(getattr(error, "auth_header", ""))
    wait = getattr(error, "wait", None)
    if wait is not None:
        headers["Retry-After"] = str(int(wait) + 1)
    return plain(error.status_code, headers=headers)


def _flatten(detail: Any, prefix: str = "") -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield `(path, (code, sentence))` of each field; a path reads like `member.email`."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            named = "" if name in (NON_FIELD_ERRORS, "non_field_errors") else str(name)
            yield from _flatten(inner, ".".join(filter(None, (prefix, named))))
    elif isinstance(detail, list) and detail and isinstance(detail[0], dict | list):
        for inner in detail:
            yield from _flatten(inner, prefix)
    else:
        first = detail[0] if isinstance(detail, list) and detail else detail
        yield prefix or WHOLE_BODY, (getattr(first, "code", None) or "invalid", str(first))


def _from_model(error: DjangoValidationError) -> Problem:
    """Translate what a model refused. A value that somebody else has is a conflict."""
    found = _model_errors(error)
    if found and all(code in _UNIQUE_CODES for code, _sentence in found.values()):
        detail = _("There is already one with this value.")
        return Problem(status.HTTP_409_CONFLICT, "already_exists", detail, fields=found)
    detail = _("The request has values that cannot be used.")
    return Problem(status.HTTP_422_UNPROCESSABLE_ENTITY, "validation", detail, fields=found)


def _model_errors(error: DjangoValidationError) -> dict[str, tuple[str, str]]:
    if not hasattr(error, "error_dict"):
        return {WHOLE_BODY: _model_error(error.error_list[0])}
    return {
        WHOLE_BODY if name == NON_FIELD_ERRORS else name: _model_error(errors[0])
        for name, errors in error.error_dict.items()
    }


def _model_error(error: DjangoValidationError) -> tuple[str, str]:
    """Return code and sentence; sentences that would repeat the value are replaced."""
    code = error.code or "invalid"
    if error.params and "value" in error.params:
        return code, _("This value cannot be used.")
    return code, error.messages[0]


def _from_database(error: DatabaseError) -> Problem:
    if isinstance(error, IntegrityError):
        logger.warning("A constraint refused a request: %s", type(error).__name__, exc_info=error)
        detail = _("This collides with something that was written at the same moment.")
        return Problem(status.HTTP_409_CONFLICT, "conflict", detail)
    if isinstance(error, OperationalError):
        logger.warning("The database did not answer in time.", exc_info=error)
        return plain(status.HTTP_503_SERVICE_UNAVAILABLE, headers={"Retry-After": "1"})
    raise error


def _from_django(error: Exception) -> Problem | None:
    if isinstance(error, Http404):
        return plain(404)
    if isinstance(error, PermissionDenied):
        return plain(403)
    if isinstance(error, RequestDataTooBig):
        return plain(413)
    if isinstance(error, TooManyFieldsSent):
        return plain(400, code="too_many_parameters")
    if isinstance(error, DisallowedHost):
        return plain(400, code="bad_host")
    if isinstance(error, UnreadablePostError):
        return plain(400, code="malformed_body")
    return plain(400) if isinstance(error, SuspiciousOperation) else None
