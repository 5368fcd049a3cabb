"""Decisions as JSON and back, without loss. Pure.

Written out field by field: it runs for every decision, and a stored key never changes by accident.
Reading fills in defaults, so that a decision from before a field was added can still be read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from routing.engine.facts import (
    AiState,
    Answer,
    Candidate,
    Desk,
    Escalation,
    KnownPerson,
    Outcome,
    RuleSpec,
    Situation,
    Step,
    Strategy,
    Target,
    TargetKind,
)
from routing.engine.rule_sets import flows_from_json, rules_from_json, rules_to_json

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class StoredFacts:
    """All that a decision knew: enough to make it again. Only desks that were opened are here."""

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
) -> Json:
    """Return the facts as JSON. `rules` stays empty where a stored version holds them."""
    return {
        "situation": _situation_to_json(situation),
        "desks": [_desk_to_json(desk) for desk in desks.values()],
        "targets": [_target_to_json(target) for target in targets],
        "rules": rules_to_json(rules),
    }


def facts_from_json(stored: Mapping[str, Any]) -> StoredFacts:
    desks = [_desk_from_json(desk) for desk in stored["desks"]]
    return StoredFacts(
        situation=situation_from_json(stored["situation"]),
        desks={desk.target: desk for desk in desks},
        targets=tuple(_target_from_json(target) for target in stored["targets"]),
        rules=rules_from_json(stored["rules"]),
    )


def steps_to_json(steps: Sequence[Step]) -> list[Json]:
    """Return the steps as JSON; their facts are plain already."""
    return [step._asdict() for step in steps]


def steps_from_json(stored: Sequence[Mapping[str, Any]]) -> tuple[Step, ...]:
    return tuple(Step(s["stage"], s["outcome"], s["code"], s["facts"]) for s in stored)


def answer_to_json(answer: Answer) -> Json:
    """Return the answer without its steps, which are stored beside it."""
    return {
        "outcome": answer.outcome.value,
        "user_id": answer.user_id,
        "team_id": answer.team_id,
        "rule_id": answer.rule_id,
        "via": answer.via,
        "cursor": None if answer.cursor is None else _target_to_json(answer.cursor),
        "is_capacity_bound": answer.is_capacity_bound,
        "add_tags": list(answer.add_tags),
        "set_priority": answer.set_priority,
        # Left out where it is not so: answers from before it was there read the same.
        **({"pins_contact": True} if answer.pins_contact else {}),
        **({} if answer.ai_agent_id is None else {"ai_agent_id": answer.ai_agent_id}),
        **({} if answer.flow_id is None else {"flow_id": answer.flow_id}),
    }


def answer_from_json(stored: Mapping[str, Any], *, steps: Sequence[Mapping[str, Any]]) -> Answer:
    """Return the answer with its steps, which were stored beside it."""
    cursor = stored["cursor"]
    return Answer(
        **{
            **stored,
            "outcome": Outcome(stored["outcome"]),
            "steps": steps_from_json(steps),
            "cursor": None if cursor is None else _target_from_json(cursor),
            "add_tags": tuple(stored["add_tags"]),
        }
    )


def _situation_to_json(situation: Situation) -> Json:
    return {
        "at": situation.at.isoformat(),
        "zone": situation.zone,
        "channel_id": situation.channel_id,
        "channel_name": situation.channel_name,
        "text": situation.text,
        "is_new_contact": situation.is_new_contact,
        "is_open": situation.is_open,
        "contact_tags": list(situation.contact_tags),
        "permanent_agent": _known_to_json(situation.permanent_agent),
        "previous_owner": _known_to_json(situation.previous_owner),
        "previous_team_id": situation.previous_team_id,
        "asked_by": situation.asked_by,
        "asked_by_id": situation.asked_by_id,
        "reason": situation.reason,
        "holder_id": situation.holder_id,
        "lapsed_ids": list(situation.lapsed_ids),
        "tries": situation.tries,
        "waited_s": situation.waited_s,
        "former_team_ids": list(situation.former_team_ids),
        **_only_set(
            message_types=list(situation.message_types),
            contact_phone=situation.contact_phone,
            contact_language=situation.contact_language,
            contact_attributes=dict(situation.contact_attributes),
            conversation_tags=list(situation.conversation_tags),
            conversation_priority=situation.conversation_priority,
            ai_agent_ids=list(situation.ai_agent_ids),
            is_ai_silent=situation.is_ai_silent,
            flows=[asdict(start) for start in situation.flows],
            is_flow_silent=situation.is_flow_silent,
            flow_log=[dict(each) for each in situation.flow_log],
            respects_permanent_agent=situation.respects_permanent_agent,
            holder=_known_to_json(situation.holder),
        ),
    }


def _only_set(**values: Any) -> Json:
    """Leave out what is as it usually is: facts from before a field was there read the same."""
    return {name: value for name, value in values.items() if value}


def situation_from_json(stored: Mapping[str, Any]) -> Situation:
    return Situation(
        **{
            **stored,
            "at": datetime.fromisoformat(stored["at"]),
            "contact_tags": tuple(stored["contact_tags"]),
            "permanent_agent": _known_from_json(stored["permanent_agent"]),
            "previous_owner": _known_from_json(stored["previous_owner"]),
            "holder": _known_from_json(stored.get("holder")),
            "lapsed_ids": tuple(stored["lapsed_ids"]),
            "former_team_ids": tuple(stored.get("former_team_ids", ())),
            "message_types": tuple(stored.get("message_types", ())),
            "conversation_tags": tuple(stored.get("conversation_tags", ())),
            "ai_agent_ids": tuple(stored.get("ai_agent_ids", ())),
            "flows": flows_from_json(stored.get("flows", ())),
            "flow_log": tuple(stored.get("flow_log", ())),
        }
    )


def _known_to_json(person: KnownPerson | None) -> Json | None:
    if person is None:
        return None
    return {"user_id": person.user_id, "name": person.name, "is_active": person.is_active}


def _known_from_json(stored: Mapping[str, Any] | None) -> KnownPerson | None:
    return None if stored is None else KnownPerson(**stored)


def _desk_to_json(desk: Desk) -> Json:
    return {
        "target": _target_to_json(desk.target),
        "name": desk.name,
        "strategy": desk.strategy.value,
        "candidates": [_candidate_to_json(candidate) for candidate in desk.candidates],
        "is_active": desk.is_active,
        "cursor_user_id": desk.cursor_user_id,
        "default_user_id": desk.default_user_id,
        "capacity": desk.capacity,
        "reassign_after_s": desk.reassign_after_s,
        "counts_open_hours": desk.counts_open_hours,
        "escalation": None if desk.escalation is None else _escalation_to_json(desk.escalation),
        "is_short": desk.is_short,
        **({} if desk.ai is None else {"ai": asdict(desk.ai)}),
        **({"is_flow": True} if desk.is_flow else {}),
    }


def _desk_from_json(stored: Mapping[str, Any]) -> Desk:
    return Desk(
        **{
            **stored,
            "target": _target_from_json(stored["target"]),
            "strategy": Strategy(stored["strategy"]),
            "candidates": tuple(_candidate_from_json(c) for c in stored["candidates"]),
            "escalation": _escalation_from_json(stored.get("escalation")),
            "ai": AiState(**stored["ai"]) if "ai" in stored else None,
        }
    )


def _escalation_to_json(escalation: Escalation) -> Json:
    return {
        "team": _target_to_json(escalation.team),
        "after_tries": escalation.after_tries,
        "after_s": escalation.after_s,
    }


def _escalation_from_json(stored: Mapping[str, Any] | None) -> Escalation | None:
    if stored is None:
        return None
    return Escalation(**{**stored, "team": _target_from_json(stored["team"])})


def _candidate_to_json(candidate: Candidate) -> Json:
    last = candidate.last_assigned_at
    return {
        "user_id": candidate.user_id,
        "name": candidate.name,
        "presence": candidate.presence,
        "load": candidate.load,
        "capacity": candidate.capacity,
        "is_active": candidate.is_active,
        "is_receiving": candidate.is_receiving,
        "last_assigned_at": None if last is None else last.isoformat(),
        "is_on_shift": candidate.is_on_shift,
    }


def _candidate_from_json(stored: Mapping[str, Any]) -> Candidate:
    last = stored["last_assigned_at"]
    return Candidate(
        **{**stored, "last_assigned_at": None if last is None else datetime.fromisoformat(last)}
    )


def _target_to_json(target: Target) -> Json:
    return {"kind": target.kind.value, "id": target.id}


def _target_from_json(stored: Mapping[str, Any]) -> Target:
    return Target(TargetKind(stored["kind"]), stored["id"])
