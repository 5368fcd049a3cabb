"""The one way out to a model: to addresses that may be called, and none of them our own network."""

import time
from collections.abc import Mapping
from http.client import HTTPResponse
from urllib.parse import urlsplit

from django.conf import settings

from channels import wires
from channels.egress import BlockedAddressError, Resolver, Way, call, resolve
from channels.wires import CallFailedError
from routing.ai.base import TIMEOUT_S, AiError

#: In bytes.
LONGEST_ANSWER = 512 * 1024
_UNAUTHORIZED = frozenset({401, 403})
_TOO_MANY = 429
_SERVER_ERROR = 500
#: As long as a `Retry-After` is believed.
_LONGEST_PATIENCE_S = 60.0


def post(
    url: str,
    *,
    body: bytes,
    headers: Mapping[str, str],
    resolver: Resolver = resolve,
    timeout_s: float = TIMEOUT_S,
) -> str:
    """Send one POST to a model and return the body of its answer.

    Raises `AiError`: `blocked` before anything was sent if the address is not public, else by what
    happened. Redirects are not followed: they are `refused`.
    """
    deadline = time.monotonic() + timeout_s
    way = Way(deadline=deadline, patience_s=timeout_s, resolver=resolver)
    try:
        with wires.explained(), call("POST", url, headers=headers, body=body, way=way) as answer:
            return _read(answer)
    except BlockedAddressError as error:
        raise AiError("blocked", error.reason) from None
    except CallFailedError as error:
        raise AiError(error.code) from None


def _read(answer: HTTPResponse) -> str:
    if answer.status not in range(200, 300):
        patience = _patience(answer.getheader("Retry-After", ""))
        raise AiError(_code(answer.status), f"HTTP {answer.status}", retry_after_s=patience)
    body = answer.read(LONGEST_ANSWER + 1)
    if len(body) > LONGEST_ANSWER:
        raise AiError("too_large")
    return body.decode("utf-8", "replace").replace("\x00", "\ufffd")


def is_listed(base_url: str) -> bool:
    """Say whether the operator allows this address for models: AI_BASE_URLS, or one below."""
    return any(_is_below(base_url, allowed) for allowed in settings.AI_BASE_URLS)


def _is_below(url: str, allowed: str) -> bool:
    asked, known = urlsplit(url), urlsplit(allowed)
    same_host = (asked.scheme, asked.netloc) == (known.scheme, known.netloc)
    path = known.path.rstrip("/")
    is_plain = ".." not in asked.path and "\\" not in url and "%" not in asked.path
    return same_host and is_plain and f"{asked.path.rstrip('/')}/".startswith(f"{path}/")


def _code(status: int) -> str:
    if status in _UNAUTHORIZED:
        return "unauthorized"
    if status == _TOO_MANY:
        return "rate_limited"
    return "server" if status >= _SERVER_ERROR else "refused"


def _patience(retry_after: str) -> float | None:
    return min(float(retry_after), _LONGEST_PATIENCE_S) if retry_after.isdecimal() else None
