"""The floor of the Assignment API: a bare WSGI program and one statement per call.

It checks the key by its hash and tells a repeated request by its digest, as Relaydesk does; one
function in the database does the rest. It knows this one address and this one kind of body.
"""

import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

import psycopg
from uuid_utils.compat import uuid7

PATH = "/api/v1/assignments/manual/"
ASSIGN = "SELECT floor_assign(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"

_local = threading.local()


def application(environ: dict, start_response: Callable) -> Iterable[bytes]:
    if environ["PATH_INFO"] != PATH:
        return _answer(start_response, "404 Not Found", b"")
    body = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
    key = environ["HTTP_AUTHORIZATION"].removeprefix("Bearer ")
    answer = _assign(body, key=key, once=environ["HTTP_IDEMPOTENCY_KEY"])
    if answer is None:
        return _answer(start_response, "403 Forbidden", b"")
    return _answer(start_response, "200 OK", answer.encode())


def _assign(body: dict, *, key: str, once: str) -> str | None:
    asked = json.dumps(["POST", PATH, [], body], sort_keys=True).encode()
    lock = hashlib.sha256(once.encode()).digest()[:8]
    row = _connection().execute(
        ASSIGN,
        (
            key.partition(".")[0],
            f"sha512$${hashlib.sha512(key.encode()).hexdigest()}",
            int.from_bytes(lock, "big", signed=True),
            once,
            hashlib.sha256(asked).hexdigest(),
            body["conversation_id"],
            body["team_code"],
            body.get("reason", ""),
            [uuid7(), uuid7()],
            datetime.now(tz=UTC),
        ),
        prepare=True,
    )
    return row.fetchone()[0]


def _connection() -> psycopg.Connection:
    """Return this thread's connection: kept open, each statement its own transaction."""
    if not hasattr(_local, "connection"):
        _local.connection = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
    return _local.connection


def _answer(start_response: Callable, status: str, body: bytes) -> list[bytes]:
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    start_response(status, headers)
    return [body]
