"""Why a conversation was, or was not, answered by a text that nobody wrote: as sentences."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from channels.greetings import TextKind, WhyNot
from conversations.admin.history import AUTOMATIC_TEXTS, SKIP_REASONS
from conversations.models import AutomaticText, Conversation
from conversations.models.automatic_text import LONG_AGO
from conversations.models.message import Direction
from conversations.templatetags.relaydesk import language_name
from teams.instants import written_instant
from teams.texts import Text

_PLAIN: dict[str, Text] = {
    WhyNot.OFF.value: gettext_lazy("Not sent: it was switched off."),
    WhyNot.OPEN.value: gettext_lazy("Not sent: the channel was open at that instant."),
}


@dataclass(frozen=True, slots=True)
class Decided:
    """One text: which, when it was decided about, what came of it, and because of which closure."""

    kind: Text
    at: datetime
    is_sent: bool
    sentences: list[str]


def explain_automatic_texts(conversation: Conversation) -> list[Decided]:
    """Return what was decided about each text, the latest first."""
    rows = conversation.automatic_texts.order_by("-created_at", "pk")
    return [
        Decided(
            AUTOMATIC_TEXTS[row.kind],
            row.created_at,
            not row.reason,
            list(_sentences(row, conversation)),
        )
        for row in rows
    ]


def _sentences(row: AutomaticText, conversation: Conversation) -> Iterator[str]:
    if row.reason:
        plain = _PLAIN.get(row.reason)
        because = {"reason": SKIP_REASONS.get(row.reason, row.reason)}
        yield str(plain) if plain else _("Not sent: %(reason)s.") % because
    else:
        yield _("Sent, in this language: %(language)s.") % {"language": language_name(row.language)}
    if row.kind != TextKind.UNAVAILABLE or row.closed_since is None:
        return
    yield _closure(row)
    later = 0 if row.reason else _count_later(row, conversation)
    if later:
        text = ngettext(
            "Not sent again to %(n)d later message: it had been sent once since closing.",
            "Not sent again to %(n)d later messages: it had been sent once since closing.",
            later,
        )
        yield text % {"n": later}


def _closure(row: AutomaticText) -> str:
    """Say since when the channel was closed, and until when, as far as anybody knows."""
    since, until = row.closed_since, row.closed_until
    facts = {"since": _written(since), "until": _written(until)}
    if since == LONG_AGO:
        return _("Closed until %(until)s.") % facts if until else _("The channel never opens.")
    if until is None:
        return _("Closed since %(since)s, with no opening in sight.") % facts
    return _("Closed since %(since)s, until %(until)s.") % facts


def _count_later(row: AutomaticText, conversation: Conversation) -> int:
    """Count what the customer wrote later in the same closure."""
    later = conversation.messages.filter(direction=Direction.INBOUND, created_at__gt=row.created_at)
    if row.closed_until is not None:
        later = later.filter(created_at__lt=row.closed_until)
    return later.count()


def _written(at: datetime | None) -> str:
    return "" if at is None else written_instant(at)
