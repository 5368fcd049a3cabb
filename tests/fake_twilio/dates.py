"""When a message was sent, for lists that are asked for a time."""

from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any


def is_between(message: dict[str, Any], query: dict[str, str]) -> bool:
    """Say whether a message was sent in the time that a list is asked for."""
    after, before = query.get("DateSent>"), query.get("DateSent<")
    if not (after or before):
        return True
    if not message["date_sent"]:
        return False
    sent = parsedate_to_datetime(message["date_sent"])
    is_late_enough = not after or sent >= datetime.fromisoformat(after)
    return is_late_enough and (not before or sent <= datetime.fromisoformat(before))
