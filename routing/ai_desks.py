"""The desk of an AI agent: whether it runs, and what is left of its budget."""

from datetime import datetime, timedelta

from django.db.models import Count, F, Q, Sum

from routing.engine.facts import AiState, Desk, Strategy, Target
from routing.models import AiAgent, AiTurn

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


def load(target: Target, *, at: datetime) -> Desk:
    """Return an AI agent as a decision sees it. Nothing is locked: it is looked at again later."""
    agent = AiAgent.objects.get(pk=target.id)
    state = load_state(agent, at=at)
    return Desk(target, agent.name, Strategy.DIRECT, (), is_active=state.is_running, ai=state)


def load_state(agent: AiAgent, *, at: datetime) -> AiState:
    """Return what an AI agent may still do. What has no limit is not counted."""
    if agent.messages_per_hour is None and agent.tokens_per_day is None:
        return AiState(agent.is_running)
    turns = AiTurn.objects.filter(ai_agent=agent, started_at__gt=at - _DAY)
    used = turns.aggregate(
        messages=Count("pk", filter=Q(message__isnull=False, started_at__gt=at - _HOUR)),
        tokens=Sum(F("tokens_in") + F("tokens_out")),
    )
    return AiState(
        agent.is_running,
        messages_left=_left(agent.messages_per_hour, used["messages"]),
        tokens_left=_left(agent.tokens_per_day, used["tokens"] or 0),
    )


def _left(limit: int | None, used: int) -> int | None:
    return None if limit is None else max(0, limit - used)
