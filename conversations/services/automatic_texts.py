"""Texts that nobody writes: the greeting, and the message outside business hours.

They go the way of every answer, but they are none: nobody stops waiting, and no timer ends.
"""

import logging
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction

from channels.greetings import (
    PERSON_PAUSE,
    Closure,
    Occasion,
    TextKind,
    WhyNot,
    choose_language,
    fill,
    why_not_greeting,
    why_not_unavailable,
)
from channels.loaders import load_channel_hours, load_closure, load_texts
from channels.models import Channel
from channels.openings import in_words
from conversations.actors import Actor
from conversations.event_types import EventType
from conversations.models import AutomaticText, Contact, Conversation, Identity, Message
from conversations.models.automatic_text import LONG_AGO
from conversations.models.message import AuthorKind, Direction
from conversations.phones import zone_of
from conversations.services import events, surveys
from conversations.services.replies import MAX_BODY_LENGTH

logger = logging.getLogger(__name__)

#: What is written where it was not sent at first.
_DECIDED = ("message", "language", "reason", "closed_until", "created_at")
#: Reasons that are no news: nothing was expected. They make no event, and are kept only where a
#: conversation starts, for whoever asks later why nothing was sent.
_SILENT = frozenset({WhyNot.OFF, WhyNot.OPEN, WhyNot.TOLD, WhyNot.NOT_FIRST})


@dataclass(frozen=True, slots=True)
class _Chosen:
    """A text that is sent, in this language; or why it is not."""

    kind: TextKind
    language: str = ""
    body: str = ""
    reason: WhyNot | None = None


def occasion(channel: Channel, *, now: datetime) -> Occasion | None:
    """Return what a message at this instant meets; None where no text is switched on.

    Costs no query as long as the calendar is known, so that it can be asked before every message.
    """
    if not (channel.has_greeting or channel.has_unavailable_message):
        return None
    closure = _closure(channel, now=now) if channel.has_unavailable_message else None
    return Occasion(
        now=now,
        is_first=False,
        has_greeting=channel.has_greeting,
        has_unavailable_message=channel.has_unavailable_message,
        closure=closure,
    )


def answer(conversation: Conversation, *, occasion: Occasion) -> Message | None:
    """Answer a customer's message with at most one text: the unavailable one first.

    Runs in the transaction that stores the message, with the conversation's row locked, and under
    a savepoint: whatever goes wrong, the message is safe. `conversation.channel` is loaded.
    """
    try:
        with transaction.atomic():
            return _answer(conversation, occasion)
    except Exception:
        logger.exception("No automatic text for conversation %s.", conversation.pk)
        return None


def _closure(channel: Channel, *, now: datetime) -> Closure | None:
    """Return the closure; a calendar that cannot be worked out keeps no message from us."""
    try:
        return load_closure(channel, at=now)
    except Exception:
        logger.exception("The hours of channel %s could not be worked out.", channel.pk)
        return None


def _answer(conversation: Conversation, known: Occasion) -> Message | None:
    unavailable, greeting = why_not_unavailable(known), why_not_greeting(known)
    if unavailable in _SILENT and greeting in _SILENT:
        nothing = [
            _Chosen(TextKind.UNAVAILABLE, reason=unavailable),
            _Chosen(TextKind.GREETING, reason=greeting),
        ]
        return _keep(conversation, nothing, known) if known.is_first else None
    identity = Identity.objects.select_related("contact").get(conversations=conversation.pk)
    seen = _look(conversation, identity, known)
    return _keep(conversation, _choose_both(conversation.channel, identity.contact, seen), seen)


def _choose_both(channel: Channel, contact: Contact, seen: Occasion) -> list[_Chosen]:
    unavailable = _choose(TextKind.UNAVAILABLE, why_not_unavailable(seen), channel, contact, seen)
    greeting_reason = why_not_greeting(seen)
    if unavailable.reason is None and greeting_reason is None:
        greeting_reason = WhyNot.OTHER_TEXT
    return [unavailable, _choose(TextKind.GREETING, greeting_reason, channel, contact, seen)]


def _look(conversation: Conversation, identity: Identity, known: Occasion) -> Occasion:
    """Return what else there is to know. Nobody was told anything before the first message."""
    seen = replace(known, is_opted_out=identity.opted_out_at is not None)
    if known.closure is None:
        return seen
    wrote = Message.objects.filter(
        conversation__contact=identity.contact_id,
        channel=conversation.channel_id,
        direction=Direction.OUTBOUND,
        author_kind=AuthorKind.AGENT,
        created_at__gt=known.now - PERSON_PAUSE,
    ).order_by("-created_at")
    seen = replace(seen, person_wrote_at=wrote.values_list("created_at", flat=True).first())
    if known.is_first:
        return seen
    told = AutomaticText.objects.filter(
        conversation=conversation, kind=TextKind.UNAVAILABLE, message__isnull=False
    ).order_by("-created_at")
    return replace(seen, told_at=told.values_list("created_at", flat=True).first())


def _choose(
    kind: TextKind, reason: WhyNot | None, channel: Channel, contact: Contact, seen: Occasion
) -> _Chosen:
    """Choose the language, and fill the text in."""
    if reason is not None:
        return _Chosen(kind, reason=reason)
    texts = load_texts(channel, kind=kind)
    language = choose_language(texts, language=contact.language, default=channel.language)
    if language is None:
        return _Chosen(kind, reason=WhyNot.NO_TEXT)
    values = {
        "contact_name": contact.name,
        "channel_name": channel.name,
        "next_opening": _next_opening(channel, contact, seen.closure, language),
    }
    return _Chosen(kind, language, fill(texts[language], values=values)[:MAX_BODY_LENGTH])


def _next_opening(
    channel: Channel, contact: Contact, closure: Closure | None, language: str
) -> str:
    """Return when the channel opens, for the customer: in their language, on their wall."""
    hours = load_channel_hours(channel)
    if hours is None or closure is None:
        return ""
    return in_words(closure.until, language=language, zone=zone_of(contact.phone) or hours.zone)


def _keep(conversation: Conversation, chosen: list[_Chosen], seen: Occasion) -> Message | None:
    """Keep what was decided, each text once; queue the one that is sent, and return it."""
    new: list[AutomaticText] = []
    sent: Message | None = None
    for each in chosen:
        if each.reason in _SILENT and not seen.is_first:
            continue
        kept = None if seen.is_first else _find_kept(conversation, each.kind, seen)
        if kept is not None and (kept.message_id is not None or kept.reason == each.reason):
            continue
        message = None
        if each.reason is None:
            message = sent = surveys.queue_automatic(conversation, body=each.body, now=seen.now)
        row = _row(conversation, each, message, seen)
        if kept is None:
            new.append(row)
        else:
            row.pk = kept.pk
            row.save(update_fields=_DECIDED)
        if each.reason not in _SILENT:
            _note(conversation, each, message, now=seen.now)
    AutomaticText.objects.bulk_create(new)
    return sent


def _row(
    conversation: Conversation, chosen: _Chosen, message: Message | None, seen: Occasion
) -> AutomaticText:
    return AutomaticText(
        conversation=conversation,
        kind=chosen.kind,
        closed_since=_closed_since(chosen.kind, seen),
        closed_until=seen.closure.until if seen.closure else None,
        message=message,
        language=chosen.language,
        reason=chosen.reason or "",
        created_at=seen.now,
    )


def _find_kept(conversation: Conversation, kind: TextKind, seen: Occasion) -> AutomaticText | None:
    kept = AutomaticText.objects.filter(
        conversation=conversation, kind=kind, closed_since=_closed_since(kind, seen)
    )
    return kept.order_by("pk").first()


def _closed_since(kind: TextKind, seen: Occasion) -> datetime | None:
    """Return what may be there once in a conversation, beside the greeting."""
    if kind == TextKind.GREETING or seen.closure is None:
        return None
    return seen.closure.since or LONG_AGO


def _note(
    conversation: Conversation, chosen: _Chosen, message: Message | None, *, now: datetime
) -> None:
    type_: EventType = "automatic_text.skipped"
    data: dict[str, Any] = {"automatic": chosen.kind.value}
    if message is None:
        data["reason"] = str(chosen.reason)
    else:
        type_ = "message.queued"
        data |= {"message": str(message.public_id), "sequence": message.sequence}
    events.record(type_, conversation=conversation, actor=Actor.system(), now=now, data=data)
