"""What AI agents may spend: taken before a model is asked, settled when it has answered.

Whoever asks takes what the question may cost at most, under the lock of the AI agent's row. So
workers that ask at the same time never spend the same money twice; what was taken too much is given
back with the answer. Where nobody knows what a try cost (its worker died, the model fell silent or
does not count its tokens), it cost what was taken.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from routing import ai_desks
from routing.ai import completions
from routing.ai.base import AiError, Question, Thought
from routing.ai.money import Budget, Prices
from routing.models import AiAgent

#: Errors that come before a model reads anything: nobody charges for them.
_FREE = frozenset(
    {
        "blocked",
        "connection",
        "key_missing",
        "not_listed",
        "rate_limited",
        "refused",
        "server",
        "tls",
        "unauthorized",
    }
)
_NOTHING = Decimal(0)


class BudgetSpentError(Exception):
    """Nothing is left. `budget` is the one of money that does not bear it, if it was money."""

    def __init__(self, budget: Budget | None = None) -> None:
        super().__init__()
        self.budget = budget


@dataclass(frozen=True, slots=True)
class Share:
    """What a try has taken of the budget, and at which prices it is settled."""

    taken: Decimal = _NOTHING
    prices: Prices | None = None

    @property
    def currency(self) -> str:
        return self.prices.currency if self.prices else ""

    def settle(self, result: Thought | AiError) -> Decimal:
        """Return what a try cost in the end."""
        if self.prices is None:
            return _NOTHING
        known = self.prices.cost(tokens_in=result.tokens_in, tokens_out=result.tokens_out)
        if isinstance(result, AiError):
            return known if result.code in _FREE else max(known, self.taken)
        return known or self.taken


def take(agent: AiAgent, *, question: Question, now: datetime) -> Share:
    """Take what a question may cost; the lock holds until the caller's transaction ends.

    Raises `BudgetSpentError`.
    """
    share = _share(agent, question=question)
    if not agent.is_limited:
        return share
    agent = AiAgent.objects.select_for_update(no_key=True).get(pk=agent.pk)
    state = ai_desks.load_state(agent, at=now)
    if 0 in (state.messages_left, state.tokens_left):
        raise BudgetSpentError
    if state.money_left is not None:
        for budget in ai_desks.load_budgets(agent, at=now):
            if not budget.bears(share.taken):
                raise BudgetSpentError(budget)
    return share


def _share(agent: AiAgent, *, question: Question) -> Share:
    prices = ai_desks.prices_of(agent)
    if prices is None:
        return Share()
    return Share(prices.most(request_bytes=completions.size_of(question)), prices)
