"""The one shape of an error over HTTP: `application/problem+json` (RFC 9457) with a stable code."""

import json
from typing import Any

from django.http import HttpResponse

CONTENT_TYPE = "application/problem+json"


def problem_body(
    *, status: int, code: str, title: str, detail: str = "", **more: Any
) -> dict[str, Any]:
    """Return the members of a problem document; `more` may add `fields` and `request_id`."""
    body = {"type": "about:blank", "title": title, "status": status, "code": code}
    return {**body, "detail": detail or title, **more}


def problem_response(
    *, status: int, code: str, title: str, detail: str = "", **more: Any
) -> HttpResponse:
    """Return a problem document as a response, outside of the REST framework."""
    body = problem_body(status=status, code=code, title=title, detail=detail, **more)
    return HttpResponse(json.dumps(body), status=status, content_type=CONTENT_TYPE)
