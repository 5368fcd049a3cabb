"""Texts that nobody writes: the greeting, and the message outside business hours. Pure.

Which of them a customer's message is answered with, in which language, and with what filled in.
"""

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

#: While a person is writing with the customer, no machine says that nobody is there.
PERSON_PAUSE = timedelta(minutes=5)
VARIABLES = ("contact_name", "channel_name", "next_opening")
#: What is filled in is cut here: a name is no letter.
LONGEST_VALUE = 200
_BREAKS = frozenset({"Cc", "Cs", "Zl", "Zp", "Zs"})
#: Characters that turn the direction of what follows.
_TURNS = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
#: Chinese is named by the country as well, and then the way of writing follows from that.
_SCRIPTS = {
    "zh-cn": "zh-hans",
    "zh-sg": "zh-hans",
    "zh-tw": "zh-hant",
    "zh-hk": "zh-hant",
    "zh-mo": "zh-hant",
}
_VARIABLE = re.compile(r"\{([a-z_]+)\}")


class TextKind(StrEnum):
    GREETING = "greeting"
    UNAVAILABLE = "unavailable"
    SURVEY_QUESTION = "survey_question"
    SURVEY_COMMENT = "survey_comment"
    SURVEY_THANKS = "survey_thanks"


class WhyNot(StrEnum):
    """Why a text was not sent. The codes are stored."""

    NOT_FIRST = "not_first"  # the greeting is for the first message of a conversation
    OTHER_TEXT = "other_text"  # the unavailable message was sent: one text is enough
    OFF = "off"
    OPEN = "open"
    TOLD = "told"  # already told in this closure
    PERSON_WROTE = "person_wrote"  # less than five minutes ago
    OPTED_OUT = "opted_out"
    KEYWORD = "keyword"  # the customer wants messages or wants none: the provider answers that
    OWN_NUMBER = "own_number"  # two machines would never stop answering each other
    LATE = "late"  # the message did not come as it was written
    NO_TEXT = "no_text"  # there is none, in any language


@dataclass(frozen=True, slots=True)
class Closure:
    """A stretch in which the channel is closed; None: for more than a year."""

    since: datetime | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Occasion:
    """A customer's message, and what there is to know before it is answered by a machine.

    `closure` is None while the channel is open. `told_at` is when this conversation was last told
    that it is closed; `person_wrote_at` when a person last wrote to this customer.
    """

    now: datetime
    is_first: bool
    has_greeting: bool
    has_unavailable_message: bool
    closure: Closure | None = None
    told_at: datetime | None = None
    person_wrote_at: datetime | None = None
    is_opted_out: bool = False
    is_keyword: bool = False
    is_own_number: bool = False
    is_late: bool = False


def why_not_unavailable(occasion: Occasion) -> WhyNot | None:
    """Return why the message is not answered with "nobody is here"; None if it is to be."""
    closure = occasion.closure
    if not occasion.has_unavailable_message:
        return WhyNot.OFF
    if closure is None:
        return WhyNot.OPEN
    if reason := _why_no_text(occasion):
        return reason
    told, wrote = occasion.told_at, occasion.person_wrote_at
    if told is not None and (closure.since is None or told >= closure.since):
        return WhyNot.TOLD
    if wrote is not None and occasion.now < wrote + PERSON_PAUSE:
        return WhyNot.PERSON_WROTE
    return None


def why_not_greeting(occasion: Occasion) -> WhyNot | None:
    """Return why the message is not answered with the greeting; None if it is to be.

    The unavailable message comes first: whoever is sent that one is not greeted.
    """
    if not occasion.has_greeting:
        return WhyNot.OFF
    if not occasion.is_first:
        return WhyNot.NOT_FIRST
    return _why_no_text(occasion)


def choose_language(texts: Mapping[str, str], *, language: str, default: str) -> str | None:
    """Return in which language to write: the customer's, one like it, or the channel's.

    `pt-br` is answered with `pt` if there is no `pt-br`, and with another kind of `pt` if there is
    no such text either. None if there is nothing to say in any of them.
    """
    written = {code: text for code, text in texts.items() if text.strip()}
    for wanted in (language.lower(), default.lower()):
        base = wanted.partition("-")[0]
        alike = sorted(code for code in written if code.partition("-")[0] == base)
        for code in (wanted, _SCRIPTS.get(wanted, ""), base, *alike):
            if code in written:
                return code
    return min(written, default=None)


def fill(text: str, *, values: Mapping[str, str]) -> str:
    """Return the text with the values in the place of `{name}`, once: no value is looked into.

    Where there is no value, the blank before it goes too: "Hello {contact_name}!" is "Hello!".
    """

    def put(match: re.Match[str]) -> str:
        blank, name = match.group(1), match.group(2)
        if name not in VARIABLES:
            return match.group(0)
        value = _on_one_line(values.get(name, ""))
        return f"{blank}{value}" if value else ""

    return re.sub(r"([ \u3000]?)\{([a-z_]+)\}", put, text).strip()


def find_unknown(text: str, *, known: Collection[str] = VARIABLES) -> list[str]:
    """Return the names in braces that stand for nothing, in their order."""
    return [name for name in _VARIABLE.findall(text) if name not in known]


def _why_no_text(occasion: Occasion) -> WhyNot | None:
    if occasion.is_own_number:
        return WhyNot.OWN_NUMBER
    if occasion.is_opted_out:
        return WhyNot.OPTED_OUT
    if occasion.is_keyword:
        return WhyNot.KEYWORD
    return WhyNot.LATE if occasion.is_late else None


def _on_one_line(value: str) -> str:
    """Return a value without what could break a text into two, or turn it around."""
    shown = (" " if unicodedata.category(c) in _BREAKS else c for c in value if c not in _TURNS)
    return " ".join("".join(shown).split())[:LONGEST_VALUE]
