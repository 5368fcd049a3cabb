"""From granian's request to WSGI's, without a server."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from config import rsgi
from teams.api.uploads import WRAPPING

LIMIT = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
TOO_LARGE = settings.UPLOAD_MAX_BYTES + WRAPPING + 1


class Headers(list[tuple[str, str]]):
    def __contains__(self, name: object) -> bool:
        return any(name == found for found, _ in self)

    def get(self, name: str) -> str | None:
        return next((value for found, value in self if found == name), None)

    def items(self) -> list[tuple[str, str]]:
        return list(self)


@dataclass
class Request:
    headers: Headers = field(default_factory=Headers)
    method: str = "POST"
    path: str = "/webhooks/日本/"
    query_string: str = "a=1%202"
    client: str = "192.0.2.9:50000"
    server: str = "127.0.0.1:8000"
    scheme: str = "http"
    http_version: str = "1.1"
    authority: str | None = None


@dataclass
class Line:
    """The other end of a connection that sends these chunks and hears one answer."""

    chunks: tuple[bytes, ...] = ()
    asked: int = 0
    answers: list[Any] = field(default_factory=list)

    async def __call__(self) -> bytes:
        self.asked += 1
        return b"".join(self.chunks)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self.chunks:
            self.asked += 1
            yield chunk

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.answers.append((status, dict(headers), body))


def environ_of(request: Request, *, body: bytes | None = b"") -> dict[str, Any]:
    return rsgi.build_environ(request, body)  # type: ignore[arg-type]


def serve(request: Request, line: Line) -> None:
    """Answer in a thread of its own: a browser test may have left an event loop in this one."""
    answering = rsgi.application(request, line)  # type: ignore[arg-type]
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, answering).result(timeout=10)


class TestTheEnvironment:
    def test_names_the_caller_the_path_and_the_body(self) -> None:
        environ = environ_of(Request(), body=b"Body=5")
        assert environ["REMOTE_ADDR"] == "192.0.2.9"
        assert environ["PATH_INFO"].encode("latin-1").decode() == "/webhooks/日本/"
        assert environ["QUERY_STRING"] == "a=1%202"
        assert (environ["CONTENT_LENGTH"], environ["wsgi.input"].read()) == ("6", b"Body=5")

    def test_takes_the_brackets_off_an_address(self) -> None:
        assert environ_of(Request(client="[::1]:50000"))["REMOTE_ADDR"] == "::1"

    def test_joins_what_is_said_twice(self) -> None:
        twice = Headers([("accept", "a"), ("accept", "b"), ("cookie", "a=1"), ("cookie", "b=2")])
        environ = environ_of(Request(headers=twice))
        assert (environ["HTTP_ACCEPT"], environ["HTTP_COOKIE"]) == ("a,b", "a=1; b=2")

    def test_drops_a_header_that_would_pass_for_another(self) -> None:
        forged = Headers([("x_forwarded_for", "10.0.0.1"), ("x-forwarded-for", "192.0.2.1")])
        assert environ_of(Request(headers=forged))["HTTP_X_FORWARDED_FOR"] == "192.0.2.1"

    def test_holds_nothing_of_our_own_environment(self) -> None:
        assert not {"PATH", "SECRET_KEY"} & set(environ_of(Request()))


class TestABodyThatIsTooLarge:
    def test_is_not_read_when_its_length_says_so(self) -> None:
        headers = Headers([("content-length", str(TOO_LARGE)), ("content-type", "text/plain")])
        line = Line(chunks=(b"x",))
        serve(Request(headers=headers, path="/healthz"), line)
        assert line.asked == 0
        assert line.answers[0][0] == 200

    def test_is_read_no_further_than_the_limit(self) -> None:
        headers = Headers([("transfer-encoding", "chunked")])
        line = Line(chunks=(b"x" * 65536,) * 100)
        serve(Request(headers=headers, path="/healthz"), line)
        assert line.asked == LIMIT // 65536 + 1

    def test_is_told_to_the_application(self) -> None:
        assert environ_of(Request(), body=None)["CONTENT_LENGTH"] == str(TOO_LARGE)
