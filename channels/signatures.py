"""Signing what leaves the house, by the rules of Standard Webhooks. Pure.

The signed text is `<id>.<timestamp>.<body>`; a secret is `whsec_` and 24 to 64 bytes in base64. The
official libraries verify these signatures: tests/reference.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Iterable

PREFIX = "whsec_"
SECRET_BYTES = 32
#: A receiver refuses what was signed longer ago, or further ahead, than this.
TOLERANCE_S = 5 * 60


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def sign(secret: str, *, message_id: str, timestamp: int, body: bytes) -> str:
    """Return one signature, such as `v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=`."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def sign_with_all(keys: Iterable[str], *, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the header's value: one signature for each secret that is alive."""
    return " ".join(
        sign(key, message_id=message_id, timestamp=timestamp, body=body) for key in keys
    )


def is_genuine(
    header: str, *, secret: str, message_id: str, timestamp: str, body: bytes, now_s: float
) -> bool:
    """Say whether one of the header's signatures was made with the secret, a short while ago."""
    if not timestamp.isascii() or not timestamp.isdigit():
        return False
    if abs(now_s - int(timestamp)) > TOLERANCE_S:
        return False
    try:
        expected = sign(secret, message_id=message_id, timestamp=int(timestamp), body=body)
    except binascii.Error:
        return False
    found = [hmac.compare_digest(one.encode(), expected.encode()) for one in header.split(" ")]
    return any(found)
