"""How a channel does, in a word: on its page and in the list."""

from datetime import datetime
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from channels.models import Channel, Envelope, EnvelopeOutcome, Provider, RefusedRequest
from teams.admin.console import pill

#: Shown where a refusal has no better word: what the provider got for an answer.
REFUSED_STATUS = "403"


def with_traffic(rows: QuerySet[Channel]) -> QuerySet[Channel]:
    """Annotate when something was last taken, and when and since when something was refused."""
    taken = Envelope.objects.filter(channel=OuterRef("pk")).order_by("-pk")
    by_door = taken.exclude(outcome=EnvelopeOutcome.FETCHED)
    refused = RefusedRequest.objects.filter(channel=OuterRef("pk")).order_by("-last_at", "-pk")
    return rows.annotate(
        last_received_at=Subquery(taken.values("received_at")[:1]),
        last_by_door_at=Subquery(by_door.values("received_at")[:1]),
        refused_at=Subquery(refused.values("last_at")[:1]),
        refused_since=Subquery(refused.values("first_at")[:1]),
    )


def state_of(channel: Any) -> SafeString:
    """Say in a word how the channel does, and in a sentence why. Wants `with_traffic`."""
    if not channel.is_active:
        return pill("quiet", _("Off"))
    if not channel.has_readable_secrets:
        text = _("Enter its secrets anew: nothing can be received or sent.")
        if channel.provider in (Provider.TWILIO, Provider.SIMULATOR):
            text = _("Enter the auth token anew: nothing can be received or sent.")
        return _two_lines("bad", _("Token unreadable"), text)
    if channel.broken_at is not None:
        return _two_lines("bad", _("Cannot send"), _(channel.broken_reason))
    since = failing_since(channel)
    if since is not None:
        text = _("Failing: %(code)s since %(at)s") % {"code": REFUSED_STATUS, "at": short(since)}
        return _two_lines("bad", text, _("Requests are refused at the door."))
    if channel.last_by_door_at is None:
        is_outside = channel.provider != Provider.SIMULATOR
        text = _("No message has arrived here.") if is_outside else ""
        return _two_lines("warn", _("No webhook yet") if is_outside else _("No message yet"), text)
    return pill("good", _("Receiving"))


def failing_since(channel: Any) -> datetime | None:
    """Return since when requests are refused; None if one was taken after the last refusal."""
    refused_at, taken_at = channel.refused_at, channel.last_by_door_at
    if refused_at is None or (taken_at is not None and taken_at >= refused_at):
        return None
    since: datetime = channel.refused_since
    return since if taken_at is None or since > taken_at else refused_at


def short(at: datetime) -> str:
    return str(date_format(localtime(at), "SHORT_DATETIME_FORMAT"))


def _two_lines(tone: str, word: str, sentence: str) -> SafeString:
    if not sentence:
        return pill(tone, word)
    return format_html('{} <span class="sub why">{}</span>', pill(tone, word), sentence)
