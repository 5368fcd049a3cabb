"""The stand-in's HTTP side: Twilio's addresses, and `/_control/…` to steer it from outside.

POST /_control/faults    a Fault as JSON, plus "times"
POST /_control/rules     any of the fields of `Store`
POST /_control/reports   {"sid", "status", "error_code"}: post this report now
POST /_control/reset     forget everything
GET  /_control/sends     every message that was taken; `doubled` must be empty
GET  /_control/reports   every report that was tried, with its answer
POST /_control/outcomes  what becomes of calls, by number; see `calls.py`
GET  /_control/calls     every call, with what the desk answered to each step
"""

import base64
import binascii
import json
import random
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fake_twilio.account import Account
from tests.fake_twilio.calls import Calls
from tests.fake_twilio.reports import Reporter
from tests.fake_twilio.store import API, Fault, RefusedError, Store

_MESSAGES = re.compile(rf"{API}/Accounts/(AC[0-9a-fA-F]{{32}})/Messages\.json")
_MESSAGE = re.compile(rf"{API}/Accounts/(AC[0-9a-fA-F]{{32}})/Messages/(SM[0-9a-f]{{32}})\.json")
_CALLS = re.compile(rf"{API}/Accounts/(AC[0-9a-fA-F]{{32}})/Calls(?:/(CA[0-9a-f]{{32}}))?\.json")


class RunningFake(ThreadingHTTPServer):
    """The server, what it remembers (`store`) and who reports (`reporter`)."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, *, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.connections = 0
        self.reset()

    def reset(self) -> None:
        self.store = Store()
        self.account = Account()
        self.reporter = Reporter(self.store)
        self.calls = Calls(self.store)

    def fail_next(self, *, times: int = 1, **fault: Any) -> None:
        """Let the next requests to send end in a `Fault`."""
        self.store.faults.extend(Fault(**fault) for _ in range(times))

    @property
    def messages(self) -> list[dict[str, Any]]:
        """Every message that was taken, oldest first."""
        return [send["message"] for send in self.store.sends]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of callers who hung up."""


@contextmanager
def running(*, port: int = 0) -> Iterator[RunningFake]:
    """Run a stand-in on this machine while the block runs."""
    fake = RunningFake(port=port)
    thread = threading.Thread(target=fake.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        fake.shutdown()
        fake.reporter.close()
        fake.calls.close()
        fake.server_close()
        thread.join(timeout=5)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Header and body leave in two writes; waiting for more costs 40 ms a request.
    disable_nagle_algorithm = True
    server: RunningFake

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.startswith("/_control/"):
            self._answer(200, _CONTROLS[self.path.removeprefix("/_control/")](self.server, body))
        elif _CALLS.fullmatch(self.path):
            self._guarded(lambda account_sid, token: self._call(body, account_sid, token))
        else:
            self._guarded(lambda account_sid, token: self._create(body, account_sid, token))

    def do_GET(self) -> None:
        if self.path == "/_control/sends":
            sent = {"messages": self.server.messages, "doubled": self.server.store.doubled()}
            self._answer(200, sent)
        elif self.path == "/_control/reports":
            self._answer(200, {"reports": self.server.reporter.log})
        elif self.path == "/_control/calls":
            calls = [{**made.call, "answers": made.answers} for made in self.server.calls.made]
            self._answer(200, {"calls": calls})
        elif urlsplit(self.path).path == "/v1/ContentAndApprovals":
            self._list_contents()
        elif not self._answered_by_account():
            self._guarded(lambda account_sid, token: self._read(account_sid))

    def _list_contents(self) -> None:
        """Answer as content.twilio.com does; that API knows the account by its credentials."""
        contents = list(self.server.store.contents)
        meta = {"page": 0, "page_size": len(contents), "key": "contents", "next_page_url": None}
        self._answer(200, {"contents": contents, "meta": meta})

    def _guarded(self, act: Any) -> None:
        try:
            act(*self._check_account())
        except RefusedError as refused:
            self._answer(refused.status, refused.as_json(), retry_after=refused.retry_after)

    def _answered_by_account(self) -> bool:
        """Answer what is asked about the account and what belongs to it; say whether it was."""
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        username, token = self._credentials()
        store, account = self.server.store, self.server.account
        try:
            found = account.answer(parts.path, query, store=store, username=username, token=token)
        except RefusedError as refused:
            self._answer(refused.status, refused.as_json())
            return True
        if found is not None:
            self._answer(200, found)
        return found is not None

    def _credentials(self) -> tuple[str, str]:
        try:
            encoded = self.headers.get("Authorization", "").removeprefix("Basic ")
            username, _, token = base64.b64decode(encoded).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return "", ""
        return username, token

    def _check_account(self) -> tuple[str, str]:
        path = urlsplit(self.path).path
        match = _MESSAGES.fullmatch(path) or _MESSAGE.fullmatch(path) or _CALLS.fullmatch(path)
        if match is None:
            raise RefusedError(20404, 404)
        username, token = self._credentials()
        self.server.store.check_account(path_sid=match[1], username=username, token=token)
        return match[1], token

    def _call(self, body: bytes, account_sid: str, token: str) -> None:
        """Make a call, or end one."""
        calls, fields = self.server.calls, parse_qs(body.decode())
        match = _CALLS.fullmatch(self.path)
        if match is not None and match[2]:
            self._answer(200, calls.update(match[2], fields))
            return
        fault = calls.faults.pop(0) if calls.faults else Fault()
        call: dict[str, Any] = {}
        if fault.is_taken or not (fault.code or fault.status or fault.is_cut or fault.text):
            call = calls.create(fields, account_sid=account_sid, token=token)
        time.sleep(fault.delay_s + random.uniform(*self.server.store.delays))
        self._answer_create(call, fault)

    def _create(self, body: bytes, account_sid: str, token: str) -> None:
        store, fault = self.server.store, self.server.store.next_fault()
        is_refused = bool(fault.code or fault.status or fault.is_cut or fault.text)
        given = parse_qs(body.decode())
        fields = {name: values[-1] for name, values in given.items()}
        message: dict[str, Any] = {}
        may_report = threading.Event()
        if fault.is_taken or not is_refused:
            media = tuple(given.get("MediaUrl", ()))
            message = store.take(fields, account_sid=account_sid, token=token, media=media)
            may_report = self.server.reporter.prepare(message)
        if store.reports_first:
            may_report.set()
            self.server.reporter.settle()
        time.sleep(fault.delay_s + random.uniform(*store.delays))
        try:
            self._answer_create(message, fault)
        finally:
            may_report.set()

    def _answer_create(self, message: dict[str, Any], fault: Fault) -> None:
        if fault.is_cut:
            self._hang_up()
        elif fault.text:
            self._answer(fault.status or 201, fault.text)
        elif fault.code or fault.status:
            raise RefusedError(fault.code, fault.status or 400, fault.retry_after)
        else:
            self._answer(201, message)

    def _read(self, account_sid: str) -> None:
        parts = urlsplit(self.path)
        call = _CALLS.fullmatch(parts.path)
        if call and call[2]:
            self._answer(200, self.server.calls.fetch(call[2]))
            return
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        if call:
            self._answer(200, self.server.calls.page(query))
            return
        single = _MESSAGE.fullmatch(parts.path)
        if single:
            self._answer(200, self.server.store.find(single[2])["message"])
            return
        self._answer(200, self.server.store.page(query, account_sid=account_sid))

    def _answer(self, status: int, content: Any, *, retry_after: str = "") -> None:
        is_text = isinstance(content, str)
        body = content.encode() if is_text else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html" if is_text else "application/json")
        self.send_header("Content-Length", str(len(body)))
        if retry_after:
            self.send_header("Retry-After", retry_after)
        self.end_headers()
        self.wfile.write(body)

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: Any) -> None:
        """Write nothing."""


def _add_faults(fake: RunningFake, body: bytes) -> dict[str, Any]:
    fake.fail_next(**json.loads(body))
    return {"waiting": len(fake.store.faults)}


def _change_rules(fake: RunningFake, body: bytes) -> dict[str, Any]:
    for name, value in json.loads(body).items():
        kind = type(getattr(fake.store, name))
        setattr(fake.store, name, kind(value))
    return {}


def _report(fake: RunningFake, body: bytes) -> dict[str, Any]:
    asked = json.loads(body)
    answer = fake.reporter.report(
        asked["sid"], asked["status"], error_code=asked.get("error_code", "")
    )
    return {"answer": answer}


def _plan_calls(fake: RunningFake, body: bytes) -> dict[str, Any]:
    fake.calls.outcomes.update(json.loads(body))
    return fake.calls.outcomes


def _reset(fake: RunningFake, body: bytes) -> dict[str, Any]:
    fake.reporter.close()
    fake.calls.close()
    fake.reset()
    return {}


_CONTROLS = {
    "faults": _add_faults,
    "rules": _change_rules,
    "reports": _report,
    "outcomes": _plan_calls,
    "reset": _reset,
}
