"""The desk of an AI agent: whether it runs, and what is left of its budget."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Count, F, Q, Sum
from django.utils import timezone

from routing.ai.money import Budget, Prices
from routing.engine.facts import AiState, Desk, Strategy, Target
from routing.models import AiAgent, AiTurn, TurnOutcome

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


def load(target: Target, *, at: datetime) -> Desk:
    """Return an AI agent as a decision sees it. Nothing is locked: it is looked at again later."""
    agent = AiAgent.objects.get(pk=target.id)
    state = load_state(agent, at=at)
    return Desk(target, agent.name, Strategy.DIRECT, (), is_active=state.is_running, ai=state)


def load_state(agent: AiAgent, *, at: datetime) -> AiState:
    """Return what an AI agent may still do. What has no limit is not counted."""
    if not agent.is_limited:
        return AiState(agent.is_running)
    turns = AiTurn.objects.filter(ai_agent=agent, started_at__gt=at - _DAY)
    # Who is being answered at this moment may get a message, too.
    written = Q(message__isnull=False) | Q(outcome=TurnOutcome.STARTED)
    used = turns.aggregate(
        messages=Count("pk", filter=written & Q(started_at__gt=at - _HOUR)),
        tokens=Sum(F("tokens_in") + F("tokens_out")),
    )
    return AiState(
        agent.is_running,
        messages_left=_left(agent.messages_per_hour, used["messages"]),
        tokens_left=_left(agent.tokens_per_day, used["tokens"] or 0),
        money_left=_money_left(agent, at=at),
    )


def prices_of(agent: AiAgent) -> Prices | None:
    """Return what its model costs; None where nobody said."""
    if agent.price_in is None or agent.price_out is None:
        return None
    return Prices(agent.price_in, agent.price_out, agent.currency)


def load_budgets(agent: AiAgent, *, at: datetime) -> tuple[Budget, Budget]:
    """Return the money of the day and of the month, as the installation's own clock has them."""
    day, month = money_starts(at)
    turns = AiTurn.objects.filter(ai_agent=agent, currency=agent.currency, started_at__gte=month)
    spent = turns.aggregate(day=Sum("cost", filter=Q(started_at__gte=day)), month=Sum("cost"))
    return (
        Budget("day", agent.budget_per_day, spent["day"] or Decimal(0), day),
        Budget("month", agent.budget_per_month, spent["month"] or Decimal(0), month),
    )


def money_starts(at: datetime) -> tuple[datetime, datetime]:
    """Return when the day and the month began, by the installation's own clock."""
    local = timezone.localtime(at, timezone.get_default_timezone())
    day = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return day, day.replace(day=1)


def _money_left(agent: AiAgent, *, at: datetime) -> str | None:
    if agent.budget_per_day is None and agent.budget_per_month is None:
        return None
    known = (budget.left for budget in load_budgets(agent, at=at))
    return str(min(left for left in known if left is not None))


def _left(limit: int | None, used: int) -> int | None:
    return None if limit is None else max(0, limit - used)
