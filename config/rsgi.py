"""The web application for granian: a body is read before a thread is taken.

A WSGI server gives each request a thread and lets the application read the body. As many callers as
there are threads, each sending a byte now and then, would keep everybody else out. Here the event
loop collects the body, for a while and up to a size, and a thread gets a request that is complete.
A form with files may be larger, on the disk, if its sender is known.
Responses are sent whole, but for files: those the server reads from the disk by itself.
"""

import asyncio
import io
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from typing import IO, Any

from django.conf import settings
from granian.rsgi import HTTPProtocol, Scope  # type: ignore[attr-defined]

# `wsgi` sets Django up, and so goes before whatever knows a model.
from config import spool, wsgi
from config.api.known_callers import is_known
from teams.api.uploads import FORM, WRAPPING

BODY_PATIENCE_S = 10.0
BLOCK_BYTES = 64 * 1024
HAS_BODY = ("content-length", "transfer-encoding")
#: WSGI's own names for two headers.
UNPREFIXED = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}

threads = ThreadPoolExecutor(settings.WEB_THREADS, thread_name_prefix="web")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the application answered. `path`: the body is the file at this place."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes = b""
    path: str = ""


class FileBody:
    """A body that is an open file: WSGI's `file_wrapper`. Closing it ends the request in Django."""

    def __init__(self, file: IO[bytes], _block_size: int = BLOCK_BYTES) -> None:
        self.file = file
        self.close = file.close

    def __iter__(self) -> Iterator[bytes]:
        return iter(lambda: self.file.read(BLOCK_BYTES), b"")

    @property
    def path(self) -> str:
        """Where the whole file is; blank where it is only a part of one, or has no place."""
        is_whole = isinstance(self.file, io.BufferedReader) and self.file.tell() == 0
        name = self.file.name if is_whole else ""
        return name if isinstance(name, str) and os.path.isabs(name) else ""


async def application(scope: Scope, protocol: HTTPProtocol) -> None:
    try:
        body = await _read_body(scope, protocol)
    except TimeoutError:
        protocol.response_empty(HTTPStatus.REQUEST_TIMEOUT, [("connection", "close")])
        return
    environ = build_environ(scope, body)
    answer = await asyncio.get_running_loop().run_in_executor(threads, _call, environ)
    if answer.path:
        protocol.response_file(answer.status, answer.headers, answer.path)
    else:
        protocol.response_bytes(answer.status, answer.headers, answer.body)


async def _read_body(scope: Scope, protocol: HTTPProtocol) -> bytes | IO[bytes] | None:
    """Return the body; nothing where it is larger than any that the application takes."""
    if not any(name in scope.headers for name in HAS_BODY):
        return b""
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    declared = scope.headers.get("content-length")
    is_small = declared is not None and int(declared) <= limit
    if not is_small and (scope.headers.get("content-type") or "").startswith(FORM):
        loop = asyncio.get_running_loop()
        if await loop.run_in_executor(threads, is_known, build_environ(scope, b"")):
            limit = settings.UPLOAD_MAX_BYTES + WRAPPING
            if int(declared or 0) > limit:
                return None
            return await spool.collect(protocol, most_bytes=limit)
    async with asyncio.timeout(BODY_PATIENCE_S):
        if declared is not None:
            return await protocol() if is_small else None
        return await _collect(protocol, limit=limit)


async def _collect(protocol: HTTPProtocol, *, limit: int) -> bytes | None:
    collected = bytearray()
    async for chunk in protocol:
        collected += chunk
        if len(collected) > limit:
            return None
    return bytes(collected)


def build_environ(scope: Scope, body: bytes | IO[bytes] | None) -> dict[str, Any]:
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
        "wsgi.input": io.BytesIO(body or b"") if isinstance(body, bytes | None) else body,
        "wsgi.file_wrapper": FileBody,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    if scope.authority:
        environ["HTTP_HOST"] = scope.authority
    for name, value in scope.headers.items():
        _add_header(environ, name, value)
    environ["CONTENT_LENGTH"] = str(_length_of(body))
    return environ


def _length_of(body: bytes | IO[bytes] | None) -> int:
    """Return how long a body is; of one that was not read, more than anybody takes."""
    if body is None:
        form = settings.UPLOAD_MAX_BYTES + WRAPPING
        return int(max(settings.DATA_UPLOAD_MAX_MEMORY_SIZE, form)) + 1
    return len(body) if isinstance(body, bytes) else os.fstat(body.fileno()).st_size


def _add_header(environ: dict[str, Any], name: str, value: str) -> None:
    # WSGI writes dashes as underscores: `X_Forwarded_For` would pass for `X-Forwarded-For`.
    if "_" in name:
        return
    key = UNPREFIXED.get(name) or "HTTP_" + name.upper().replace("-", "_")
    if key in environ:
        value = f"{environ[key]}{'; ' if name == 'cookie' else ','}{value}"
    environ[key] = value


def _call(environ: dict[str, Any]) -> Answer:
    started: list[tuple[int, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        started.append((int(status[:3]), [(name.lower(), value) for name, value in headers]))

    chunks: Any = wsgi.application(environ, start_response)
    try:
        is_head = environ["REQUEST_METHOD"] == "HEAD"
        path = chunks.path if isinstance(chunks, FileBody) and not is_head else ""
        body = b"" if path or is_head else b"".join(chunks)
    finally:
        # Django ends what belongs to the request here.
        chunks.close()
        environ["wsgi.input"].close()
    return Answer(*started[-1], body, path)
