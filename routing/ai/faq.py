"""An AI agent without a model: it looks its answers up. No network. Pure."""

from collections import Counter
from collections.abc import Sequence

from routing.ai.base import Entry, HandOver, Question, Reply, Thought
from routing.ai.words import mentions, tokens
from routing.engine.handovers import HandoverReason

#: How much of a known question must be in what the customer wrote.
_ENOUGH = 0.5
_BY_KEYWORD = 2.0


def think(question: Question) -> Thought:
    """Answer with the entry that fits best, or hand over: it never guesses."""
    entry = best_entry("\n".join(question.unanswered), question.brief.entries)
    if entry is None:
        return Thought((HandOver(reason=HandoverReason.NO_ANSWER),))
    return Thought((Reply(entry.answer),))


def best_entry(text: str, entries: Sequence[Entry]) -> Entry | None:
    """Return the entry that a text asks for; of equals, the one that stands first.

    A keyword counts more than any likeness of the question; several count more than one.
    """
    asked = tokens(text)
    known = [tokens(entry.question) for entry in entries]
    spread = Counter(token for question in known for token in question)
    best, best_score = None, 0.0
    for entry, question in zip(entries, known, strict=True):
        score = _BY_KEYWORD * sum(mentions(text, word) for word in entry.keywords)
        score += _likeness(asked, question, spread)
        if score > best_score:
            best, best_score = entry, score
    return best if best_score >= _ENOUGH else None


def _likeness(asked: frozenset[str], question: frozenset[str], spread: Counter[str]) -> float:
    """Return how much of the question was asked, 0 to 1; what many questions say counts less."""
    whole = sum(1 / spread[token] for token in question)
    return sum(1 / spread[token] for token in question & asked) / whole if whole else 0.0
