"""What the stand-in remembers, which requests it refuses, and what it was told to do wrong."""

import json
import re
import threading
import uuid
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.fake_twilio.dates import is_between

API = "/2010-04-01"
MAX_BODY_CHARS = 1600
MAX_MEDIA = 10
#: Free text after the customer's 24 hours is taken first and fails on the way, twice.
OUTSIDE_WINDOW = (("undelivered", "63016"), ("failed", "63016"))
ADDRESS = re.compile(
    r"(whatsapp:)?\+[1-9][0-9]{3,14}|whatsapp:[A-Z]{2}\.[.0-9A-Za-z]{1,132}|[0-9]{3,8}"
)
_SENDER = re.compile(rf"{ADDRESS.pattern}|[0-9A-Za-z ]{{1,11}}")


@dataclass
class Fault:
    """What becomes of the next request to send.

    `code` and `status`: it is refused with them. `is_taken`: the message goes out all the same.
    `is_cut`: the line goes dead in place of an answer. `text`: the answer is this, not JSON.
    With `delay_s` alone it is only slow.
    """

    code: int = 0
    status: int = 0
    delay_s: float = 0.0
    retry_after: str = ""
    is_taken: bool = False
    is_cut: bool = False
    text: str = ""


class RefusedError(Exception):
    def __init__(self, code: int, status: int = 400, retry_after: str = "") -> None:
        self.code, self.status, self.retry_after = code, status, retry_after
        super().__init__(code)

    def as_json(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "message": f"Refused with {self.code}.",
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }


@dataclass
class Store:
    """The account's messages, newest last, and the rules of the house. All of it may be changed.

    `accounts`: SID to token; while it is empty every account with any token is let in.
    `received`: what customers wrote, see `inbound.py`. `largest_page`: no list gives more at once.
    `api_keys`: SID of a key to its secret and its account.
    `story`: the reports that follow a message by themselves, in this order.
    `reports_first`: the reports arrive before the answer to the send does.
    `contents`: the templates, as Twilio lists them with their approvals.
    `does_fetch`: files are fetched, and a message whose file is not to be had fails.
    `silent_share`: the share of messages of which nothing is ever reported.
    `delays`: the shortest and the longest time, in seconds, that an answer takes.
    `reach`: where to connect for reports and files instead of the address that was given.
    """

    accounts: dict[str, str] = field(default_factory=dict)
    api_keys: dict[str, tuple[str, str]] = field(default_factory=dict)
    opted_out: set[str] = field(default_factory=set)
    closed_windows: set[str] = field(default_factory=set)
    story: tuple[str, ...] = ()
    step_s: float = 0.01
    reports_first: bool = False
    reach: str = ""
    does_fetch: bool = True
    silent_share: float = 0.0
    contents: list[dict[str, Any]] = field(default_factory=list)
    delays: tuple[float, float] = (0.0, 0.0)
    faults: deque[Fault] = field(default_factory=deque)
    sends: list[dict[str, Any]] = field(default_factory=list)
    received: list[dict[str, Any]] = field(default_factory=list)
    largest_page: int = 1000
    lists: int = 0
    attempts: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock)

    def check_account(self, *, path_sid: str, username: str, token: str) -> None:
        if username in self.api_keys:
            is_known = self.api_keys[username] == (token, path_sid)
        else:
            is_known = self.accounts.get(username) == token if self.accounts else bool(token)
            is_known = is_known and username == path_sid
        if not is_known:
            raise RefusedError(20003, 401)

    def account_of(self, username: str) -> str:
        """Return the account of whoever calls: an account itself, or one of its keys."""
        return self.api_keys[username][1] if username in self.api_keys else username

    def signing_token(self, account_sid: str, token: str) -> str:
        """Return what signs an account's reports: always its own token, never a key's secret."""
        return self.accounts.get(account_sid, token)

    def next_fault(self) -> Fault:
        with self.lock:
            self.attempts += 1
            return self.faults.popleft() if self.faults else Fault()

    def take(
        self,
        fields: dict[str, str],
        *,
        account_sid: str,
        token: str,
        media: tuple[str, ...] = (),
    ) -> dict[str, Any]:
        """Store one message and return it as Twilio describes it. `media`: addresses of files."""
        refusal = self._refusal(fields, media)
        if refusal:
            raise RefusedError(refusal)
        now = format_datetime(datetime.now(UTC))
        sid = f"SM{uuid.uuid4().hex}"
        message: dict[str, Any] = {
            "account_sid": account_sid,
            "api_version": "2010-04-01",
            "body": fields.get("Body", "") or self._filled(fields),
            "content_sid": fields.get("ContentSid"),
            "date_created": now,
            "date_sent": None,
            "date_updated": now,
            "direction": "outbound-api",
            "error_code": None,
            "error_message": None,
            "from": fields.get("From"),
            "messaging_service_sid": fields.get("MessagingServiceSid"),
            "num_media": str(len(media)),
            "num_segments": "1",
            "price": None,
            "price_unit": None,
            "sid": sid,
            "status": "accepted" if fields.get("MessagingServiceSid") else "queued",
            "subresource_uris": {},
            "to": fields["To"],
            "uri": f"{API}/Accounts/{account_sid}/Messages/{sid}.json",
        }
        callback = fields.get("StatusCallback", "")
        with self.lock:
            token = self.signing_token(account_sid, token)
            send = {"message": message, "callback": callback, "token": token, "media": media}
            self.sends.append(send | {"files": []})
        return message

    def _refusal(self, fields: dict[str, str], media: tuple[str, ...]) -> int:
        to, sender = fields.get("To", ""), fields.get("From", "")
        callback, template = fields.get("StatusCallback", ""), fields.get("ContentSid", "")
        known = {content["sid"] for content in self.contents}
        rules = (
            (not to, 21604),
            (not sender and not fields.get("MessagingServiceSid"), 21603),
            (not any(fields.get(name) for name in ("Body", "MediaUrl", "ContentSid")), 21602),
            (not ADDRESS.fullmatch(to), 21211),
            (bool(sender) and not _SENDER.fullmatch(sender), 21212),
            (bool(sender) and to.startswith("whatsapp:") != sender.startswith("whatsapp:"), 21212),
            (to == sender, 21266),
            (len(fields.get("Body", "")) > MAX_BODY_CHARS, 21617),
            (any(not _is_public_address(url) for url in media), 21620),
            (len(media) > MAX_MEDIA, 21623),
            (bool(callback) and not _is_public_address(callback), 21609),
            (to in self.opted_out, 21610),
            (bool(template) and template not in known, 60228),
            (bool(template) and bool(fields.get("Body") or fields.get("MediaUrl")), 63030),
        )
        return next((code for is_broken, code in rules if is_broken), 0)

    def _filled(self, fields: dict[str, str]) -> str:
        """Return the text of a template with its placeholders filled."""
        known = {content["sid"]: content for content in self.contents}
        types = known.get(fields.get("ContentSid", ""), {}).get("types", {})
        text = str(next(iter(types.values()), {}).get("body", ""))
        for name, value in json.loads(fields.get("ContentVariables") or "{}").items():
            text = text.replace("{{" + name + "}}", value)
        return text

    def find(self, sid: str) -> dict[str, Any]:
        """Return what is remembered of one send: `message`, `callback`, `token`."""
        with self.lock:
            for send in self.sends:
                if send["message"]["sid"] == sid:
                    return send
        raise RefusedError(20404, 404)

    def page(self, query: dict[str, str], *, account_sid: str) -> dict[str, Any]:
        """Return one page of messages, newest first."""
        wanted = {"to": query.get("To"), "from": query.get("From"), "account_sid": account_sid}
        with self.lock:
            self.lists += 1
            messages = [send["message"] for send in reversed([*self.sends, *self.received])]
        matching = [
            message
            for message in messages
            if all(value is None or message[name] == value for name, value in wanted.items())
            and is_between(message, query)
        ]
        size = min(int(query.get("PageSize", "50")), self.largest_page)
        number = int(query.get("Page", "0"))
        rest = matching[number * size :]
        address = f"{API}/Accounts/{account_sid}/Messages.json"
        after = urlencode({**query, "PageSize": size, "Page": number + 1})
        return {
            "messages": rest[:size],
            "page": number,
            "page_size": size,
            "start": number * size,
            "end": number * size + len(rest[:size]),
            "uri": f"{address}?{urlencode(query)}",
            "first_page_uri": f"{address}?{urlencode({**query, 'Page': 0})}",
            "previous_page_uri": None,
            "next_page_uri": f"{address}?{after}" if len(rest) > size else None,
        }

    def doubled(self) -> list[str]:
        """Return the report addresses of messages that were taken more than once: must be none."""
        counts = Counter(send["callback"] for send in self.sends if send["callback"])
        return [callback for callback, count in counts.items() if count > 1]


def _is_public_address(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and "_" not in parts.netloc
