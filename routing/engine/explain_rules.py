"""What rules ask for and do, and why they matched or not, as phrases."""

from collections.abc import Mapping, Sequence
from typing import Any

from routing.engine.conditions import ConditionSpec
from routing.engine.explain_conditions import FOUND, NAMED, describe_condition, describe_finding
from routing.engine.facts import RuleSpec, Target, TargetKind
from routing.engine.phrases import Hole, Phrase, _, all_of, any_of

#: By whether there are conditions, and whether there are channels.
_ASKS_OF_A_RULE = {
    (True, True): _("If %(conditions)s, on %(channels)s"),
    (True, False): _("If %(conditions)s"),
    (False, True): _("Always, on %(channels)s"),
    (False, False): _("Always"),
}


def describe_rule(
    rule: RuleSpec, *, names: Mapping[Target, str], limit: int = NAMED
) -> list[Phrase]:
    """Return the rule in words: first what it asks for, then each thing that it does.

    `names` has the names of its target and of the channels that it is limited to. Of more than
    `limit` values, conditions, channels or tags the others are counted.
    """
    return [_describe_asks(rule, names, limit=limit), *_describe_deeds(rule, names, limit=limit)]


def describe_conditions(
    conditions: Sequence[ConditionSpec], *, match: str, limit: int = NAMED
) -> Hole:
    """Return what several conditions ask for together; those of a group stand in brackets."""
    groups: dict[str, list[Phrase]] = {}
    for place, condition in enumerate(conditions):
        phrase = describe_condition(condition, limit=limit)
        groups.setdefault(condition.group or str(place), []).append(phrase)
    outside, inside = (all_of, any_of) if match == "all" else (any_of, all_of)
    parts: list[Hole] = [
        _bracketed(inside(group, limit=limit)) if group[1:] else group[0]
        for group in groups.values()
    ]
    return parts[0] if not parts[1:] else outside(parts, limit=limit)


def matched(facts: Mapping[str, Any]) -> Phrase:
    """Return why a rule matched."""
    groups = _grouped(facts["conditions"])
    if facts["match"] == "any":
        groups = [group for group in groups if all(each["passed"] for each in group)]
    held = [describe_finding(each) for group in groups for each in group if each["passed"]]
    if not held:
        template = _("Rule “%(rule)s” matched: it has no conditions.")
        return Phrase(template, {"rule": facts["rule"]})
    return Phrase(
        _("Rule “%(rule)s” matched: %(findings)s."),
        {"rule": facts["rule"], "findings": all_of(held, limit=FOUND)},
    )


def not_matched(facts: Mapping[str, Any]) -> Phrase:
    """Return why a rule did not match: the first that failed, or all where one would have done."""
    groups = _grouped(facts["conditions"])
    if facts["match"] == "all":
        failed = next(group for group in groups if not any(each["passed"] for each in group))
    else:
        failed = [next(each for each in group if not each["passed"]) for group in groups]
    reasons = [describe_finding(each) for each in failed]
    return Phrase(
        _("Rule “%(rule)s” did not match: %(findings)s."),
        {"rule": facts["rule"], "findings": all_of(reasons, limit=FOUND)},
    )


def _grouped(findings: Sequence[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for place, finding in enumerate(findings):
        groups.setdefault(finding.get("group") or str(place), []).append(finding)
    return list(groups.values())


def _bracketed(inside: Hole) -> Phrase:
    return Phrase(_("(%(conditions)s)"), {"conditions": inside})


def _describe_asks(rule: RuleSpec, names: Mapping[Target, str], *, limit: int) -> Phrase:
    params: dict[str, Hole] = {}
    if rule.channel_ids:
        channels = [_name_of(Target(TargetKind.CHANNEL, id), names) for id in rule.channel_ids]
        params["channels"] = any_of(channels, limit=limit)
    if rule.conditions:
        params["conditions"] = describe_conditions(rule.conditions, match=rule.match, limit=limit)
    return Phrase(_ASKS_OF_A_RULE[bool(rule.conditions), bool(rule.channel_ids)], params)


def _describe_deeds(rule: RuleSpec, names: Mapping[Target, str], *, limit: int) -> list[Phrase]:
    deeds = [Phrase(_("→ %(target)s"), {"target": _name_of(rule.target, names)})]
    if rule.pins_contact:
        deeds.append(Phrase(_("as permanent agent")))
    if rule.add_tags:
        tags = all_of(rule.add_tags, limit=limit)
        deeds.append(Phrase(_("+ tag %(tags)s"), {"tags": tags}))
    if rule.set_priority is not None:
        deeds.append(Phrase(_("priority %(priority)s"), {"priority": rule.set_priority}))
    return deeds


def _name_of(target: Target, names: Mapping[Target, str]) -> Hole:
    return names.get(target) or Phrase(_("(deleted)"))
