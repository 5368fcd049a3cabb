"""When a channel opens again, as it is written to a customer."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import translation
from django.utils.formats import date_format, time_format


def in_words(at: datetime | None, *, language: str, zone: str) -> str:
    """Return an instant as the language writes it, on the wall of a zone; blank for None.

    The place says whose clock is meant: `Monday, November 23, 09:00 (Tokyo)`.
    """
    if at is None:
        return ""
    local = at.astimezone(ZoneInfo(zone))
    with translation.override(language):
        day = f"{date_format(local, 'l')}, {date_format(local, 'MONTH_DAY_FORMAT')}"
        return f"{day}, {time_format(local, 'H:i')} ({_place(zone)})"


def _place(zone: str) -> str:
    return zone.rpartition("/")[2].replace("_", " ")
