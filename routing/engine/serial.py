"""Decisions as JSON and back, without loss. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from routing.engine.facts import (
    Answer,
    Candidate,
    Desk,
    KnownPerson,
    RuleSpec,
    Situation,
    Step,
    Strategy,
    Target,
    TargetKind,
)
from routing.engine.rule_sets import rules_from_json, rules_to_json


@dataclass(frozen=True, slots=True)
class StoredFacts:
    """All that a decision knew: enough to make it again."""

    situation: Situation
    desks: dict[Target, Desk]
    targets: tuple[Target, ...]
    rules: tuple[RuleSpec, ...]


def facts_to_json(
    situation: Situation,
    *,
    desks: Mapping[Target, Desk],
    targets: Sequence[Target] = (),
    rules: Sequence[RuleSpec] = (),
) -> dict[str, Any]:
    """Return the facts as JSON. `rules` stays empty where a stored version holds them."""
    return {
        "situation": _plain(asdict(situation)),
        "desks": [_plain(asdict(desk)) for desk in desks.values()],
        "targets": [_plain(asdict(target)) for target in targets],
        "rules": rules_to_json(rules),
    }


def facts_from_json(stored: Mapping[str, Any]) -> StoredFacts:
    desks = [_desk(desk) for desk in stored["desks"]]
    return StoredFacts(
        situation=_situation(stored["situation"]),
        desks={desk.target: desk for desk in desks},
        targets=tuple(_target(target) for target in stored["targets"]),
        rules=rules_from_json(stored["rules"]),
    )


def steps_to_json(steps: Sequence[Step]) -> list[dict[str, Any]]:
    return [_plain(step._asdict()) for step in steps]


def answer_to_json(answer: Answer) -> dict[str, Any]:
    """Return the answer without its steps, which are stored beside it."""
    stored: dict[str, Any] = _plain(asdict(answer))
    del stored["steps"]
    return stored


def _plain(value: Any) -> Any:
    """Return the value as JSON has it: instants as text, tuples as lists."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _situation(stored: Mapping[str, Any]) -> Situation:
    return Situation(
        **{
            **stored,
            "at": datetime.fromisoformat(stored["at"]),
            "contact_tags": tuple(stored["contact_tags"]),
            "permanent_agent": _known(stored["permanent_agent"]),
            "previous_owner": _known(stored["previous_owner"]),
            "lapsed_ids": tuple(stored["lapsed_ids"]),
        }
    )


def _known(stored: Mapping[str, Any] | None) -> KnownPerson | None:
    return None if stored is None else KnownPerson(**stored)


def _desk(stored: Mapping[str, Any]) -> Desk:
    return Desk(
        **{
            **stored,
            "target": _target(stored["target"]),
            "strategy": Strategy(stored["strategy"]),
            "candidates": tuple(_candidate(candidate) for candidate in stored["candidates"]),
        }
    )


def _candidate(stored: Mapping[str, Any]) -> Candidate:
    last = stored["last_assigned_at"]
    return Candidate(
        **{**stored, "last_assigned_at": None if last is None else datetime.fromisoformat(last)}
    )


def _target(stored: Mapping[str, Any]) -> Target:
    return Target(TargetKind(stored["kind"]), stored["id"])
