"""What is done about a model's answer: only what is allowed, in words that are fit to send.

Pure."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from routing.ai.base import (
    Action,
    AiError,
    HandOver,
    ProposeCallback,
    Question,
    Reply,
    Tag,
    Thought,
)
from routing.ai.words import mentions
from routing.engine.handovers import HandoverReason

Kind = TypeVar("Kind", Reply, HandOver, ProposeCallback)

LONGEST_NOTE = 1000
_KEPT_CONTROLS = "\n\t"


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be done, in this order: tag, reply, propose a callback, hand over.

    `refused` has what the model wanted and may not, as short codes.
    """

    reply: str = ""
    tags: tuple[str, ...] = ()
    callback: ProposeCallback | None = None
    handover: HandoverReason | None = None
    summary: str = ""
    refused: tuple[str, ...] = ()

    @property
    def deeds(self) -> list[str]:
        """The actions, as codes for the history."""
        done = {
            "tag": self.tags,
            "reply": self.reply,
            "propose_callback": self.callback,
            "hand_over": self.handover,
        }
        return [name for name, value in done.items() if value]


def plan(thought: Thought, *, tags: Sequence[str], longest: int) -> Plan:
    """Return what is done about an answer. One that says nothing is handed over, as a failure.

    `tags` are those that exist for this AI agent; `longest` is what one message may hold.
    """
    refused = list(thought.ignored)
    reply = _fit(_first(thought.actions, Reply), longest=longest, refused=refused)
    wanted = [tag for action in thought.actions if isinstance(action, Tag) for tag in action.tags]
    known = tuple(dict.fromkeys(tag for tag in wanted if tag in tags))
    if len(known) < len(set(wanted)):
        refused.append("tag:unknown")
    callback = _first(thought.actions, ProposeCallback)
    asked = _first(thought.actions, HandOver)
    return Plan(
        reply,
        known,
        _shortened(callback),
        _reason(asked, callback=callback, reply=reply),
        clean(asked.summary)[:LONGEST_NOTE] if asked else "",
        tuple(refused),
    )


def reason_not_to_ask(question: Question, *, words: Sequence[str]) -> HandoverReason | None:
    """Return why people go on without the model being asked; None if it is asked."""
    said = question.unanswered
    if any(mentions(text, word) for text in said for word in words):
        return HandoverReason.WORDS
    return None


def reason_of(error: AiError) -> HandoverReason:
    return HandoverReason.TIMEOUT if error.code == "timeout" else HandoverReason.ERROR


def clean(text: str) -> str:
    """Return a text without what is no text: control characters would reach somebody's screen."""
    kept = (ch for ch in text if ch in _KEPT_CONTROLS or unicodedata.category(ch) not in _NO_TEXT)
    return "".join(kept).strip()


_NO_TEXT = frozenset({"Cc", "Cs", "Co"})


def _fit(action: Reply | None, *, longest: int, refused: list[str]) -> str:
    """Return what is sent: a text that is too long is not cut, for its end may matter most."""
    text = clean(action.text) if action else ""
    if len(text) > longest:
        refused.append("reply:too_long")
        return ""
    return text


def _reason(
    asked: HandOver | None, *, callback: ProposeCallback | None, reply: str
) -> HandoverReason | None:
    if asked is not None:
        return asked.reason
    if callback is not None:
        return HandoverReason.CALLBACK
    return None if reply else HandoverReason.ERROR


def _shortened(callback: ProposeCallback | None) -> ProposeCallback | None:
    if callback is None:
        return None
    return ProposeCallback(clean(callback.when)[:200], clean(callback.note)[:LONGEST_NOTE])


def _first(actions: Sequence[Action], kind: type[Kind]) -> Kind | None:
    return next((action for action in actions if isinstance(action, kind)), None)
