from routing.models.decision import Decision
from routing.models.rule import Condition, Rule, RuleSet

__all__ = ["Condition", "Decision", "Rule", "RuleSet"]
