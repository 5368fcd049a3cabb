"""What rules ask for, and what their conditions found, as phrases."""

from collections.abc import Mapping
from typing import Any

from routing.engine.conditions import ConditionSpec, Field, Operator
from routing.engine.facts import RuleSpec, Target, TargetKind
from routing.engine.phrases import Hole, Phrase, _, all_of, any_of
from routing.engine.text import fold, split_raw

#: As many values as a description of a rule names, and as many as a finding does.
_NAMED, _FOUND = 8, 4
_SHOWN_LENGTH = 60

#: A rule's condition, for whoever reads or edits the rule.
_ASKS: dict[tuple[str, str], str] = {
    (Field.MESSAGE_TEXT, Operator.EQUALS): _("the message is %(values)s"),
    (Field.MESSAGE_TEXT, Operator.NOT_EQUALS): _("the message is not %(values)s"),
    (Field.MESSAGE_TEXT, Operator.CONTAINS): _("the message contains %(values)s"),
    (Field.MESSAGE_TEXT, Operator.NOT_CONTAINS): _("the message does not contain %(values)s"),
    (Field.MESSAGE_TEXT, Operator.STARTS_WITH): _("the message starts with %(values)s"),
    (Field.MESSAGE_TEXT, Operator.IS_SET): _("the message has a text"),
    (Field.MESSAGE_TEXT, Operator.IS_NOT_SET): _("the message has no text"),
    (Field.CONTACT_TAG, Operator.IN): _("the contact has the tag %(values)s"),
    (Field.CONTACT_TAG, Operator.NOT_IN): _("the contact does not have the tag %(values)s"),
    (Field.CONTACT_TAG, Operator.IS_SET): _("the contact has a tag"),
    (Field.CONTACT_TAG, Operator.IS_NOT_SET): _("the contact has no tag"),
    (Field.CHANNEL, Operator.IN): _("the channel is %(values)s"),
    (Field.CHANNEL, Operator.NOT_IN): _("the channel is not %(values)s"),
    (Field.TIME_OF_DAY, Operator.GTE): _("it is %(values)s or later"),
    (Field.TIME_OF_DAY, Operator.LT): _("it is before %(values)s"),
    (Field.WEEKDAY, Operator.IN): _("it is %(values)s"),
    (Field.WEEKDAY, Operator.NOT_IN): _("it is not %(values)s"),
}
#: Fields that are yes or no: asked for and found in the same words.
_YES_NO: dict[str, dict[str, str]] = {
    Field.CONTACT_IS_NEW: {"yes": _("the contact is new"), "no": _("the contact wrote before")},
    Field.OPEN_HOURS: {"yes": _("the channel is open"), "no": _("the channel is closed")},
}

#: What was found where the condition's value is in it, and where it is not.
_FINDINGS: dict[tuple[str, str], tuple[str, str]] = {
    (Field.MESSAGE_TEXT, Operator.EQUALS): (
        _("the message is %(part)s"),
        _("the message “%(seen)s” is not %(values)s"),
    ),
    (Field.MESSAGE_TEXT, Operator.CONTAINS): (
        _("the message contains %(part)s"),
        _("the message “%(seen)s” does not contain %(values)s"),
    ),
    (Field.MESSAGE_TEXT, Operator.STARTS_WITH): (
        _("the message starts with %(part)s"),
        _("the message “%(seen)s” does not start with %(values)s"),
    ),
    (Field.MESSAGE_TEXT, Operator.IS_SET): (
        _("the message has a text"),
        _("the message has no text"),
    ),
    (Field.CONTACT_TAG, Operator.IN): (
        _("the contact has the tag %(part)s"),
        _("the contact has the tags %(seen)s, not %(values)s"),
    ),
    (Field.CONTACT_TAG, Operator.IS_SET): (
        _("the contact has the tags %(seen)s"),
        _("the contact has no tag"),
    ),
    (Field.CHANNEL, Operator.IN): (
        _("the channel is %(part)s"),
        _("the channel is %(seen)s, not %(values)s"),
    ),
    (Field.TIME_OF_DAY, Operator.GTE): (
        _("it was %(seen)s, not before %(values)s"),
        _("it was %(seen)s, before %(values)s"),
    ),
    (Field.WEEKDAY, Operator.IN): (
        _("it was %(seen)s"),
        _("it was %(seen)s, not %(values)s"),
    ),
}
#: What was found where there was nothing to look into.
_EMPTY: dict[str, str] = {
    Field.MESSAGE_TEXT: _("the message has no text"),
    Field.CONTACT_TAG: _("the contact has no tag"),
}
_OPPOSITE: dict[str, Operator] = {
    Operator.NOT_EQUALS: Operator.EQUALS,
    Operator.NOT_CONTAINS: Operator.CONTAINS,
    Operator.NOT_IN: Operator.IN,
    Operator.LT: Operator.GTE,
    Operator.IS_NOT_SET: Operator.IS_SET,
}
_WEEKDAYS = {
    "monday": _("Monday"),
    "tuesday": _("Tuesday"),
    "wednesday": _("Wednesday"),
    "thursday": _("Thursday"),
    "friday": _("Friday"),
    "saturday": _("Saturday"),
    "sunday": _("Sunday"),
}

#: By whether there are conditions, and whether there are channels.
_ASKS_OF_A_RULE = {
    (True, True): _("If %(conditions)s, on %(channels)s"),
    (True, False): _("If %(conditions)s"),
    (False, True): _("Always, on %(channels)s"),
    (False, False): _("Always"),
}

#: Why a condition cannot be understood, by the code of `ConditionError`.
PROBLEMS = {
    "unknown_field": _("A condition asks about something that does not exist."),
    "unknown_operator": _("A condition compares in a way that does not exist."),
    "operator_not_for_field": _("A condition compares in a way that does not suit what it asks."),
    "value_required": _("A condition has nothing to compare with."),
    "value_too_long": _("The value of a condition has more than 500 characters."),
    "value_has_control_characters": _("The value of a condition has invisible characters."),
    "not_a_time": _("A time is written like 09:00, from 00:00 to 24:00."),
    "not_a_weekday": _("Days of the week are written in English, from monday to sunday."),
    "not_yes_or_no": _("This can only be yes or no."),
    "unknown_zone": _("The channel's time zone is not known."),
}


def describe_rule(rule: RuleSpec, *, names: Mapping[Target, str]) -> list[Phrase]:
    """Return the rule in words: first what it asks for, then each thing that it does.

    `names` has the names of its target and of the channels that it is limited to.
    """
    return [_describe_asks(rule, names), *_describe_deeds(rule, names)]


def describe_condition(condition: ConditionSpec) -> Phrase:
    """Return what a condition asks for; one that cannot be understood is said as it is stored."""
    clause = _YES_NO.get(condition.field, {}).get(fold(condition.value))
    if clause is not None:
        return Phrase(clause)
    template = _ASKS.get((condition.field, condition.operator))
    if template is None:
        return Phrase("%(field)s %(operator)s %(value)s", dict(vars(condition)))
    return Phrase(template, {"values": _values(condition.field, condition.value, limit=_NAMED)})


def describe_finding(finding: Mapping[str, Any]) -> Phrase:
    """Return what a condition found, true whether it held or not."""
    field, part, seen = finding["field"], finding["part"], _shorten(finding["seen"])
    if field in _YES_NO:
        return Phrase(_YES_NO[field][seen])
    if not seen and field in _EMPTY:
        return Phrase(_EMPTY[field])
    operator = finding["operator"]
    with_part, without_part = _FINDINGS[field, _OPPOSITE.get(operator, operator)]
    return Phrase(
        with_part if part else without_part,
        {
            "part": _as_typed(part, value=finding["value"]),
            "seen": _name(field, seen),
            "values": _values(field, finding["value"], limit=_FOUND),
        },
    )


def matched(facts: Mapping[str, Any]) -> Phrase:
    """Return why a rule matched."""
    held = [describe_finding(finding) for finding in facts["conditions"] if finding["passed"]]
    if not held:
        template = _("Rule “%(rule)s” matched: it has no conditions.")
        return Phrase(template, {"rule": facts["rule"]})
    return Phrase(
        _("Rule “%(rule)s” matched: %(findings)s."),
        {"rule": facts["rule"], "findings": all_of(held, limit=_FOUND)},
    )


def not_matched(facts: Mapping[str, Any]) -> Phrase:
    """Return why a rule did not match: the first that failed, or all where one would have done."""
    failed = [describe_finding(finding) for finding in facts["conditions"] if not finding["passed"]]
    reasons = failed[:1] if facts["match"] == "all" else failed
    return Phrase(
        _("Rule “%(rule)s” did not match: %(findings)s."),
        {"rule": facts["rule"], "findings": all_of(reasons, limit=_FOUND)},
    )


def _describe_asks(rule: RuleSpec, names: Mapping[Target, str]) -> Phrase:
    params: dict[str, Hole] = {}
    if rule.channel_ids:
        channels = [_name_of(Target(TargetKind.CHANNEL, id), names) for id in rule.channel_ids]
        params["channels"] = any_of(channels, limit=_NAMED)
    if rule.conditions:
        combine = all_of if rule.match == "all" else any_of
        asks = [describe_condition(condition) for condition in rule.conditions]
        params["conditions"] = combine(asks, limit=_NAMED)
    return Phrase(_ASKS_OF_A_RULE[bool(rule.conditions), bool(rule.channel_ids)], params)


def _describe_deeds(rule: RuleSpec, names: Mapping[Target, str]) -> list[Phrase]:
    deeds = [Phrase(_("→ %(target)s"), {"target": _name_of(rule.target, names)})]
    if rule.pins_contact:
        deeds.append(Phrase(_("as permanent agent")))
    if rule.add_tags:
        tags = all_of(rule.add_tags, limit=_NAMED)
        deeds.append(Phrase(_("+ tag %(tags)s"), {"tags": tags}))
    if rule.set_priority is not None:
        deeds.append(Phrase(_("priority %(priority)s"), {"priority": rule.set_priority}))
    return deeds


def _name_of(target: Target, names: Mapping[Target, str]) -> Hole:
    return names.get(target) or Phrase(_("(deleted)"))


def _values(field: str, value: str, *, limit: int) -> Hole:
    values = [_name(field, part) for part in split_raw(value)]
    return any_of(values or [value], limit=limit)


def _name(field: str, value: str) -> Hole:
    """Return a value as people read it; days of the week are words of their language."""
    day = _WEEKDAYS.get(fold(value)) if field == Field.WEEKDAY else None
    return Phrase(day) if day else value


def _as_typed(part: str, *, value: str) -> str:
    """Return the found value as the rule has it; it was compared folded."""
    return next((typed for typed in split_raw(value) if fold(typed) == part), part)


def _shorten(text: str) -> str:
    """Return a text on one line, cut to what a sentence can carry."""
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN_LENGTH else f"{line[:_SHOWN_LENGTH]}…"
