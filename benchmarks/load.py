"""Customers who write, as Twilio delivers it: signed requests, and clients that send them.

One process and one loop serve all connections, so that measuring takes little from two cores.
"""

import base64
import hashlib
import hmac
import random
import selectors
import socket
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlencode

#: One delivery in so many starts a conversation; the others follow up on one.
NEW_EVERY = 5
GREETINGS = ("I would like a refund, please.", "Where is my order?")
FOLLOW_UPS = ("It is number 4711.", "Hello?", "I paid by card.", "Thank you!", "返金できますか？")
# A follow-up goes to somebody who was introduced at least so many contacts ago, so that nobody
# follows up on what is still being stored.
SETTLED = 40


@dataclass(frozen=True, slots=True)
class Door:
    """Where a channel takes its messages, and what Twilio would sign with."""

    path: str
    public_url: str
    account_sid: str
    auth_token: str
    number: str


@dataclass(slots=True)
class Traffic:
    """Deliveries that never repeat: one in five from somebody who never wrote before."""

    door: Door
    chance: random.Random
    written: int = 0
    contacts: int = 0

    def take(self, count: int) -> list[bytes]:
        return [self._next() for _ in range(count)]

    def take_of(self, kind: str, *, count: int) -> list[bytes]:
        """Return only follow-ups, or only deliveries from somebody new."""
        if kind == "new":
            return [self._from_somebody_new() for _ in range(count)]
        return [self._from_somebody_known() for _ in range(count)]

    def _next(self) -> bytes:
        is_new = self.written % NEW_EVERY == 0 or self.contacts <= SETTLED
        self.written += 1
        return self._from_somebody_new() if is_new else self._from_somebody_known()

    def _from_somebody_new(self) -> bytes:
        self.contacts += 1
        return self._delivery(contact=self.contacts, text=self.chance.choice(GREETINGS))

    def _from_somebody_known(self) -> bytes:
        contact = self.chance.randrange(1, self.contacts - SETTLED + 1)
        return self._delivery(contact=contact, text=self.chance.choice(FOLLOW_UPS))

    def _delivery(self, *, contact: int, text: str) -> bytes:
        sid = f"SM{self.chance.getrandbits(128):032x}"
        phone = f"+8190{contact:08d}"
        fields = {
            "SmsMessageSid": sid,
            "NumMedia": "0",
            "ProfileName": f"Dora {contact}",
            "MessageType": "text",
            "SmsSid": sid,
            "WaId": phone.removeprefix("+"),
            "SmsStatus": "received",
            "Body": text,
            "To": f"whatsapp:{self.door.number}",
            "NumSegments": "1",
            "ReferralNumMedia": "0",
            "MessageSid": sid,
            "AccountSid": self.door.account_sid,
            "From": f"whatsapp:{phone}",
            "ApiVersion": "2010-04-01",
        }
        return build_request(self.door, fields)


def build_request(door: Door, fields: dict[str, str]) -> bytes:
    """Return the bytes of a delivery that Twilio signed."""
    body = urlencode(fields).encode()
    signed = door.public_url + "".join(name + fields[name] for name in sorted(fields))
    digest = hmac.new(door.auth_token.encode(), signed.encode(), hashlib.sha1).digest()
    head = (
        f"POST {door.path} HTTP/1.1\r\n"
        "Host: 127.0.0.1\r\n"
        "User-Agent: TwilioProxy/1.1\r\n"
        "Accept: */*\r\n"
        "Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\n"
        f"X-Twilio-Signature: {base64.b64encode(digest).decode()}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@dataclass(slots=True)
class Outcome:
    """What clients saw: seconds per answer in the order of arrival, and the answers by status."""

    seconds: float
    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds

    @property
    def errors(self) -> int:
        return sum(count for status, count in self.statuses.items() if status // 100 != 2)

    def percentile_ms(self, percent: int) -> float:
        return statistics.quantiles(self.latencies, n=100)[percent - 1] * 1000


class _Client:
    """One connection that sends the next request as soon as it has its answer."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""
        self.sent_at = 0.0

    def send(self, request: bytes) -> None:
        self.received = b""
        self.sent_at = time.perf_counter()
        self.socket.sendall(request)

    def status(self) -> int | None:
        """Read what has come; return the status once the answer is whole, 0 if it broke off."""
        try:
            chunk = self.socket.recv(65536)
        except ConnectionError:
            chunk = b""
        if not chunk:
            return 0
        self.received += chunk
        head, blank, body = self.received.partition(b"\r\n\r\n")
        if not blank or len(body) < _length(head):
            return None
        return int(head.split(b" ", 2)[1])


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise ValueError(f"an answer without its length: {head!r}")


def run(requests: list[bytes], *, port: int, connections: int) -> Outcome:
    """Send the requests over so many connections, each as fast as it is answered."""
    selector = selectors.DefaultSelector()
    pending = iter(requests)
    outcome = Outcome(seconds=0.0)
    started = time.perf_counter()
    for _ in range(connections):
        _send_next(_Client(port), pending, selector)
    while selector.get_map():
        for key, _ in selector.select():
            client = key.data
            status = client.status()
            if status is None:
                continue
            outcome.latencies.append(time.perf_counter() - client.sent_at)
            outcome.statuses[status] += 1
            selector.unregister(client.socket)
            if status == 0:
                client.socket.close()
                client = _Client(port)
            _send_next(client, pending, selector)
    outcome.seconds = time.perf_counter() - started
    return outcome


def _send_next(client: _Client, pending: Iterator[bytes], selector: selectors.BaseSelector) -> None:
    request = next(pending, None)
    if request is None:
        client.socket.close()
        return
    client.send(request)
    selector.register(client.socket, selectors.EVENT_READ, client)
