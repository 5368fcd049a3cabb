"""One rule over the latest conversations: what it would have matched, and where that went."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from routing.engine import serial
from routing.engine.conditions import ConditionError
from routing.engine.facts import Answer, RuleSpec, Situation
from routing.engine.observer import Observed, matches
from routing.engine.tally import Place, place_of
from routing.services.rule_replays import first_decisions

LOOKED_AT = 1000
_MOST_EXAMPLES = 5


@dataclass(slots=True)
class LookBack:
    """Of `total` conversations the rule matches `matched`; `elsewhere` of these did not go to its
    target. `taken_by`: the rules that took those, by key, None for no rule, and how many each.
    `examples` are keys of conversations that went elsewhere."""

    total: int = 0
    matched: int = 0
    elsewhere: int = 0
    taken_by: Counter[int | None] = field(default_factory=Counter)
    examples: list[int] = field(default_factory=list)


def look_back(rule: RuleSpec) -> LookBack:
    """Hold one rule against the facts of the latest conversations. One query, nothing is decided.

    Only its own channels and conditions are looked at: not what comes before it, nor whether its
    target could have taken it.
    """
    target = Place(rule.target.kind, rule.target.id)
    found = LookBack()
    for situation, answer, conversation_id in _latest():
        found.total += 1
        if not _matches(rule, situation):
            continue
        found.matched += 1
        if place_of(answer, channel_id=situation.channel_id) == target:
            continue
        found.elsewhere += 1
        found.taken_by[answer.rule_id] += 1
        if len(found.examples) < _MOST_EXAMPLES:
            found.examples.append(conversation_id)
    return found


def _latest() -> Iterable[tuple[Situation, Answer, int]]:
    rows: Iterable[Any] = first_decisions().values_list(
        "facts__situation", "answer", "conversation_id"
    )[:LOOKED_AT]
    for facts, answer, conversation_id in rows:
        situation = serial.situation_from_json(facts)
        yield situation, serial.answer_from_json(answer, steps=()), conversation_id


def _matches(rule: RuleSpec, situation: Situation) -> bool:
    if rule.channel_ids and situation.channel_id not in rule.channel_ids:
        return False
    try:
        has_matched, _findings = matches(rule, observed=Observed(situation))
    except ConditionError:
        return False
    return has_matched
