"""Rules and what starts flows as JSON and back: what a version of the rules consists of. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from routing.engine.facts import ConditionSpec, FlowStart, RuleSpec, Target, TargetKind


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule as people edit it: what the engine reads of it, and what only people do.

    `public_id` is blank in versions from before it was stored with the rules.
    """

    spec: RuleSpec
    public_id: str = ""
    is_active: bool = True
    note: str = ""


def rows_to_json(rows: Iterable[RuleRow]) -> list[dict[str, Any]]:
    """Return all rules in their order; the other keys are those of `rules_to_json`."""
    return [
        {
            **_rule_to_json(row.spec),
            "public_id": row.public_id,
            "is_active": row.is_active,
            "note": row.note,
        }
        for row in rows
    ]


def rows_from_json(stored: Iterable[dict[str, Any]]) -> tuple[RuleRow, ...]:
    return tuple(
        RuleRow(
            _rule_from_json(rule),
            public_id=rule.get("public_id", ""),
            is_active=rule.get("is_active", True),
            note=rule.get("note", ""),
        )
        for rule in stored
    )


def rules_to_json(rules: Sequence[RuleSpec]) -> list[dict[str, Any]]:
    return [_rule_to_json(rule) for rule in rules]


def _rule_to_json(rule: RuleSpec) -> dict[str, Any]:
    written = asdict(rule)
    for condition in written["conditions"]:
        if not condition["group"]:  # as it was before there were groups
            del condition["group"]
    return written


def rules_from_json(stored: Sequence[dict[str, Any]]) -> tuple[RuleSpec, ...]:
    """Return the rules that are on: those that the engine tries."""
    return tuple(_rule_from_json(rule) for rule in stored if rule.get("is_active", True))


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
    return [
        {**asdict(start), "words": list(start.words), "channel_ids": list(start.channel_ids)}
        for start in starts
    ]


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
