"""How a conversation looks in a list: small pieces, each safe to print."""

from datetime import datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conversations.models import Conversation, Message
from conversations.models.message import AuthorKind, Direction
from conversations.phones import mask_phone
from conversations.states import Status
from conversations.templatetags.relaydesk import icon, label, since
from teams.admin.console import initials, pill
from teams.texts import Text

STATUS_TONES = {
    Status.BOT: "info",
    Status.NEW: "warn",
    Status.IN_PROGRESS: "info",
    Status.SNOOZED: "quiet",
    Status.RESOLVED: "good",
    Status.CLOSED: "quiet",
}
PREVIEW_LENGTH = 60
_WORDLESS: dict[str, Text] = {
    "unsupported": gettext_lazy("(a kind of message that WhatsApp keeps back)"),
    "form": gettext_lazy("(a form)"),
}


def status_pill(conversation: Conversation) -> SafeString:
    tone = STATUS_TONES[Status(conversation.status)]
    return pill(tone, conversation.get_status_display())


def contact(conversation: Conversation) -> SafeString:
    """The customer's name, and below it the masked number and the channel."""
    number = mask_phone(conversation.contact.phone)
    name = conversation.contact.name or number or f"#{conversation.pk}"
    below = " · ".join(part for part in (number, conversation.channel.name) if part)
    return format_html('{}<span class="sub">{}</span>', name, below)


def last_message(message: Message | None, *, now: datetime) -> SafeString:
    """Who wrote last, the beginning of the text, and when."""
    if message is None:
        return format_html('<span class="quiet">{}</span>', _("no message"))
    name, word = _voice(message)
    text = message.body or label_of_kind(message.kind)
    if len(text) > PREVIEW_LENGTH:
        text = f"{text[: PREVIEW_LENGTH - 1]}…"
    return format_html(
        '<span class="preview">{}<span class="visually-hidden">{} </span>'
        '<span class="preview-text">{}</span>{}</span>',
        icon(name),
        label(word),
        text,
        time_tag(message.created_at, now=now),
    )


def label_of_kind(kind: str) -> Text:
    """Return what stands in a list for a message without words."""
    return _WORDLESS.get(kind, _("(attachment)"))


def where(conversation: Conversation, *, why: Text = "") -> SafeString:
    """The team and the person. Where nobody is, say so, and why if that is known."""
    team = conversation.team.name if conversation.team else ""
    if conversation.status == Status.BOT:
        return format_html('{}<span class="sub">{}</span>', pill("info", _("Held by AI")), why)
    if conversation.assignee is None:
        below = why or _("nobody yet")
        return format_html('{}<span class="sub why">{}</span>', team or _("No team"), below)
    return format_html(
        '<span class="person"><span class="avatar" aria-hidden="true">{}</span><span>{}'
        '<span class="sub">{}</span></span></span>',
        initials(conversation.assignee.name),
        conversation.assignee.name,
        team,
    )


def waiting(conversation: Conversation, *, now: datetime) -> SafeString:
    """For how long the customer has no answer; marked once it was due."""
    if conversation.waiting_since is None:
        return format_html('<span class="quiet">{}</span>', "–")
    text = since(conversation.waiting_since, now)
    start = date_format(localtime(conversation.waiting_since), "DATETIME_FORMAT")
    whole = _("without an answer since %(start)s") % {"start": start}
    if conversation.reply_due_at is not None and conversation.reply_due_at < now:
        return format_html(
            '<span class="number overdue" title="{}">{} {}</span>', whole, text, _("overdue")
        )
    return format_html('<span class="number" title="{}">{}</span>', whole, text)


def tags(conversation: Conversation) -> SafeString | str:
    return format_html_join("", '<span class="tag">{}</span>', ((t,) for t in conversation.tags))


def time_tag(instant: datetime, *, now: datetime) -> SafeString:
    """The time of day for today, else the date; the whole instant on demand."""
    local = localtime(instant)
    is_today = local.date() == localtime(now).date()
    text = date_format(local, "TIME_FORMAT" if is_today else "SHORT_DATE_FORMAT")
    whole = date_format(local, "DATETIME_FORMAT")
    return format_html('<time datetime="{}" title="{}">{}</time>', local.isoformat(), whole, text)


def _voice(message: Message) -> tuple[str, str]:
    """Return the icon and the word for who wrote."""
    if message.direction == Direction.NOTE:
        return "note", _("Note")
    if message.author_kind == AuthorKind.CONTACT:
        return "channel", _("Customer")
    if message.author_kind == AuthorKind.SYSTEM:
        return "auto", _("Automatic")
    return "send", _("Us")


def latest_of(conversation: Any) -> Message | None:
    """Return the message that the list's query brought along."""
    return conversation.last_messages[0] if conversation.last_messages else None
