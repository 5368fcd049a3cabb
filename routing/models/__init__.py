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
from routing.models.rule import Condition, Rule, RuleDraft, RuleSet
from routing.models.rule_trust import ReplayBasis, ReplayStatus, RuleReplay, SavedTest

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
    "ReplayBasis",
    "ReplayStatus",
    "Rule",
    "RuleDraft",
    "RuleReplay",
    "RuleSet",
    "RunEnd",
    "RunProblem",
    "RunStatus",
    "SavedTest",
    "StepKind",
    "TurnOutcome",
]
