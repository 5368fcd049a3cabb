"""Bodies that are too large, where people are: a page that says so."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from config.api.handlers import FOR_PEOPLE
from teams.api.uploads import WRAPPING

_MIB = 1024 * 1024


class BodyLimitMiddleware:
    """Answers before anybody reads a body that the server did not take: it would look empty."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = str(request.META.get("CONTENT_LENGTH") or "0")
        limit = settings.UPLOAD_MAX_BYTES + WRAPPING
        is_too_large = length.isdigit() and int(length) > max(
            limit, settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        )
        if not is_too_large or not request.path.startswith(FOR_PEOPLE):
            return self.get_response(request)
        context = {"most": settings.UPLOAD_MAX_BYTES // _MIB}
        return render(request, "413.html", context, status=413)
