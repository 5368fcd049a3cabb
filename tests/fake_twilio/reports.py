"""The stand-in's reports about messages: signed requests to the address that came with each."""

import random
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from twilio.request_validator import RequestValidator

from tests.fake_twilio.files import fetch, refusal_of
from tests.fake_twilio.store import OUTSIDE_WINDOW, Store

FORM_TYPE = "application/x-www-form-urlencoded"
TIMEOUT_S = 15
HTTP_SERVER_ERROR = 500


class Reporter:
    """Tells each message's story. `log` has every try: SID, status, and the answer (0: none)."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="reports")
        self._stories: list[Future[None]] = []
        self.log: list[tuple[str, str, int]] = []

    def prepare(self, message: dict[str, Any]) -> threading.Event:
        """Have the story of a message ready; it is told once the returned event is set."""
        may_begin = threading.Event()
        if self._store.does_fetch and self._store.find(message["sid"])["media"]:
            self._stories.append(self._pool.submit(self._fetch_and_tell, message, may_begin))
            return may_begin
        self._begin(message, may_begin)
        return may_begin

    def _fetch_and_tell(self, message: dict[str, Any], may_begin: threading.Event) -> None:
        """Fetch the files first, as Twilio does; one that is not to be had fails the message."""
        may_begin.wait(timeout=TIMEOUT_S)
        send = self._store.find(message["sid"])
        is_whatsapp = message["to"].startswith("whatsapp:")
        found = [fetch(url, reach=self._store.reach) for url in send["media"]]
        send["files"] = found
        error = next(filter(None, (refusal_of(file, is_whatsapp) for file in found)), 0)
        if error:
            self.report(message["sid"], "failed", error_code=str(error))
        else:
            self._begin(message, may_begin)

    def _begin(self, message: dict[str, Any], may_begin: threading.Event) -> None:
        story = [(status, "") for status in self._store.story]
        if message["to"] in self._store.closed_windows and not message["content_sid"]:
            story = list(OUTSIDE_WINDOW)
        if story and random.random() >= self._store.silent_share:
            self._stories.append(self._pool.submit(self._tell, message["sid"], story, may_begin))

    def settle(self) -> None:
        """Wait until the story of every message that was taken is told."""
        for story in self._stories:  # one may add another
            story.result(timeout=TIMEOUT_S * 4)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _tell(self, sid: str, story: list[tuple[str, str]], may_begin: threading.Event) -> None:
        may_begin.wait(timeout=TIMEOUT_S)
        for status, error_code in story:
            time.sleep(self._store.step_s)
            self.report(sid, status, error_code=error_code)

    def report(self, sid: str, status: str, *, error_code: str = "") -> int:
        """Post one report now; try again as its address asks. Return the last answer's status."""
        url, body, headers = self.signed(sid, status, error_code=error_code)
        if not url:
            return 0
        tries = 1 + int(parse_qs(urlsplit(url).fragment).get("rc", ["0"])[0])
        answer = 0
        for _ in range(tries):
            answer, _ = exchange(url, body, headers, reach=self._store.reach)
            self.log.append((sid, status, answer))
            if answer and answer < HTTP_SERVER_ERROR:
                break
        return answer

    def signed(
        self, sid: str, status: str, *, error_code: str = ""
    ) -> tuple[str, bytes, dict[str, str]]:
        """Return address, body and headers of a report, for whoever wants to post it themselves."""
        send = self._store.find(sid)
        message = send["message"]
        message["status"] = status
        message["error_code"] = int(error_code) if error_code else message["error_code"]
        fields = {
            "SmsSid": sid,
            "SmsStatus": status,
            "MessageStatus": status,
            "To": message["to"],
            "MessageSid": sid,
            "AccountSid": message["account_sid"],
            "From": message["from"] or "",
            "ApiVersion": "2010-04-01",
        }
        if message["messaging_service_sid"]:
            fields["MessagingServiceSid"] = message["messaging_service_sid"]
        if error_code:
            fields["ErrorCode"] = error_code
        signed_url = send["callback"].partition("#")[0]
        signature = RequestValidator(send["token"]).compute_signature(signed_url, fields)
        headers = {"Content-Type": FORM_TYPE, "X-Twilio-Signature": signature}
        return send["callback"], urlencode(fields).encode(), headers


def exchange(
    url: str, body: bytes, headers: dict[str, str], *, reach: str, method: str = "POST"
) -> tuple[int, bytes]:
    """Make one request; return the answer's status and body, or 0 if there was none.

    `reach`: where to connect instead of the address that was given (and is signed).
    """
    given, there = urlsplit(url), urlsplit(reach or url)
    connection = HTTPConnection(there.hostname or "127.0.0.1", there.port or 80, timeout=TIMEOUT_S)
    path = f"{given.path}?{given.query}" if given.query else given.path
    try:
        connection.request(method, path, body, {**headers, "Host": given.netloc})
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, HTTPException):
        return 0, b""
    finally:
        connection.close()
