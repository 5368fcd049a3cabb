"""The web application for granian: a body is read before a thread is taken.

A WSGI server gives each request a thread and lets the application read the body. As many callers as
there are threads, each sending a byte now and then, would keep everybody else out. Here the event
loop collects the body, for a while and up to a size, and a thread gets a request that is complete.
Responses are sent whole: ours are pages, JSON, and files of a size that settings limit.
"""

import asyncio
import io
import sys
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any

from django.conf import settings
from granian.rsgi import HTTPProtocol, Scope  # type: ignore[attr-defined]

from config.wsgi import application as wsgi_application

BODY_PATIENCE_S = 10.0
HAS_BODY = ("content-length", "transfer-encoding")
#: WSGI's own names for two headers.
UNPREFIXED = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}

threads = ThreadPoolExecutor(settings.WEB_THREADS, thread_name_prefix="web")


async def application(scope: Scope, protocol: HTTPProtocol) -> None:
    try:
        async with asyncio.timeout(BODY_PATIENCE_S):
            body = await _read_body(scope, protocol)
    except TimeoutError:
        protocol.response_empty(HTTPStatus.REQUEST_TIMEOUT, [("connection", "close")])
        return
    environ = build_environ(scope, body)
    answer = await asyncio.get_running_loop().run_in_executor(threads, _call, environ)
    protocol.response_bytes(*answer)


async def _read_body(scope: Scope, protocol: HTTPProtocol) -> bytes | None:
    """Return the body; nothing where it is larger than any that the application takes."""
    if not any(name in scope.headers for name in HAS_BODY):
        return b""
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    declared = scope.headers.get("content-length")
    if declared is not None:
        return await protocol() if int(declared) <= limit else None
    collected = bytearray()
    async for chunk in protocol:
        collected += chunk
        if len(collected) > limit:
            return None
    return bytes(collected)


def build_environ(scope: Scope, body: bytes | None) -> dict[str, Any]:
    """Return WSGI's description of the request. A body of None is declared as too large."""
    server_name, _, server_port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "SERVER_NAME": server_name,
        "SERVER_PORT": server_port,
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(body or b""),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    if scope.authority:
        environ["HTTP_HOST"] = scope.authority
    for name, value in scope.headers.items():
        _add_header(environ, name, value)
    too_large = settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1
    environ["CONTENT_LENGTH"] = str(too_large if body is None else len(body))
    return environ


def _add_header(environ: dict[str, Any], name: str, value: str) -> None:
    # WSGI writes dashes as underscores: `X_Forwarded_For` would pass for `X-Forwarded-For`.
    if "_" in name:
        return
    key = UNPREFIXED.get(name) or "HTTP_" + name.upper().replace("-", "_")
    if key in environ:
        value = f"{environ[key]}{'; ' if name == 'cookie' else ','}{value}"
    environ[key] = value


def _call(environ: dict[str, Any]) -> tuple[int, list[tuple[str, str]], bytes]:
    started: list[tuple[int, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        started.append((int(status[:3]), [(name.lower(), value) for name, value in headers]))

    chunks: Any = wsgi_application(environ, start_response)
    try:
        body = b"".join(chunks)
    finally:
        # Django ends what belongs to the request here.
        chunks.close()
    return (*started[-1], body)
