from routing.models.ai_agent import (
    AiAgent,
    AiAgentChannel,
    AiKind,
    AiRun,
    AiTurn,
    KnowledgeEntry,
    RunEnd,
    TurnOutcome,
)
from routing.models.decision import Decision
from routing.models.rule import Condition, Rule, RuleSet

__all__ = [
    "AiAgent",
    "AiAgentChannel",
    "AiKind",
    "AiRun",
    "AiTurn",
    "Condition",
    "Decision",
    "KnowledgeEntry",
    "Rule",
    "RuleSet",
    "RunEnd",
    "TurnOutcome",
]
