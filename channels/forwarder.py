"""Telling an endpoint of one event: signed, over the guarded way out."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

from channels import egress, signatures
from channels.egress import BlockedAddressError
from channels.wires import CallFailedError

USER_AGENT = "Relaydesk-Webhooks/1"
SUCCESS = range(200, 300)
GONE = 410
#: Statuses with which a receiver may ask for patience.
PATIENCE = frozenset({429, 503})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one try. `error` is blank where the receiver took it.

    It is `http`, with the status beside it, or `timeout`, `connection`, `tls`, `protocol`, or
    `blocked_` and why the address was not called.
    """

    error: str
    took_s: float
    status: int | None = None
    body: str = ""
    retry_after_s: float | None = None

    @property
    def is_gone(self) -> bool:
        return self.status == GONE


def forward(
    url: str,
    *,
    secrets: Sequence[str],
    message_id: str,
    body: bytes,
    now: datetime,
    resolver: egress.Resolver = egress.resolve,
) -> Outcome:
    """Send the body, signed with every secret, and say what became of it. Never raises."""
    began = time.monotonic()
    headers = build_headers(secrets=secrets, message_id=message_id, body=body, now=now)
    try:
        answer = egress.post(url, body=body, headers=headers, resolver=resolver)
    except BlockedAddressError as error:
        return Outcome(f"blocked_{error.reason}", time.monotonic() - began)
    except CallFailedError as error:
        return Outcome(error.code, time.monotonic() - began)
    took_s = time.monotonic() - began
    if answer.status in SUCCESS:
        return Outcome("", took_s, answer.status, answer.body)
    patience = parse_retry_after(answer.retry_after, now=now) if answer.status in PATIENCE else None
    return Outcome("http", took_s, answer.status, answer.body, patience)


def build_headers(
    *, secrets: Sequence[str], message_id: str, body: bytes, now: datetime
) -> dict[str, str]:
    """Return the headers of one try. The time is the try's own; the id is that of every try."""
    timestamp = int(now.timestamp())
    signature = signatures.sign_with_all(
        secrets, message_id=message_id, timestamp=timestamp, body=body
    )
    return {
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature,
    }


def parse_retry_after(value: str, *, now: datetime) -> float | None:
    """Return the seconds that a `Retry-After` header asks for: a number of them, or an instant."""
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, (parsedate_to_datetime(text) - now).total_seconds())
    except (ValueError, TypeError):
        return None
