"""`Idempotency-Key` for the POSTs of the API."""

import functools
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Concatenate, ParamSpec, TypeVar

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import status
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from teams.api.endpoints import Endpoint
from teams.api.problems import Problem
from teams.api.uploads import FILES, Upload
from teams.models import ApiKey
from teams.services import idempotency
from teams.services.idempotency import Answer

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
LONGEST = 255

P = ParamSpec("P")
E = TypeVar("E", bound=Endpoint)
Post = Callable[Concatenate[E, Request, P], Response]


def once(post: Post[E, P]) -> Post[E, P]:
    """Let a POST that is repeated with its key have one effect and one answer.

    The POST runs in one transaction, with or without a key. Only answers with an effect (2xx) are
    kept: a request that was refused may be sent again, corrected, under the same key.
    """

    @functools.wraps(post)
    def posted(self: E, request: Request, /, *args: P.args, **kwargs: P.kwargs) -> Response:
        key = _read_key(request)
        with _reading_files(self, request):
            if not key or not isinstance(request.auth, ApiKey):
                with transaction.atomic():
                    return post(self, request, *args, **kwargs)

            def effect() -> Answer:
                response = post(self, request, *args, **kwargs)
                return Answer(response.status_code, JSONRenderer().render(response.data).decode())

            return _run(request, request.auth, key=key, effect=effect)

    posted.is_once = True  # type: ignore[attr-defined]
    return posted


def once_by_item(post: Post[E, P]) -> Post[E, P]:
    """Like `once`, for a POST of many items that are committed one by one (see `run_item`).

    Its answer is kept when all are done. If it breaks off before, and is sent again with its key,
    the items that were done are not done again.
    """

    @functools.wraps(post)
    def posted(self: E, request: Request, /, *args: P.args, **kwargs: P.kwargs) -> Response:
        key = _read_key(request)
        if not key or not isinstance(request.auth, ApiKey):
            return post(self, request, *args, **kwargs)
        asked = {"key": key, "fingerprint": _fingerprint(request)}
        kept = idempotency.find_answer(request.auth, now=timezone.now(), **asked)
        if kept is not None:
            return _show(kept)
        response = post(self, request, *args, **kwargs)
        answer = Answer(response.status_code, JSONRenderer().render(response.data).decode())
        idempotency.run_once(request.auth, effect=lambda: answer, now=timezone.now(), **asked)
        return response

    posted.is_once = True  # type: ignore[attr-defined]
    return posted


def run_item(request: Request, *, index: int, effect: Callable[[], Any]) -> Any:
    """Run one of many items in a transaction of its own, once for the key of the request."""
    key = _read_key(request)
    if not key or not isinstance(request.auth, ApiKey):
        with transaction.atomic():
            return effect()

    def done() -> Answer:
        return Answer(status.HTTP_200_OK, JSONRenderer().render(effect()).decode())

    digest = hashlib.sha256(key.encode()).hexdigest()
    answer = idempotency.run_once(
        request.auth,
        key=f"{digest}#{index}",
        fingerprint=_fingerprint(request),
        effect=done,
        now=timezone.now(),
    )
    return json.loads(answer.body)


def _run(request: Request, api_key: ApiKey, *, key: str, effect: Callable[[], Answer]) -> Response:
    answer = idempotency.run_once(
        api_key, key=key, fingerprint=_fingerprint(request), effect=effect, now=timezone.now()
    )
    return _show(answer)


def _show(answer: Answer) -> Response:
    headers = {REPLAYED: "true"} if answer.is_replayed else None
    return Response(json.loads(answer.body), status=answer.status, headers=headers)


def _read_key(request: Request) -> str:
    """Return the key, blank if there is none. One that is sent empty is somebody's mistake."""
    key = request.headers.get(HEADER)
    if key is None:
        return ""
    if not 0 < len(key) <= LONGEST or not (key.isascii() and key.isprintable()):
        detail = _("An Idempotency-Key has 1 to 255 printable ASCII characters.")
        raise Problem(status.HTTP_400_BAD_REQUEST, "invalid_idempotency_key", detail)
    return key


def _fingerprint(request: Request) -> str:
    """Return a digest of what is asked. Spaces and the order of names make no difference."""
    asked = [
        request.method,
        request.path.rstrip("/"),
        sorted(request.query_params.items()),
        _body(request),
    ]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def _body(request: Request) -> Any:
    """Return what the body says. A file is not read as a whole just to look whether it is empty."""
    if (request.content_type or "").startswith(FILES):
        sent = request.data
        return sent.plain() if isinstance(sent, Upload) else None
    return request.data if request.body else None


@contextmanager
def _reading_files(endpoint: Endpoint, request: Request) -> Iterator[None]:
    """Read a body with files, which takes a while, before anything is locked; close them at last.

    Elsewhere a body of such a type is nobody's concern, or is refused where it is read.
    """
    takes_files = any(parser.media_type in FILES for parser in endpoint.parser_classes)
    is_of_files = takes_files and (request.content_type or "").startswith(FILES)
    sent = request.data if is_of_files else None
    try:
        yield
    finally:
        if isinstance(sent, Upload):
            sent.close()
