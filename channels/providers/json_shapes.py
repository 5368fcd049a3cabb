"""Reading JSON that somebody else wrote: whatever its shape, never an exception."""

import hashlib
import json
import re
from datetime import UTC, datetime
from typing import Any

from channels.providers.text import clean

Json = dict[str, Any]


def load_object(body: bytes) -> Json | None:
    """Return the JSON object in a body; None if it is none."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def objects(value: object) -> list[Json]:
    """Return the objects of a list; whatever else stands there is left out."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def an_object(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def text_of(value: object) -> str:
    """Return a text or a number as text that is safe to store; blank for everything else."""
    if isinstance(value, str):
        return clean(value)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if is_number else ""


def moment_of(value: object) -> datetime | None:
    """Return the instant that seconds since 1970 stand for."""
    text = text_of(value)
    if not re.fullmatch("[0-9]{1,10}", text):
        return None
    return datetime.fromtimestamp(int(text), UTC)


def dump(value: Json) -> bytes:
    """Return compact JSON in ASCII, as providers write it."""
    return json.dumps(value, separators=(",", ":")).encode()


def fingerprint(value: Json) -> str:
    """Return a short name for a row that has none of its own; the same row has the same name."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:40]
