"""Values that the engine reads, with sensible defaults. A test states only what it is about."""

from typing import Any

from routing.engine.facts import (
    Candidate,
    ConditionSpec,
    Desk,
    KnownPerson,
    OpenDesk,
    RuleSpec,
    Situation,
    Strategy,
    Target,
    TargetKind,
)
from tests.moments import WEDNESDAY_MORNING

ALICE, BOB, CHEN = 1, 2, 3
NAMES = {ALICE: "Alice", BOB: "Bob", CHEN: "Chen"}

SUPPORT = Target(TargetKind.TEAM, 10)
SALES = Target(TargetKind.TEAM, 11)
TOKYO = Target(TargetKind.CHANNEL, 20)


def candidate(user_id: int = ALICE, **fields: Any) -> Candidate:
    defaults = {"name": NAMES.get(user_id, f"Person {user_id}"), "presence": "online", "load": 0}
    return Candidate(user_id, **{**defaults, "capacity": 5, **fields})


def known(user_id: int = ALICE, *, is_active: bool = True) -> KnownPerson:
    return KnownPerson(user_id, NAMES[user_id], is_active)


def person(user_id: int = ALICE) -> Target:
    return Target(TargetKind.PERSON, user_id)


def desk(
    *candidates: Candidate,
    target: Target = SUPPORT,
    strategy: Strategy = Strategy.ROUND_ROBIN,
    **fields: Any,
) -> Desk:
    names = {SUPPORT: "Support", SALES: "Sales", TOKYO: "WhatsApp Tokyo"}
    name = fields.pop("name", names.get(target, "Desk"))
    return Desk(target, name, strategy, candidates, **fields)


def person_desk(user_id: int = ALICE, **fields: Any) -> Desk:
    return desk(
        candidate(user_id, **fields),
        target=person(user_id),
        strategy=Strategy.DIRECT,
        name=NAMES[user_id],
    )


def channel_desk(*candidates: Candidate, **fields: Any) -> Desk:
    return desk(*candidates, target=TOKYO, strategy=Strategy.CONCURRENT_LOAD, **fields)


def open_only(*desks: Desk) -> OpenDesk:
    """Open these desks, and an empty one for the channel; any other is a mistake."""
    known_desks = {TOKYO: channel_desk(), **{desk.target: desk for desk in desks}}
    return known_desks.__getitem__


def situation(**fields: Any) -> Situation:
    defaults: dict[str, Any] = {
        "at": WEDNESDAY_MORNING,
        "zone": "Asia/Tokyo",
        "channel_id": TOKYO.id,
        "channel_name": "WhatsApp Tokyo",
        "text": "The saddle is broken.",
    }
    return Situation(**{**defaults, **fields})


def condition(
    value: str = "broken", *, field: str = "message.text", operator: str = "contains"
) -> ConditionSpec:
    return ConditionSpec(field, operator, value)


def rule(
    *conditions: ConditionSpec, id: int = 1, target: Target = SUPPORT, **fields: Any
) -> RuleSpec:
    return RuleSpec(id, fields.pop("name", f"Rule {id}"), target, conditions=conditions, **fields)
