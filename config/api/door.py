"""The first thing that a request meets: its number, and a slash that may be missing."""

import re
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from config import request_ids

HEADER = "X-Request-Id"
_USABLE = re.compile(r"\A[A-Za-z0-9._:/+=-]{1,128}\Z")


class DoorMiddleware:
    """Gives every request an id, and takes addresses of the API with and without a last slash.

    The caller's own id is kept if it is short and harmless, so that two logs can be laid side by
    side. A missing slash is not redirected: a redirected POST would lose its body. What the API
    answers is about people, so nobody on the way keeps it. Of a key's limits every answer says how
    much is left, whatever the answer is.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get(HEADER, "")
        request_id = given if _USABLE.match(given) else uuid.uuid4().hex
        request.request_id = request_id  # type: ignore[attr-defined]
        is_api = request.path_info.startswith("/api/")
        if is_api and not request.path_info.endswith("/"):
            request.path_info += "/"
        token = request_ids.current.set(request_id)
        try:
            response = self.get_response(request)
        finally:
            request_ids.current.reset(token)
        response.headers.setdefault(HEADER, request_id)
        for name, value in getattr(request, "rate_headers", {}).items():
            response.headers[name] = value
        if is_api:
            response.headers.setdefault("Cache-Control", "no-store")
        return response
