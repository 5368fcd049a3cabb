"""Forms of the console that have more fields than Django takes from anybody."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from django.core.exceptions import TooManyFieldsSent
from django.http import HttpRequest, HttpResponse, QueryDict

#: The most fields, by the name of the page. A flow of a hundred steps is one form.
MOST_FIELDS = {"admin:routing_flow_change": 10_000}
_FORM = "application/x-www-form-urlencoded"


class LongFormsMiddleware:
    """Reads those forms before anybody else does. Everywhere else a thousand fields are the end."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: Any) -> None:
        page = request.resolver_match.view_name if request.resolver_match else ""
        most = MOST_FIELDS.get(page)
        if most and request.method == "POST" and request.content_type == _FORM:
            request.POST = _read(request.body, most=most)  # type: ignore[assignment]


def _read(body: bytes, *, most: int) -> QueryDict:
    """Return the fields of a form. Raises `TooManyFieldsSent`."""
    try:
        text = body.decode("utf-8", "replace")
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=most)
    except ValueError as error:
        raise TooManyFieldsSent from error
    fields = QueryDict(mutable=True)
    for name, value in pairs:
        fields.appendlist(name, value)
    fields._mutable = False
    return fields
