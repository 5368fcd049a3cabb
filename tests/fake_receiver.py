"""A customer's server that is told of events: it writes down what it gets, and fails on demand."""

import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Call:
    """One request as it came, and the status that it got."""

    path: str
    headers: dict[str, str]
    body: bytes
    status: int
    at: float

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


@dataclass
class Story:
    """How the receiver answers its next calls, one entry each; after that, with 200."""

    status: int = 200
    delay_s: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"ok"
    #: Sent in place of an answer, before hanging up.
    raw: bytes | None = None
    #: Seconds between two bytes of `raw`.
    drip_s: float = 0.0


class RunningReceiver(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, *, port: int = 0, host: str = "127.0.0.1") -> None:
        super().__init__((host, port), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/events"
        self.calls: list[Call] = []
        self.stories: list[Story] = []
        self.connections = 0
        self.lock = threading.Lock()

    def tell(self, *, times: int = 1, **story: Any) -> None:
        self.stories.extend(Story(**story) for _ in range(times))

    @property
    def taken(self) -> list[Call]:
        """What was answered with 2xx, in the order of arrival."""
        return [call for call in self.calls if 200 <= call.status < 300]

    @property
    def ids(self) -> list[str]:
        """The ids of what was taken, each once, by its first arrival."""
        return list(dict.fromkeys(call.id for call in self.taken))

    @property
    def repeats(self) -> Counter[str]:
        return Counter(call.id for call in self.calls)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of callers who hung up."""


@contextmanager
def running(*, port: int = 0) -> Iterator[RunningReceiver]:
    receiver = RunningReceiver(port=port)
    thread = threading.Thread(target=receiver.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.shutdown()
        receiver.server_close()
        thread.join(timeout=5)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: RunningReceiver

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:  # whoever sent it died in the middle: no request at all
            self.close_connection = True
            return
        with self.server.lock:
            story = self.server.stories.pop(0) if self.server.stories else Story()
            headers = {name.lower(): value for name, value in self.headers.items()}
            status = story.status if story.raw is None else 0
            self.server.calls.append(Call(self.path, headers, body, status, time.monotonic()))
        time.sleep(story.delay_s)
        self._answer(story)

    do_GET = do_POST

    def _answer(self, story: Story) -> None:
        if story.raw is not None:
            self._drip(story.raw, story.drip_s)
            return
        self.send_response(story.status)
        for name, value in story.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(story.body)))
        self.end_headers()
        self.wfile.write(story.body)

    def _drip(self, raw: bytes, pause_s: float) -> None:
        self.close_connection = True
        try:
            for byte in raw:
                self.wfile.write(bytes([byte]))
                time.sleep(pause_s)
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def log_message(self, format: str, *args: Any) -> None:
        """Write nothing."""
