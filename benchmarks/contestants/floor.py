"""The floor: a bare WSGI program that stores and assigns with one statement per message.

It checks the signature, tries the keywords, and leaves the rest to one function in the database.
No framework, no layers, no explanation for anybody to read; only the rows are the same.
"""

import base64
import hashlib
import hmac
import json
import os
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import psycopg
from uuid_utils.compat import uuid7

WORLD = json.loads(os.environ["BENCHMARK_WORLD"])
DOOR, CHANNEL = WORLD["door"], WORLD["channel_id"]
REFUNDS, ORDERS = WORLD["teams"]
RULES = (
    *(
        (word, ORDERS)
        for word in ("invoice", "password", "warranty", "size", "gift", "job", "press", "bulk")
    ),
    ("refund", REFUNDS),
    ("order", ORDERS),
)
TWIML = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'
TAKE = "SELECT floor_take(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"

_local = threading.local()


def application(environ: dict, start_response: Callable) -> Iterable[bytes]:
    if environ["PATH_INFO"] != DOOR["path"]:
        return _answer(start_response, "404 Not Found", b"")
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    fields = dict(parse_qsl(body.decode(), keep_blank_values=True))
    signature = environ.get("HTTP_X_TWILIO_SIGNATURE", "")
    if not _is_signed(fields, signature):
        return _answer(start_response, "403 Forbidden", b"")
    _take(fields, signature=signature, content_type=environ["CONTENT_TYPE"], body=body)
    return _answer(start_response, "200 OK", TWIML)


def _is_signed(fields: dict[str, str], signature: str) -> bool:
    signed = DOOR["public_url"] + "".join(name + fields[name] for name in sorted(fields))
    digest = hmac.new(DOOR["auth_token"].encode(), signed.encode(), hashlib.sha1).digest()
    return hmac.compare_digest(base64.b64encode(digest).decode(), signature)


def _take(fields: dict[str, str], *, signature: str, content_type: str, body: bytes) -> None:
    text = fields["Body"].lower()
    rule, team = next((rule for rule in RULES if rule[0] in text), ("", ORDERS))
    _connection().execute(
        TAKE,
        (
            CHANNEL,
            team,
            rule,
            fields["MessageSid"],
            signature,
            content_type,
            body,
            fields["From"].removeprefix("whatsapp:"),
            fields["ProfileName"],
            fields["Body"],
            [uuid7() for _ in range(7)],
            datetime.now(tz=UTC),
        ),
        prepare=True,
    )


def _connection() -> psycopg.Connection:
    """Return this thread's connection: kept open, each statement its own transaction."""
    if not hasattr(_local, "connection"):
        _local.connection = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
    return _local.connection


def _answer(start_response: Callable, status: str, body: bytes) -> list[bytes]:
    headers = [("Content-Type", "text/xml"), ("Content-Length", str(len(body)))]
    start_response(status, headers)
    return [body]
