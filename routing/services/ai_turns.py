"""What an AI agent's tries were: begun, lost or over, and what each of them used."""

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from conversations.models import Message
from routing.ai.base import AiError, Question, Thought
from routing.ai.plans import Plan
from routing.models import AiRun, AiTurn, TurnOutcome
from routing.services import ai_budgets
from routing.services.ai_budgets import Share


@dataclass(slots=True)
class Claim:
    """A conversation that this worker alone may answer. `attempt` is the fence on every write."""

    run_id: int
    conversation_id: int
    attempt: int
    share: Share = field(default_factory=Share)
    began: float = field(default_factory=time.monotonic)

    def later(self, now: datetime) -> datetime:
        """Return the instant that it is by now, by the clock of the claim, in whole seconds."""
        return now + timedelta(seconds=int(time.monotonic() - self.began))


def begin(
    claim: Claim, run: AiRun, *, question: Question, messages: list[Message], now: datetime
) -> None:
    """Write down that a model is asked, and what that may cost. Raises `BudgetSpentError`."""
    claim.share = ai_budgets.take(run.ai_agent, question=question, now=now)
    AiTurn.objects.create(
        run=run,
        ai_agent=run.ai_agent,
        attempt=claim.attempt,
        started_at=now,
        lines=len(messages),
        last_sequence=messages[-1].sequence if messages else 0,
        cost=claim.share.taken,
        currency=claim.share.currency,
    )


def note_lost(run: AiRun) -> None:
    """Name the tries whose worker died: they began, and nothing was ever written down."""
    lost = AiTurn.objects.filter(run=run, outcome=TurnOutcome.STARTED)
    lost.update(outcome=TurnOutcome.LOST, error="lost")


def last_error(run: AiRun) -> str:
    """Return why its last try came to nothing; what failed before a try began has no other name."""
    failed = AiTurn.objects.filter(run=run).exclude(error="")
    return failed.order_by("-pk").values_list("error", flat=True).first() or "internal"


def note(
    claim: Claim,
    *,
    outcome: TurnOutcome,
    result: Thought | AiError,
    plan: Plan | None = None,
    message: Message | None = None,
) -> None:
    """Write down what a try was and used. It may be late, when another try has taken over."""
    facts: dict[str, object] = {"outcome": outcome, "message": message}
    facts["took_ms"] = int((time.monotonic() - claim.began) * 1000)
    facts["cost"] = claim.share.settle(result)
    facts |= {"tokens_in": result.tokens_in, "tokens_out": result.tokens_out}
    if isinstance(result, AiError):
        facts |= {"error": result.code, "error_detail": result.detail[:200]}
    else:
        facts["ignored"] = list(plan.refused if plan else result.ignored)
    if plan is not None:
        facts["actions"] = plan.deeds
    AiTurn.objects.filter(run=claim.run_id, attempt=claim.attempt).update(**facts)
