"""A caller of the API, as a program on another machine sees it."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.core.cache import caches
from django.http import HttpResponse
from django.test import Client

from teams.models import User
from tests import moments
from tests.factories import make_administrator, make_api_key


class ApiCaller:
    """Calls with a key. Bodies are JSON; a path is below /api/v1/ unless it begins with a slash."""

    def __init__(self, key: str = "") -> None:
        self.client = Client(raise_request_exception=False)
        self.headers = {"Authorization": f"Bearer {key}"} if key else {}

    def get(self, path: str, query: dict[str, Any] | None = None, **headers: str) -> HttpResponse:
        return self.client.get(_full(path), query, headers=self._all(headers))

    def post(self, path: str, body: Any, **headers: str) -> HttpResponse:
        return self._send("POST", path, body, headers)

    def put(self, path: str, body: Any, **headers: str) -> HttpResponse:
        return self._send("PUT", path, body, headers)

    def patch(self, path: str, body: Any, **headers: str) -> HttpResponse:
        return self._send("PATCH", path, body, headers)

    def delete(self, path: str, **headers: str) -> HttpResponse:
        return self.client.delete(_full(path), headers=self._all(headers))

    def _send(self, method: str, path: str, body: Any, headers: dict[str, str]) -> HttpResponse:
        return self.client.generic(
            method,
            _full(path),
            body if isinstance(body, bytes) else json.dumps(body),
            content_type=headers.pop("content_type", "application/json"),
            headers=self._all(headers),
        )

    def _all(self, headers: dict[str, str]) -> dict[str, str]:
        return self.headers | {name.replace("_", "-"): value for name, value in headers.items()}


def _full(path: str) -> str:
    return path if path.startswith("/") else f"/api/v1/{path}"


@pytest.fixture(autouse=True)
def at_that_time() -> Iterator[Any]:
    """Edges read the clock: it stands still on a Wednesday morning, unless it is moved."""
    with time_machine.travel(moments.WEDNESDAY_MORNING, tick=False) as clock:
        yield clock


@pytest.fixture(autouse=True)
def _nobody_was_counted() -> None:
    """The clock stands still, so a minute would never end."""
    caches["counters"].clear()


@pytest.fixture
def call() -> Callable[..., ApiCaller]:
    """Make a caller for a person: `call(alice)`, `call(alice, scopes=["read"])`, `call()`."""

    def make(user: User | None = None, **key: Any) -> ApiCaller:
        return ApiCaller(make_api_key(user=user, **key) if user else "")

    return make


@pytest.fixture
def ada(db: None) -> User:
    return make_administrator()


@pytest.fixture
def api(ada: User, call: Callable[..., ApiCaller]) -> ApiCaller:
    """An administrator's key with every scope."""
    return call(ada)
