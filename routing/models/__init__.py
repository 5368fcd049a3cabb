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
from routing.models.flow import (
    Flow,
    FlowRun,
    FlowRunStep,
    FlowTrigger,
    FlowVersion,
    RunProblem,
    RunStatus,
    StepKind,
)
from routing.models.rule import Condition, Rule, RuleSet

__all__ = [
    "AiAgent",
    "AiAgentChannel",
    "AiKind",
    "AiRun",
    "AiTurn",
    "Condition",
    "Decision",
    "Flow",
    "FlowRun",
    "FlowRunStep",
    "FlowTrigger",
    "FlowVersion",
    "KnowledgeEntry",
    "Rule",
    "RuleSet",
    "RunEnd",
    "RunProblem",
    "RunStatus",
    "StepKind",
    "TurnOutcome",
]
