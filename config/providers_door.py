"""The short way in for what providers send, and for what they fetch."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve

PREFIXES = ("/webhooks/", "/files/")


class ProvidersDoorMiddleware:
    """Takes a provider's request straight to its view, past everything that serves browsers.

    A provider has no session, no language, no cookie and shows nothing to anybody; it proves itself
    by its signature, or by ours in the address. Each layer less is time that every message saves.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(PREFIXES):
            return self.get_response(request)
        try:
            found = resolve(request.path_info)
        except Resolver404:
            return self.get_response(request)
        request.get_host()  # raises unless it is one of ALLOWED_HOSTS
        request.resolver_match = found
        response: HttpResponse = found.func(request, *found.args, **found.kwargs)
        if not response.streaming:
            response.headers.setdefault("Content-Length", str(len(response.content)))
        return response
