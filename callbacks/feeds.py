"""Callbacks as a calendar in the format that calendar programs read (RFC 5545)."""

from collections.abc import Iterable
from datetime import timedelta
from urllib.parse import urljoin

import icalendar
from django.urls import reverse
from django.utils.translation import gettext as _

from callbacks.models import Callback
from conversations.phones import mask_phone

#: How long a call takes in the calendar: long enough to be seen.
CALL_TAKES = timedelta(minutes=15)
READ_EVERY = timedelta(minutes=15)
CONTENT_TYPE = "text/calendar; charset=utf-8"


def build_calendar(callbacks: Iterable[Callback], *, title: str, home: str) -> bytes:
    """Return the calendar. `home` is the address of the console: each entry links to its page.

    Numbers are masked: whoever has the address of a calendar may read it.
    """
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Relaydesk//Callbacks//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", title)
    calendar.add("refresh-interval", READ_EVERY, parameters={"value": "DURATION"})
    calendar.add("x-published-ttl", "PT15M")
    for callback in callbacks:
        calendar.add_component(_entry(callback, home=home))
    body: bytes = calendar.to_ical()
    return body


def _entry(callback: Callback, *, home: str) -> icalendar.Event:
    url = urljoin(home, reverse("admin:callbacks_callback_change", args=[callback.pk]))
    name = callback.name or callback.identity.contact.name or mask_phone(callback.number)
    entry = icalendar.Event()
    entry.add("uid", f"{callback.public_id}@relaydesk")
    entry.add("sequence", callback.version)
    entry.add("dtstamp", callback.created_at)
    entry.add("dtstart", callback.due_at)
    entry.add("dtend", callback.due_at + CALL_TAKES)
    entry.add("summary", _("Call %(who)s") % {"who": name})
    facts = (callback.get_status_display(), callback.team.name, mask_phone(callback.number), url)
    entry.add("description", "\n".join(facts))
    entry.add("url", url)
    entry.add("categories", [callback.team.name])
    return entry
