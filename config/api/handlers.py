"""Answers of Django itself, outside the endpoints: problems for programs, pages for people."""

import json
from typing import Any

from django.core.exceptions import DisallowedHost, RequestDataTooBig, TooManyFieldsSent
from django.http import HttpRequest, HttpResponse, HttpResponseServerError
from django.template.loader import get_template
from django.views import defaults

from config.api import errors
from teams.problems import CONTENT_TYPE

#: Where people are: they get a page.
FOR_PEOPLE = ("/admin/", "/simulator/")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400, and say of the well-known reasons which one it is."""
    codes: dict[type[Exception], str] = {
        DisallowedHost: "bad_host",
        TooManyFieldsSent: "too_many_parameters",
    }
    if isinstance(exception, DisallowedHost) or not _is_for_people(request):
        status = 413 if isinstance(exception, RequestDataTooBig) else 400
        return answer(request, status, code=codes.get(type(exception), ""))
    return defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _is_for_people(request):
        return defaults.permission_denied(request, exception)
    return answer(request, 403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _is_for_people(request):
        return defaults.page_not_found(request, exception)
    return answer(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    if _is_for_people(request):
        number = {"request_id": getattr(request, "request_id", "")}
        return HttpResponseServerError(get_template("500.html").render(number))
    return answer(request, 500)


def answer(request: HttpRequest, status: int, *, code: str = "") -> HttpResponse:
    """Answer with the problem of this status."""
    request_id = getattr(request, "request_id", "")
    body: dict[str, Any] = errors.build_body(errors.plain(status, code=code), request_id=request_id)
    return HttpResponse(json.dumps(body), status=status, content_type=CONTENT_TYPE)


def _is_for_people(request: HttpRequest) -> bool:
    return request.path.startswith(FOR_PEOPLE)
