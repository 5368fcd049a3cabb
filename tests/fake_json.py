"""What stand-ins for JSON APIs have in common: real HTTP, a memory, and faults on demand."""

import json
import socket
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit


@dataclass
class Fault:
    """What becomes of the next request to send.

    `status` and `content`: it is refused with them. `is_taken`: the message goes out all the same.
    `is_cut`: the line goes dead in place of an answer. With `delay_s` alone it is only slow.
    """

    status: int = 0
    content: Any = None
    retry_after: str = ""
    delay_s: float = 0.0
    is_taken: bool = False
    is_cut: bool = False

    @property
    def is_refusal(self) -> bool:
        return bool(self.status) or self.is_cut


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    content: Any


class RefusedError(Exception):
    def __init__(self, status: int, content: Any) -> None:
        self.status, self.content = status, content
        super().__init__(status)


class JsonFake(ThreadingHTTPServer):
    """Subclasses say what is at which path: `answer` returns JSON, or bytes, or raises."""

    daemon_threads = True

    def __init__(self, *, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.faults: deque[Fault] = deque()
        self.asked: list[Asked] = []
        self.lock = threading.Lock()

    def fail_next(self, *, times: int = 1, **fault: Any) -> None:
        """Let the next requests to send end in a `Fault`."""
        self.faults.extend(Fault(**fault) for _ in range(times))

    def is_send(self, asked: Asked) -> bool:
        """Say whether this request is one to send: those alone have faults."""
        raise NotImplementedError

    def answer(self, asked: Asked) -> Any:
        raise NotImplementedError

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of callers who hung up."""


_Fake = TypeVar("_Fake", bound=JsonFake)


@contextmanager
def running(fake: _Fake) -> Iterator[_Fake]:
    """Run a stand-in on this machine while the block runs."""
    thread = threading.Thread(target=fake.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        fake.shutdown()
        fake.server_close()
        thread.join(timeout=5)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: JsonFake

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        asked = self._read()
        self.server.asked.append(asked)
        fault = Fault()
        if self.server.is_send(asked) and self.server.faults:
            fault = self.server.faults.popleft()
        status, content = 200, None
        try:
            if fault.is_taken or not fault.is_refusal:
                content = self.server.answer(asked)
        except RefusedError as refused:
            status, content = refused.status, refused.content
        time.sleep(fault.delay_s)
        if fault.is_cut:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        elif fault.status:
            self._answer(fault.status, fault.content, retry_after=fault.retry_after)
        else:
            self._answer(status, content)

    def _read(self) -> Asked:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        content = json.loads(body) if body else None
        query = dict(parse_qsl(parts.query))
        return Asked(self.command, parts.path, query, dict(self.headers), content)

    def _answer(self, status: int, content: Any, *, retry_after: str = "") -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        kind = "application/octet-stream" if isinstance(content, bytes) else "application/json"
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if retry_after:
            self.send_header("Retry-After", retry_after)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Write nothing."""
