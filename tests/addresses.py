"""The addresses of the product, read from the URL list: what a test of all of them walks."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.urls import URLPattern, URLResolver, get_resolver

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")


class Address(NamedTuple):
    """One address of the API. `path` is written as in the published schema."""

    path: str
    endpoint: Any

    @property
    def methods(self) -> list[str]:
        return [method for method in METHODS if hasattr(self.endpoint, method.lower())]


def api_addresses() -> list[Address]:
    """Return every address below /api/v1/."""
    return [
        Address(_PARAMETER.sub(r"{\1}", path), pattern.callback.view_class)
        for path, pattern in walk()
        if path.startswith("/api/v1/")
    ]


def admin_addresses() -> list[tuple[str, URLPattern]]:
    """Return every address of the console."""
    return [(path, pattern) for path, pattern in walk() if path.startswith("/admin/")]


def walk(resolver: Any = None, before: str = "/") -> Iterator[tuple[str, URLPattern]]:
    for pattern in (resolver or get_resolver()).url_patterns:
        path = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from walk(pattern, path)
        else:
            yield path, pattern
