"""Trying an AI agent out: what it would answer and do. No customer has part in it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from conversations.services import replies
from routing.ai import plans, registry
from routing.ai.base import AiError, Line, Question
from routing.ai.plans import Plan
from routing.models import AiAgent
from routing.services import ai_briefs


@dataclass(frozen=True, slots=True)
class Trial:
    """What an AI agent would do. `error` is the code of what went wrong; blank if nothing did."""

    plan: Plan
    was_asked: bool = True
    error: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    took_ms: int = 0


def try_out(agent: AiAgent, *, lines: Sequence[Line]) -> Trial:
    """Ask an AI agent as in a conversation, running or not; its budget is not touched.

    Takes as long as the answer takes, so not inside a transaction.
    """
    began = time.monotonic()
    try:
        question = Question(
            ai_briefs.brief_of(agent), tuple(lines), organisation=ai_briefs.organisation()
        )
        reason = plans.reason_not_to_ask(question, words=agent.handover_words)
        if reason is not None:
            return Trial(Plan(handover=reason), was_asked=False)
        thought = registry.think(question)
    except AiError as error:
        reason = plans.reason_of(error)
        return Trial(Plan(handover=reason), error=error.code, took_ms=_since(began))
    plan = plans.plan(thought, tags=agent.allowed_tags, longest=replies.MAX_BODY_LENGTH)
    return Trial(
        plan,
        tokens_in=thought.tokens_in,
        tokens_out=thought.tokens_out,
        took_ms=_since(began),
    )


def _since(began: float) -> int:
    return int((time.monotonic() - began) * 1000)
