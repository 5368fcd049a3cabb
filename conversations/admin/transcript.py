"""The transcript: messages, days, and between them who had the conversation."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.text import Truncator
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from conversations.admin.history import MARKED, describe, describe_assignment, load_names
from conversations.delivery_states import DeliveryStatus
from conversations.file_addresses import name_of
from conversations.file_errors import describe_error
from conversations.media_types import shown_as
from conversations.models import (
    Assignment,
    Attachment,
    Conversation,
    Event,
    FileState,
    Message,
)
from conversations.models.assignment import EndReason
from conversations.models.message import Direction
from conversations.services.fetching import may_fetch_again
from teams.texts import Text

#: So many messages at once; "Earlier messages" shows the ones before.
PAGE = 100
QUOTE_LENGTH = 80


@dataclass(frozen=True, slots=True)
class Tick:
    """What became of an answer: a mark, the word for it, and what that means."""

    icon: str
    word: Text
    meaning: Text = ""


TICKS = {
    DeliveryStatus.QUEUED: Tick("clock", _("queued")),
    DeliveryStatus.SENDING: Tick("clock", _("sending")),
    DeliveryStatus.SENT: Tick("check", _("sent")),
    DeliveryStatus.DELIVERED: Tick("checks", _("delivered")),
    DeliveryStatus.READ: Tick("checks", _("read")),
    DeliveryStatus.FAILED: Tick("alert", _("not delivered")),
    DeliveryStatus.UNKNOWN: Tick(
        "question",
        _("unclear"),
        _("Nobody knows yet whether this arrived. It is not sent again by itself."),
    ),
}
#: Twilio's, WhatsApp's own, and ours for the 24 hours that were over.
_WINDOW_CODES = {"63016", "131047", "window_closed"}
_TAKEN = {DeliveryStatus.SENT, DeliveryStatus.DELIVERED, DeliveryStatus.READ}
RETRYABLE = {DeliveryStatus.FAILED, DeliveryStatus.UNKNOWN}


@dataclass(frozen=True, slots=True)
class File:
    """A file of a message. `shown_as` is image, audio, video or file; `why`: it is not here."""

    row: Attachment
    shown_as: str
    name: str
    why: Text = ""
    is_retryable: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in the transcript: `kind` is day, message or marker."""

    kind: str
    at: datetime
    message: Message | None = None
    tick: Tick | None = None
    #: What became of all its parts, and the provider's code if something is wrong with one.
    status: str = ""
    code: str = ""
    parts: Text = ""
    #: It failed because the 24 hours were over, and still are: only a template gets through.
    needs_template: bool = False
    #: Why an answer did not arrive, in the reader's language where we know the sentence.
    why: Text = ""
    files: tuple[File, ...] = ()
    #: The beginning of the message that this one answers, where it is here.
    quoted: str = ""
    #: A person may have it sent once more.
    is_retryable: bool = False
    text: Text = ""
    who: Text = ""
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Transcript:
    """`earlier_before` is the number to ask for the messages before these; None: there are none."""

    entries: list[Entry]
    last_sequence: int
    earlier_before: int | None


def build_transcript(conversation: Conversation, *, before: int | None) -> Transcript:
    """Return a page of the transcript, newest at the bottom, in a fixed number of queries."""
    rows = conversation.messages.filter(part_of=None).order_by("-sequence")
    rows = rows.select_related("author").prefetch_related("attachments", "parts__attachments")
    if before is not None:
        rows = rows.filter(sequence__lt=before)
    messages = list(rows[:PAGE])[::-1]
    first = messages[0] if messages else None
    has_earlier = first is not None and first.sequence > 1
    start = first.created_at if first is not None and has_earlier else None
    end = messages[-1].created_at if messages and before is not None else None
    quotes = _load_quotes(conversation, messages)
    markers = [m for m in _load_markers(conversation) if _is_between(m.at, start, end)]
    said = [_wrap_one(message, quotes, conversation=conversation) for message in messages]
    entries = sorted([*said, *markers], key=_place)
    return Transcript(
        _with_days(entries),
        messages[-1].sequence if messages else 0,
        first.sequence if first is not None and has_earlier else None,
    )


def count_inbound_after(conversation: Conversation, *, sequence: int) -> int:
    """Return how many messages the customer wrote since the page was shown."""
    return Message.objects.filter(
        conversation=conversation, sequence__gt=sequence, direction=Direction.INBOUND
    ).count()


def _load_quotes(conversation: Conversation, messages: list[Message]) -> dict[str, str]:
    """Return the beginnings of the messages that were answered, by the provider's ids."""
    wanted = {name for message in messages if (name := _answered(message))}
    rows = Message.objects.filter(conversation=conversation, provider_message_id__in=wanted)
    texts = rows.values_list("provider_message_id", "body")
    return {str(name): Truncator(body).chars(QUOTE_LENGTH) for name, body in texts}


def _answered(message: Message) -> str:
    """Return the provider's id of the message that this one answers; blank if it answers none."""
    replies = (entry for entry in message.media if entry.get("kind") == "reply")
    return next((str(entry.get("message_id", "")) for entry in replies), "")


def _has_written_since(conversation: Conversation, message: Message) -> bool:
    """Say whether the customer's 24 hours began anew after this message."""
    last = conversation.last_inbound_at
    return last is not None and last > message.created_at


def _wrap_one(message: Message, quotes: Mapping[str, str], *, conversation: Conversation) -> Entry:
    whole = message.whole
    status = message.whole_status
    wrong = next((part for part in whole if part.error_code or part.error_detail), None)
    needs_template = wrong is not None and wrong.error_code in _WINDOW_CODES
    if needs_template and _has_written_since(conversation, message):
        needs_template = False
    return Entry(
        "message",
        message.created_at,
        message=message,
        tick=TICKS[DeliveryStatus(status)] if status else None,
        status=status,
        code=wrong.error_code if wrong else "",
        why=gettext(wrong.error_detail) if wrong and wrong.error_detail else "",
        files=tuple(_describe_file(row) for row in message.whole_files),
        is_retryable=status in RETRYABLE and not needs_template,
        needs_template=needs_template,
        parts=_describe_parts(whole) if len(whole) > 1 else "",
        quoted=quotes.get(_answered(message), ""),
    )


def _describe_parts(whole: list[Message]) -> Text:
    """Say in how many messages it goes out, and how many of them the provider has."""
    have = sum(1 for part in whole if part.delivery_status in _TAKEN)
    if have == len(whole):
        return gettext("In %(count)d messages") % {"count": len(whole)}
    text = gettext("In %(count)d messages, %(sent)d of them sent")
    return text % {"count": len(whole), "sent": have}


def _describe_file(row: Attachment) -> File:
    return File(
        row,
        shown_as(row.content_type) if row.state == FileState.STORED else "file",
        name_of(row),
        describe_error(row.error) if row.state == FileState.FAILED else "",
        may_fetch_again(row),
    )


def _load_markers(conversation: Conversation) -> list[Entry]:
    assignments = Assignment.objects.filter(conversation=conversation).select_related(
        "user", "team"
    )
    events = list(Event.objects.filter(conversation=conversation, type__in=MARKED))
    names = load_names(events)
    lines = (describe(event, names=names) for event in events if not _left_a_queue(event))
    # What happened at one instant: first who lost it, then who got it.
    return [
        *(Entry("marker", line.at, text=line.text, who=line.who) for line in lines),
        *(Entry("marker", row.started_at, text=describe_assignment(row)) for row in assignments),
    ]


def _left_a_queue(event: Event) -> bool:
    """Say whether it was taken from nobody for somebody: the line about that somebody tells it."""
    if event.type != "conversation.unassigned" or event.data.get("user_id") is not None:
        return False
    return bool(event.data.get("reason") == EndReason.REPLACED)


def _is_between(at: datetime, start: datetime | None, end: datetime | None) -> bool:
    return (start is None or at >= start) and (end is None or at <= end)


def _place(entry: Entry) -> tuple[datetime, int, int]:
    """At one instant: what the customer wrote, then what we decided, then what we answered."""
    if entry.message is None:
        return (entry.at, 1, 0)
    is_theirs = entry.message.direction == Direction.INBOUND
    return (entry.at, 0 if is_theirs else 2, entry.message.sequence)


def _with_days(entries: list[Entry]) -> list[Entry]:
    """Put a line before the first entry of each day, as days pass where the viewer is."""
    result: list[Entry] = []
    last: date | None = None
    for entry in entries:
        day = localtime(entry.at).date()
        if day != last:
            result.append(Entry("day", entry.at, day=day))
            last = day
        result.append(entry)
    return result
