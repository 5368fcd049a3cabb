"""What the conditions of rules see of a situation."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from routing.engine.conditions import (
    WEEKDAYS,
    ConditionError,
    ConditionSpec,
    Field,
    Finding,
    Prepared,
    Seen,
)
from routing.engine.facts import Situation
from routing.engine.text import fold

# As much of a value as every finding keeps; the whole message stands once among the facts.
MAX_SEEN_LENGTH = 80


def observe(situation: Situation) -> dict[str, Seen]:
    """Read every field once, however many conditions ask for it.

    A zone that this machine does not know leaves out the times.
    """
    observed = {
        Field.MESSAGE_TEXT: _see_text(situation.text),
        Field.CONTACT_TAG: _see_list(situation.contact_tags),
        Field.CONTACT_IS_NEW: _see_text("yes" if situation.is_new_contact else "no"),
        Field.OPEN_HOURS: _see_text("yes" if situation.is_open else "no"),
        Field.CHANNEL: _see_list((situation.channel_name,)),
    }
    if local := _local(situation):
        observed[Field.TIME_OF_DAY] = _see_text(local.strftime("%H:%M"))
        observed[Field.WEEKDAY] = _see_list((WEEKDAYS[local.weekday()],))
    # Plain strings are looked up in half the time that members of an enum take.
    return {field.value: seen for field, seen in observed.items()}


def evaluate(spec: ConditionSpec, situation: Situation) -> Finding:
    """Say whether one condition holds, and what it saw. Raises `ConditionError`."""
    _, findings = walk((spec.prepared,), observed=observe(situation))
    return findings[0]


def walk(
    conditions: Sequence[Prepared], *, observed: dict[str, Seen], match: str = "all"
) -> tuple[bool, list[Finding]]:
    """Say whether conditions match together, and what each of them saw. None at all match.

    One plain loop without a call that could be saved: a decision may walk a thousand rules.
    Raises `ConditionError` for a field that could not be observed.
    """
    findings: list[Finding] = []
    passes = 0
    try:
        for field, wanted, look, is_negated, blank in conditions:
            shown, folded = observed[field]
            part = look(folded, wanted)
            finding = blank.copy()
            finding["seen"] = shown
            if part:
                finding["part"] = part
            if (not part) is is_negated:
                finding["passed"] = True
                passes += 1
            findings.append(finding)
    except KeyError:
        raise ConditionError("unknown_zone", "field") from None
    if match == "all":
        return passes == len(findings), findings
    return passes > 0 or not findings, findings


def _see_text(text: str) -> Seen:
    return Seen(text[:MAX_SEEN_LENGTH], fold(text))


def _see_list(members: Sequence[str]) -> Seen:
    folded = frozenset(folded for member in members if (folded := fold(member)))
    return Seen(", ".join(members)[:MAX_SEEN_LENGTH], folded)


def _local(situation: Situation) -> datetime | None:
    try:
        return situation.at.astimezone(ZoneInfo(situation.zone))
    except (KeyError, ValueError, OSError):
        return None
