"""The stand-in's telephone: calls that ring, are answered or not, and tell so step by step.

What becomes of a call stands with its number in `outcomes`; the others are answered. Each step is
posted, signed, to the call's status callback, if it was asked for. What is done on the line then:
`lines.py`.
"""

import math
import random
import threading
import uuid
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from twilio.request_validator import RequestValidator

from tests.fake_twilio.lines import follow
from tests.fake_twilio.reports import FORM_TYPE, HTTP_SERVER_ERROR, TIMEOUT_S, exchange
from tests.fake_twilio.store import ADDRESS, API, Fault, RefusedError, Store

#: What a number can do; `talking` is answered and goes on until somebody ends it, `silent` is
#: answered by somebody who presses no key.
OUTCOMES = ("answered", "machine", "talking", "silent", "no-answer", "busy", "failed")
_REACHED = ("answered", "machine", "talking", "silent")
#: Those who press a key where they are asked to.
_WILLING = ("answered", "talking")
_FINAL = ("completed", "canceled", "no-answer", "busy", "failed")
_EVENTS = ("initiated", "ringing", "answered", "completed")
HTTP_OK = 200
MOST_TWIML_CHARS = 4000
LONGEST_RING_S = 600


@dataclass
class Call:
    """`call` is as Twilio describes it; the rest is what was asked for, and what came of it."""

    call: dict[str, Any]
    fields: dict[str, list[str]]
    token: str
    twiml: str = ""
    heard: list[str] = field(default_factory=list)
    is_silent: bool = False
    answers: list[tuple[str, int]] = field(default_factory=list)
    sequence: int = 0
    answered_at: datetime | None = None
    is_ended: threading.Event = field(default_factory=threading.Event)

    def asked(self, name: str) -> str:
        return self.fields.get(name, [""])[-1]

    @property
    def has_detection(self) -> bool:
        return self.asked("MachineDetection") in ("Enable", "DetectMessageEnd")


class Calls:
    """The account's calls, oldest first. `faults`: what becomes of the next requests to call."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pool = ThreadPoolExecutor(max_workers=32, thread_name_prefix="calls")
        self._stories: list[Future[None]] = []
        self.lock = threading.RLock()
        self.outcomes: dict[str, str] = {}
        self.faults: list[Fault] = []
        self.made: list[Call] = []

    # --- What the desk asks

    def create(
        self, fields: dict[str, list[str]], *, account_sid: str, token: str
    ) -> dict[str, Any]:
        """Begin to call; return the call as it is then, queued."""
        refusal = _refusal({name: values[-1] for name, values in fields.items()})
        if refusal:
            raise RefusedError(refusal)
        made = self._make(
            fields, account_sid=account_sid, token=self._store.signing_token(account_sid, token)
        )
        answer = dict(made.call)
        self._stories.append(self._pool.submit(self._tell, made))
        return answer

    def _make(
        self, fields: dict[str, list[str]], *, account_sid: str, token: str, parent: str = ""
    ) -> Call:
        sid = f"CA{uuid.uuid4().hex}"
        now = format_datetime(datetime.now(UTC))
        call = {
            "account_sid": account_sid,
            "answered_by": None,
            "api_version": "2010-04-01",
            "caller_name": None,
            "date_created": now,
            "date_updated": now,
            "direction": "outbound-dial" if parent else "outbound-api",
            "duration": None,
            "end_time": None,
            "from": fields["From"][-1],
            "parent_call_sid": parent or None,
            "price": None,
            "price_unit": "USD",
            "sid": sid,
            "start_time": None,
            "status": "queued",
            "subresource_uris": {},
            "to": fields["To"][-1],
            "uri": f"{API}/Accounts/{account_sid}/Calls/{sid}.json",
        }
        made = Call(call, fields, token)
        made.is_silent = random.random() < self._store.silent_share
        with self.lock:
            self.made.append(made)
        return made

    def page(self, query: dict[str, str]) -> dict[str, Any]:
        """List the calls between two numbers, or those that came of one, newest first."""
        wanted = {
            "to": query.get("To"),
            "from": query.get("From"),
            "parent_call_sid": query.get("ParentCallSid"),
        }
        with self.lock:
            calls = [dict(made.call) for made in reversed(self.made)]
        found = [
            call
            for call in calls
            if all(value is None or call[name] == value for name, value in wanted.items())
        ]
        size = int(query.get("PageSize", "50"))
        return {"calls": found[:size], "page": 0, "page_size": size, "next_page_uri": None}

    def doubled(self) -> list[str]:
        """Return the report addresses of calls that were placed more than once: must be none."""
        counts = Counter(
            made.asked("StatusCallback") for made in self.made if not made.call["parent_call_sid"]
        )
        return [address for address, count in counts.items() if count > 1]

    def fetch(self, sid: str) -> dict[str, Any]:
        with self.lock:
            return dict(self.find(sid).call)

    def update(self, sid: str, fields: dict[str, list[str]]) -> dict[str, Any]:
        """End a call: `canceled` before it was answered, `completed` at any time before its end."""
        wanted = fields.get("Status", [""])[-1]
        if wanted not in ("canceled", "completed"):
            raise RefusedError(21218)
        with self.lock:
            made = self.find(sid)
            is_answered = made.call["status"] == "in-progress"
            if made.call["status"] in _FINAL or (wanted == "canceled" and is_answered):
                raise RefusedError(21220)
            self._end(made, "completed" if is_answered else "canceled")
            return dict(made.call)

    def find(self, sid: str) -> Call:
        with self.lock:
            for made in self.made:
                if made.call["sid"] == sid:
                    return made
        raise RefusedError(20404, 404)

    # --- What happens on the line

    def settle(self) -> None:
        """Wait until every call has ended and told so."""
        for story in list(self._stories):
            story.result(timeout=TIMEOUT_S * 4)

    def close(self) -> None:
        for made in self.made:
            made.is_ended.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _tell(self, made: Call) -> None:
        outcome = self.outcomes.get(made.call["to"], "answered")
        for step in self._steps(outcome):
            if made.is_ended.wait(self._store.step_s):
                break
            getattr(self, f"_{step}")(made, outcome)
        if not made.is_ended.is_set() and outcome == "talking":
            made.is_ended.wait(TIMEOUT_S)
        with self.lock:
            final = "completed" if made.call["status"] == "in-progress" else outcome
            self._end(made, final)
        self._report(made, "completed", made.call["status"])

    def _steps(self, outcome: str) -> tuple[str, ...]:
        if outcome == "failed":
            return ("initiated",)
        is_reached = outcome in _REACHED
        return ("initiated", "ringing", *(("answered",) if is_reached else ()))

    def _initiated(self, made: Call, _outcome: str) -> None:
        self._report(made, "initiated", "initiated")

    def _ringing(self, made: Call, _outcome: str) -> None:
        if self._move(made, "ringing"):
            self._report(made, "ringing", "ringing")

    def _answered(self, made: Call, outcome: str) -> None:
        if not self._move(made, "in-progress"):
            return
        with self.lock:
            made.answered_at = datetime.now(UTC)
            made.call["start_time"] = format_datetime(made.answered_at)
            if made.has_detection:
                made.call["answered_by"] = "machine_start" if outcome == "machine" else "human"
        self._report(made, "answered", "in-progress")
        made.twiml = made.asked("Twiml")
        if made.asked("Url"):
            made.twiml = self.ask(made, made.asked("Url"), {})
        follow(self, made, made.twiml)

    # --- What is done on the line, see `lines.py`

    def ask(self, made: Call, url: str, fields: dict[str, str]) -> str:
        """Ask the desk what to do next; an answer that is none does nothing."""
        status, body = self._post(made, url, self._named(made, "in-progress") | fields)
        return body.decode() if status == HTTP_OK else ""

    def presses(self, made: Call) -> bool:
        """Say whether whoever is on this line presses a key when asked."""
        return self.outcomes.get(made.call["to"], "answered") in _WILLING

    def connect(self, made: Call, fields: dict[str, list[str]]) -> tuple[Call, str]:
        """Ring another number for somebody on a line; return that call, and how it ended."""
        sid = made.call["account_sid"]
        other = self._make(fields, account_sid=sid, token=made.token, parent=made.call["sid"])
        outcome = self.outcomes.get(other.call["to"], "answered")
        for step in self._steps(outcome):
            if made.is_ended.wait(self._store.step_s):
                break
            getattr(self, f"_{step}")(other, outcome)
        is_bridged = other.call["status"] == "in-progress"
        if is_bridged and not made.is_ended.is_set():
            other.is_ended.wait(TIMEOUT_S if outcome == "talking" else self._store.step_s)
        with self.lock:
            unreached = "canceled" if made.is_ended.is_set() else outcome
            self._end(other, "completed" if is_bridged else unreached)
        self._report(other, "completed", other.call["status"])
        return other, other.call["status"]

    def hang_up(self, made: Call) -> None:
        with self.lock:
            self._end(made, "completed")

    def _move(self, made: Call, status: str) -> bool:
        with self.lock:
            if made.is_ended.is_set():
                return False
            made.call["status"] = status
            return True

    def _end(self, made: Call, status: str) -> None:
        """Write down how it ended; the first end counts."""
        if made.call["status"] in _FINAL:
            return
        now = datetime.now(UTC)
        made.call.update(status=status, end_time=format_datetime(now))
        if made.answered_at is not None:
            made.call["duration"] = str(math.ceil((now - made.answered_at).total_seconds()))
        made.is_ended.set()

    # --- What the desk is told

    def _report(self, made: Call, event: str, status: str) -> None:
        url = made.asked("StatusCallback")
        wanted = made.fields.get("StatusCallbackEvent") or ["completed"]
        if not url or event not in wanted or made.is_silent:
            return
        fields = self._named(made, status) | {
            "CallbackSource": "call-progress-events",
            "SequenceNumber": str(made.sequence),
            "Timestamp": format_datetime(datetime.now(UTC)),
        }
        made.sequence += 1
        if status == "completed":
            seconds = int(made.call["duration"] or 0)
            fields |= {"CallDuration": str(seconds), "Duration": str(math.ceil(seconds / 60))}
        method = made.asked("StatusCallbackMethod") or "POST"
        made.answers.append((status, self._post(made, url, fields, method=method)[0]))

    def _named(self, made: Call, status: str) -> dict[str, str]:
        call = made.call
        named = {
            "CallSid": call["sid"],
            "CallStatus": status,
            "AccountSid": call["account_sid"],
            "From": call["from"],
            "To": call["to"],
            "Caller": call["from"],
            "Called": call["to"],
            "Direction": call["direction"],
            "ApiVersion": call["api_version"],
        }
        if call["parent_call_sid"]:
            named["ParentCallSid"] = call["parent_call_sid"]
        return named | ({"AnsweredBy": call["answered_by"]} if call["answered_by"] else {})

    def _post(
        self, made: Call, url: str, fields: dict[str, str], *, method: str = "POST"
    ) -> tuple[int, bytes]:
        signed_url, body = url.partition("#")[0], urlencode(fields)
        if method == "GET":
            signed_url, body, fields = f"{signed_url}{'&' if '?' in url else '?'}{body}", "", {}
        signature = RequestValidator(made.token).compute_signature(signed_url, fields)
        headers = {"Content-Type": FORM_TYPE, "X-Twilio-Signature": signature}
        tries = 1 + int(parse_qs(urlsplit(url).fragment).get("rc", ["0"])[0])
        answer = (0, b"")
        for _ in range(tries):
            answer = exchange(
                signed_url, body.encode(), headers, reach=self._store.reach, method=method
            )
            if answer[0] and answer[0] < HTTP_SERVER_ERROR:
                break
        return answer


def _refusal(fields: dict[str, str]) -> int:
    to, sender = fields.get("To", ""), fields.get("From", "")
    events = set(fields.get("StatusCallbackEvent", "completed").split(" "))
    timeout = fields.get("Timeout", "60")
    rules = (
        (not to, 21201),
        (not sender, 21213),
        (not any(fields.get(name) for name in ("Url", "Twiml", "ApplicationSid")), 21205),
        (not ADDRESS.fullmatch(to), 21211),
        (not ADDRESS.fullmatch(sender), 21212),
        (len(fields.get("Twiml", "")) > MOST_TWIML_CHARS, 21233),
        (not timeout.isdecimal() or int(timeout) > LONGEST_RING_S, 21216),
        (not events <= set(_EVENTS), 21626),
    )
    return next((code for is_broken, code in rules if is_broken), 0)
