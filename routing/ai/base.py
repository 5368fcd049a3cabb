"""What an AI agent is asked, and the only things that it can answer: plain values. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from routing.engine.handovers import HandoverReason

#: The whole call to a model, from the first packet to the last.
TIMEOUT_S = 45.0


class Speaker(StrEnum):
    CUSTOMER = "customer"
    AI = "ai"
    STAFF = "staff"  # a person of ours, or a text that our settings sent


@dataclass(frozen=True, slots=True)
class Line:
    """One message of the conversation, as the model sees it. `sender_id` is our own number."""

    speaker: Speaker
    text: str
    at: datetime
    id: str
    sender_id: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """What an AI agent knows: a question, its answer, and words that mean this question."""

    question: str
    answer: str
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Brief:
    """Who answers, and with what. The key is shown nowhere, not even by accident."""

    kind: str
    name: str
    instructions: str = ""
    languages: tuple[str, ...] = ()
    base_url: str = ""
    model: str = ""
    key: str = field(default="", repr=False)
    #: How long an answer may take.
    timeout_s: float = TIMEOUT_S
    entries: tuple[Entry, ...] = ()
    #: The tags that it may set; none other exists for it.
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """A conversation whose customer waits. `conversation_id` 0: outside any conversation."""

    brief: Brief
    lines: Sequence[Line]
    conversation_id: int = 0
    organisation: str = ""

    @property
    def unanswered(self) -> tuple[str, ...]:
        """What the customer wrote since anybody answered, oldest first."""
        texts: list[str] = []
        for line in reversed(self.lines):
            if line.speaker is not Speaker.CUSTOMER:
                break
            texts.append(line.text)
        return tuple(reversed(texts))


@dataclass(frozen=True, slots=True)
class Reply:
    text: str


@dataclass(frozen=True, slots=True)
class HandOver:
    """Let people go on. The summary is for them."""

    summary: str = ""
    reason: HandoverReason = HandoverReason.ASKED


@dataclass(frozen=True, slots=True)
class ProposeCallback:
    """The customer wants to be phoned. `when` is in the customer's words."""

    when: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Tag:
    tags: tuple[str, ...]


#: All that an AI agent can do, whatever it says. Nothing here names a conversation or a person:
#: it acts where it was asked.
Action = Reply | HandOver | ProposeCallback | Tag


@dataclass(frozen=True, slots=True)
class Thought:
    """What a model answered. `ignored`: what it tried besides, as short codes for the history."""

    actions: tuple[Action, ...] = ()
    ignored: tuple[str, ...] = ()
    tokens_in: int = 0
    tokens_out: int = 0


#: So much of what was ignored is written down.
MOST_IGNORED = 20


def code_name(name: str) -> str:
    """Return a name that a model made up, as far as it can be written down anywhere."""
    return "".join(ch for ch in name if ch.isascii() and (ch.isalnum() or ch in "_-."))[:40] or "?"


class AiError(Exception):
    """No answer. `code` is a key of `ERRORS`; `detail` never holds a secret or a prompt."""

    def __init__(self, code: str, detail: str = "", *, retry_after_s: float | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.retry_after_s = retry_after_s
        # What was used before it failed.
        self.tokens_in = self.tokens_out = 0

    @property
    def may_pass(self) -> bool:
        """Whether asking again in a moment may help."""
        return self.code in _PASSING


_PASSING = frozenset({"rate_limited", "server", "connection"})
ERRORS = frozenset(
    {
        "timeout",
        "connection",
        "tls",
        "protocol",
        "too_large",
        "blocked",
        "not_listed",
        "key_missing",
        "unauthorized",
        "rate_limited",
        "server",
        "refused",
        "malformed",
        "empty",
        "internal",
        "lost",
    }
)
