"""Answers too long for one message: where texts are cut, where files go, how it adds up. Pure."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from conversations.delivery_states import DeliveryStatus

#: Where a text is best cut, the best first: after a paragraph, a line, a sentence, a word.
_CUTS = (
    re.compile(r"\n\s*\n"),
    re.compile(r"\n"),
    re.compile(r"[.!?…]['\"”’)]*\s+|[。！？．]['\"”’」』）]*"),
    re.compile(r"\s+"),
)
_WORD_LIKE = re.compile(r"\S+")
#: A part should not be shorter than this share of what fits, just for a nicer cut.
_LEAST_SHARE = 0.4
_JOINER, _SELECTORS, _TONES = "\u200d", range(0xFE00, 0xFE10), range(0x1F3FB, 0x1F400)
_FLAGS = range(0x1F1E6, 0x1F200)
#: From the worst to the best, as a person who waits for the whole message sees it.
_ORDER = [
    DeliveryStatus.FAILED,
    DeliveryStatus.UNKNOWN,
    DeliveryStatus.QUEUED,
    DeliveryStatus.SENDING,
    DeliveryStatus.SENT,
    DeliveryStatus.DELIVERED,
    DeliveryStatus.READ,
]


@dataclass(frozen=True, slots=True)
class Piece:
    """One of the messages in which an answer goes out. `file`: the place of its file, if any."""

    text: str
    file: int | None = None


def lay_out(
    text: str, *, limit: int, are_captioned: Sequence[bool], caption_limit: int
) -> list[Piece]:
    """Share out a text and files over messages of at most one file each.

    `are_captioned`: for each file whether a text is shown beside it. The text stands beside the
    first file if it fits there; else it goes before all files, in as many messages as it needs.
    """
    files = [Piece("", place) for place in range(len(are_captioned))]
    if not text.strip() and files:
        return files
    if files and are_captioned[0] and _units(text.strip()) <= caption_limit:
        return [Piece(text, 0), *files[1:]]
    return [*(Piece(part) for part in split(text, limit=limit)), *files]


def overall(statuses: Iterable[str]) -> str:
    """Return what became of a message in several parts: as much as is true of every part.

    Some sent and some queued: it is on its way, `sending`.
    """
    seen = {DeliveryStatus(status) for status in statuses if status}
    if not seen:
        return ""
    worst = min(seen, key=_ORDER.index)
    if worst == DeliveryStatus.QUEUED and len(seen) > 1:
        return DeliveryStatus.SENDING
    return worst


def split(text: str, *, limit: int) -> list[str]:
    """Cut a text into parts of at most `limit` UTF-16 units; put together they are the text.

    Blanks around a part do not count, for they are not sent. The length is counted as phones and
    most providers do, so an emoji has two. Nothing that is one letter to a reader is cut in two,
    and no address, unless it alone is longer than a part.
    """
    parts: list[str] = []
    rest = text
    while _units(rest.strip()) > limit:
        at = _place_to_cut(rest, limit=limit)
        parts.append(rest[:at])
        rest = rest[at:]
    if parts and not rest.strip():
        parts[-1] += rest
        return parts
    return [*parts, rest]


def _units(text: str) -> int:
    return len(text) + sum(1 for letter in text if letter > "\uffff")


def _place_to_cut(text: str, *, limit: int) -> int:
    """Return the index behind the first part. Blanks behind a cut stay with what they follow."""
    blanks = len(text) - len(text.lstrip())
    end = blanks + _letters_within(text[blanks:], limit=limit)
    least = blanks + int((end - blanks) * _LEAST_SHARE)
    for cut in _CUTS:
        # The blanks themselves may lie beyond the end: they are not sent.
        ends = [m.end() for m in cut.finditer(text) if least < _bare_end(text, m) <= end]
        if ends:
            return ends[-1]
    return _within_a_word(text, first=blanks, end=end)


def _bare_end(text: str, match: re.Match[str]) -> int:
    return match.start() + len(match.group().rstrip())


def _letters_within(text: str, *, limit: int) -> int:
    units = 0
    for index, letter in enumerate(text):
        units += 2 if letter > "\uffff" else 1
        if units > limit:
            return index
    return len(text)


def _within_a_word(text: str, *, first: int, end: int) -> int:
    """Return the last place at or before `end` that is between two letters as people see them."""
    for word in _WORD_LIKE.finditer(text, first):
        if word.start() > first and word.start() < end < word.end() and "://" in word.group():
            end = word.start()
            break
        if word.start() >= end:
            break
    for index in range(end, first, -1):
        if not _is_inside(text, index):
            return index
    return end


def _is_inside(text: str, index: int) -> bool:
    """Say whether a cut before `text[index]` goes through what a reader takes for one letter."""
    before, after = text[index - 1], text[index]
    if unicodedata.combining(after) or unicodedata.category(after) in ("Mn", "Me", "Mc"):
        return True
    if _JOINER in (before, after) or ord(after) in _SELECTORS or ord(after) in _TONES:
        return True
    if ord(before) in _FLAGS and ord(after) in _FLAGS:
        return _flags_before(text, index) % 2 == 1
    return before == "\r" and after == "\n"


def _flags_before(text: str, index: int) -> int:
    count = 0
    while count < index and ord(text[index - 1 - count]) in _FLAGS:
        count += 1
    return count
