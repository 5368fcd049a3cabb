"""Rules and what starts flows as JSON and back: what a version of the rules consists of. Pure."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from routing.engine.facts import ConditionSpec, FlowStart, RuleSpec, Target, TargetKind


def rules_to_json(rules: Sequence[RuleSpec]) -> list[dict[str, Any]]:
    return [_rule_to_json(rule) for rule in rules]


def _rule_to_json(rule: RuleSpec) -> dict[str, Any]:
    written = asdict(rule)
    for condition in written["conditions"]:
        if not condition["group"]:  # as it was before there were groups
            del condition["group"]
    return written


def rules_from_json(stored: Sequence[dict[str, Any]]) -> tuple[RuleSpec, ...]:
    return tuple(_rule_from_json(rule) for rule in stored)


def _rule_from_json(stored: dict[str, Any]) -> RuleSpec:
    target = stored["target"]
    return RuleSpec(
        id=stored["id"],
        name=stored["name"],
        target=Target(TargetKind(target["kind"]), target["id"]),
        match=stored["match"],
        conditions=tuple(ConditionSpec(**condition) for condition in stored["conditions"]),
        channel_ids=tuple(stored["channel_ids"]),
        add_tags=tuple(stored["add_tags"]),
        set_priority=stored["set_priority"],
        pins_contact=stored.get("pins_contact", False),
    )


def flows_to_json(starts: Sequence[FlowStart]) -> list[dict[str, Any]]:
    return [asdict(start) for start in starts]


def flows_from_json(stored: Sequence[dict[str, Any]]) -> tuple[FlowStart, ...]:
    return tuple(
        FlowStart(
            **{
                **start,
                "words": tuple(start["words"]),
                "channel_ids": tuple(start["channel_ids"]),
            }
        )
        for start in stored
    )
