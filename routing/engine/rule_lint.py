"""What is odd about a list of rules, as far as it can be proved from the rules alone. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any

from routing.engine import rule_logic
from routing.engine.conditions import ConditionError
from routing.engine.facts import RuleSpec
from routing.engine.rule_logic import Term, always_match


class WarningCode(StrEnum):
    """What is odd about a rule. The codes are stable: the API gives them."""

    BROKEN = "broken"
    NEVER_MATCHES = "never_matches"
    NEVER_REACHED = "never_reached"
    DUPLICATE = "duplicate"
    TEAM_INACTIVE = "team_inactive"
    TEAM_WITHOUT_MEMBERS = "team_without_members"
    TEAM_NOT_RECEIVING = "team_not_receiving"
    PERSON_INACTIVE = "person_inactive"
    PERSON_NOT_RECEIVING = "person_not_receiving"
    AI_AGENT_STOPPED = "ai_agent_stopped"
    FLOW_OFF = "flow_off"
    NOT_MATCHED_LATELY = "not_matched_lately"


@dataclass(frozen=True, slots=True)
class RuleWarning:
    """One oddity of one rule. `other_id` is the rule that it has to do with, by key.

    `facts`: `problem` is a `ConditionError`'s code and `detail` its words; `target` a name; `other`
    and `other_place` the other rule's name and number in the order; `days` how long.
    """

    code: WarningCode
    rule_id: int
    other_id: int | None = None
    facts: dict[str, Any] = field(default_factory=dict)


@lru_cache(maxsize=8)
def lint(rules: tuple[RuleSpec, ...]) -> tuple[RuleWarning, ...]:
    """Return what is odd about rules in the order in which they are tried.

    A rule is compared with those before it: one that always matches first takes everything that
    its target can take.
    """
    warnings: list[RuleWarning] = []
    earlier = _Earlier()
    for place, rule in enumerate(rules, start=1):
        try:
            terms = rule_logic.terms_of(rule)
        except ConditionError as error:
            problem = {"problem": error.code, "detail": error.detail}
            warnings.append(RuleWarning(WarningCode.BROKEN, rule.id, facts=problem))
            continue
        if terms == []:
            warnings.append(RuleWarning(WarningCode.NEVER_MATCHES, rule.id))
            continue
        if found := earlier.find(rule, terms):
            code, other, other_place = found
            facts = {"other": other.name, "other_place": other_place}
            warnings.append(RuleWarning(code, rule.id, other.id, facts))
        earlier.add(rule, place)
    return tuple(warnings)


class _Earlier:
    """The rules that are tried before, with their places in the order."""

    def __init__(self) -> None:
        self._rules: list[tuple[RuleSpec, int]] = []
        self._by_question: dict[Any, tuple[RuleSpec, int]] = {}

    def add(self, rule: RuleSpec, place: int) -> None:
        self._rules.append((rule, place))
        self._by_question.setdefault(_question(rule), (rule, place))

    def find(
        self, rule: RuleSpec, terms: Sequence[Term] | None
    ) -> tuple[WarningCode, RuleSpec, int] | None:
        """Return the first that takes everything that this one asks for, and how."""
        if same := self._by_question.get(_question(rule)):
            return WarningCode.DUPLICATE, *same
        if terms is None:
            return None
        for other, place in self._rules:
            if _serves(other, rule.channel_ids) and always_match(other, terms=terms):
                return WarningCode.NEVER_REACHED, other, place
        return None


def _question(rule: RuleSpec) -> Any:
    return rule.channel_ids, rule_logic.asks_the_same(rule)


def _serves(rule: RuleSpec, channel_ids: tuple[int, ...]) -> bool:
    """Say whether a rule is tried on all of these channels; none means every one."""
    if not rule.channel_ids:
        return True
    return bool(channel_ids) and set(channel_ids) <= set(rule.channel_ids)
