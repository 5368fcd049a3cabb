"""What conditions see of a situation, and whether they hold together."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from conversations.phones import country_of, mask_phone
from routing.engine.conditions import ConditionError, ConditionSpec, Finding, Parts, Seen
from routing.engine.facts import RuleSpec, Situation
from routing.engine.fields import WEEKDAYS, Field, read_field
from routing.engine.looks import look_inside
from routing.engine.text import fold, narrow
from routing.engine.written import language_of

# As much of a value as every finding keeps; the whole message stands once among the facts.
MAX_SEEN_LENGTH = 80


class Observed(dict[str, Seen]):
    """What is seen of a situation: each field is read when somebody first asks for it."""

    def __init__(self, situation: Situation) -> None:
        super().__init__()
        self._situation = situation

    def __missing__(self, field: str) -> Seen:
        asked = read_field(field)
        if asked is None:
            raise ConditionError("unknown_field", "field")
        if asked.name:
            seen = _see_attribute(self._situation, asked.name)
        else:
            seen = _SEE[asked.field](self._situation)
        self[field] = seen
        return seen


def evaluate(spec: ConditionSpec, situation: Situation) -> Finding:
    """Say whether one condition holds, and what it saw. Raises `ConditionError`."""
    _, findings = walk((spec.prepared,), observed=Observed(situation))
    return findings[0]


def walk(
    conditions: Sequence[Parts], *, observed: Observed, match: str = "all"
) -> tuple[bool, list[Finding]]:
    """Say whether conditions match together, and what each of them saw. None at all match.

    One plain loop without a call that could be saved, the commonest look included: a decision may
    walk a thousand rules.
    Raises `ConditionError` for a field that could not be observed.
    """
    findings: list[Finding] = []
    passes = 0
    for field, wanted, look, is_negated, blank in conditions:
        shown, folded = observed[field]
        if look is look_inside:
            for part in wanted:
                if part in folded:
                    break
            else:
                part = ""
        else:
            part = look(folded, wanted)
        finding = blank.copy()
        finding["seen"] = shown
        if part:
            finding["part"] = part
        if (not part) is is_negated:
            finding["passed"] = True
            passes += 1
        findings.append(finding)
    if match == "all":
        return passes == len(findings), findings
    return passes > 0 or not findings, findings


def matches(rule: RuleSpec, *, observed: Observed) -> tuple[bool, list[Finding]]:
    """Say whether a rule's conditions match, and what each of them saw.

    Those of a group match among themselves the other way. Raises `ConditionError`.
    """
    if not rule.grouped:
        return walk(rule.parts, observed=observed, match=rule.match)
    outside, inside = (all, "any") if rule.match == "all" else (any, "all")
    walked = [walk(group, observed=observed, match=inside) for group in rule.grouped]
    findings = [finding for _, found in walked for finding in found]
    return outside(has_matched for has_matched, _ in walked), findings


def _see_text(text: str) -> Seen:
    return text[:MAX_SEEN_LENGTH], fold(text)


def _see_list(members: Iterable[str]) -> Seen:
    listed = tuple(members)
    folded = frozenset(folded for member in listed if (folded := fold(member)))
    return ", ".join(listed)[:MAX_SEEN_LENGTH], folded


def _see_yes_no(value: bool) -> Seen:  # noqa: FBT001 - it is what is seen
    return _see_text("yes" if value else "no")


def _see_one_of(value: str) -> Seen:
    return _see_list((value,) if value else ())


def _see_attribute(situation: Situation, name: str) -> Seen:
    """Read one of the contact's own properties, however its name and value are written."""
    for key, value in situation.contact_attributes.items():
        if fold(key) == name:
            if isinstance(value, list):
                return _see_list(map(_as_text, value))
            return _see_text(_as_text(value))
    return "", ""


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _local(situation: Situation) -> datetime:
    try:
        return situation.at.astimezone(ZoneInfo(situation.zone))
    except (KeyError, ValueError, OSError):
        raise ConditionError("unknown_zone", "field") from None


_SEE: dict[Field, Callable[[Situation], Seen]] = {
    Field.MESSAGE_TEXT: lambda s: _see_text(s.text),
    Field.MESSAGE_TYPE: lambda s: _see_list(s.message_types),
    Field.MESSAGE_LANGUAGE: lambda s: _see_one_of(language_of(narrow(s.text))),
    Field.CONTACT_TAG: lambda s: _see_list(s.contact_tags),
    Field.CONTACT_IS_NEW: lambda s: _see_yes_no(s.is_new_contact),
    Field.CONTACT_LANGUAGE: lambda s: _see_one_of(s.contact_language),
    Field.CONTACT_COUNTRY: lambda s: _see_one_of(country_of(s.contact_phone)),
    Field.CONTACT_PHONE: lambda s: (mask_phone(s.contact_phone), s.contact_phone),
    Field.CONVERSATION_TAG: lambda s: _see_list(s.conversation_tags),
    Field.CONVERSATION_PRIORITY: lambda s: _see_text(str(s.conversation_priority)),
    Field.CHANNEL: lambda s: _see_list((s.channel_name,)),
    Field.OPEN_HOURS: lambda s: _see_yes_no(s.is_open),
    Field.TIME_OF_DAY: lambda s: _see_text(_local(s).strftime("%H:%M")),
    Field.WEEKDAY: lambda s: _see_list((WEEKDAYS[_local(s).weekday()],)),
    Field.DATE: lambda s: _see_text(_local(s).date().isoformat()),
}
