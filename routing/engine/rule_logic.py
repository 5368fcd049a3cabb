"""What can be proved of rules: that one never matches, or only where an earlier one does. Pure.

Only what is certain for every message is claimed; where no proof is known, nothing is said. Each
question becomes one: can these conditions on one field hold together? Fields are looked at one by
one: what they have to do with each other could only make more impossible.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from functools import lru_cache
from itertools import product
from math import prod
from typing import Any

from routing.engine.conditions import Prepared
from routing.engine.facts import RuleSpec
from routing.engine.fields import WEEKDAYS, Field, Operator, read_field
from routing.engine.looks import order_of

#: Conditions that hold together, by their field: one way in which a rule matches.
Term = dict[str, list[Prepared]]

#: A rule that can match in more ways than this is not looked into.
_MOST_TERMS = 64
#: Stands for every value that no condition names. No folded value has this character in it.
_ANY_OTHER = "\x00"


def terms_of(rule: RuleSpec) -> list[Term] | None:
    """Return the ways in which a rule can match; None if they are too many to look at.

    Ways that contradict themselves are left out: none is left of a rule that never matches.
    Raises `ConditionError`.
    """
    parts = _parts(rule)
    if rule.match == "all":
        if prod(map(len, parts)) > _MOST_TERMS:
            return None
        ways: Iterable[Sequence[Prepared]] = product(*parts)
    else:
        ways = parts or [()]
    return [term for way in ways if not _is_impossible(term := _by_field(way))]


def always_match(rule: RuleSpec, *, terms: Iterable[Term]) -> bool:
    """Say whether a rule certainly matches whatever matches in one of these ways."""
    parts = _parts(rule)
    if not parts:
        return True
    outside, inside = (all, any) if rule.match == "all" else (any, all)
    return all(
        outside(inside(_follows(each, term) for each in part) for part in parts) for term in terms
    )


def asks_the_same(rule: RuleSpec) -> Any:
    """Return a key that is the same for rules that ask for the same, however it is ordered."""
    parts = _parts(rule)
    match = rule.match if len(parts) > 1 or any(part[1:] for part in parts) else "all"
    return match, frozenset(frozenset(map(_key, part)) for part in parts)


def _parts(rule: RuleSpec) -> Sequence[tuple[Prepared, ...]]:
    return rule.grouped or tuple((each,) for each in rule.prepared)


def _key(condition: Prepared) -> Any:
    return condition.field, _kind(condition), condition.is_negated, frozenset(condition.wanted)


def _by_field(conditions: Iterable[Prepared]) -> Term:
    term: Term = {}
    for each in conditions:
        term.setdefault(each.field, []).append(each)
    return term


def _is_impossible(term: Term) -> bool:
    return any(_exclude_each_other(field, conditions) for field, conditions in term.items())


def _follows(condition: Prepared, term: Term) -> bool:
    """Say whether a condition holds in all that fits a term: its opposite would not fit."""
    known = term.get(condition.field)
    if known is None:
        return False
    field, wanted, look, is_negated, blank = condition
    opposite = Prepared(field, wanted, look, not is_negated, blank)
    return _exclude_each_other(field, [*known, opposite])


def _exclude_each_other(written: str, conditions: Sequence[Prepared]) -> bool:
    field = _field(written)
    if field is None:
        return False
    values = _VALUES[field](conditions)
    if values is not None:
        return not any(_all_hold(conditions, value) for value in values)
    is_text = field is not Field.CONTACT_ATTRIBUTE
    found = [each for each in conditions if not each.is_negated]
    missed = [each for each in conditions if each.is_negated]
    if any(_must_find(one, other, is_text=is_text) for one in found for other in missed):
        return True
    return is_text and any(_start_apart(one, other) for one in found for other in found)


@lru_cache(maxsize=256)
def _field(written: str) -> Field | None:
    asked = read_field(written)
    return asked and asked.field


def _all_hold(conditions: Iterable[Prepared], value: Any) -> bool:
    return all(
        (not condition.look(value, condition.wanted)) is condition.is_negated
        for condition in conditions
    )


# --- The values that are worth trying: whatever holds for any value holds for one of these.

Values = Callable[[Sequence[Prepared]], Iterable[Any] | None]


def _wanted(conditions: Iterable[Prepared]) -> list[str]:
    return [want for condition in conditions for want in condition.wanted]


def _yes_no(conditions: Sequence[Prepared]) -> Iterable[str]:
    return ("yes", "no")


def _weekdays(conditions: Sequence[Prepared]) -> Iterable[frozenset[str]]:
    return (frozenset({day}) for day in WEEKDAYS)


def _one_of_many(conditions: Sequence[Prepared]) -> Iterable[frozenset[str]]:
    """Return each value that is named, another one, and none."""
    named = (frozenset({want}) for want in [*_wanted(conditions), _ANY_OTHER])
    return (frozenset(), *named)


def _several_of_many(conditions: Sequence[Prepared]) -> Iterable[frozenset[str]]:
    """Return nothing at all, and everything that is not excluded."""
    excluded = _wanted(each for each in conditions if each.is_negated)
    return (frozenset(), frozenset([*_wanted(conditions), _ANY_OTHER]) - frozenset(excluded))


_TIMES = [f"{hour:02}:{minute:02}" for hour in range(24) for minute in range(60)]


def _times(conditions: Sequence[Prepared]) -> Iterable[str]:
    """Return the times around those that are named, and the day's first and last."""
    for want in _wanted(conditions):
        place = bisect_left(_TIMES, want)
        yield from _TIMES[max(0, place - 1) : place + 2]
    yield from (_TIMES[0], _TIMES[-1])


def _dates(conditions: Sequence[Prepared]) -> Iterable[str] | None:
    """Return the dates around those that are named, and the first and last of all."""
    try:
        named = {date.fromisoformat(want) for want in _wanted(conditions)}
        around = {day + timedelta(days=by) for day in named for by in (-1, 0, 1)}
    except (ValueError, OverflowError):
        return None
    return [day.isoformat() for day in (*around, date.min, date.max)]


def _priorities(conditions: Sequence[Prepared]) -> Iterable[str]:
    """Return the numbers around those that are named, and some that are far from all."""
    orders = [order for want in _wanted(conditions) if (order := order_of(want))]
    named = {int(number) for kind, number in orders if kind == "number"}
    far = max((abs(number) for number in named), default=0) + 2
    around = {number + by for number in named for by in (-1, 0, 1)}
    return [str(number) for number in (*around, far, -far, 0)]


def _exact_texts(conditions: Sequence[Prepared]) -> Iterable[str] | None:
    """Return the only texts that there can be; None if there can be any."""
    for each in conditions:
        if _kind(each) is Operator.IS_SET and each.is_negated:
            return ("",)
        if _kind(each) is Operator.EQUALS and not each.is_negated:
            return each.wanted
    return None


def _no_property(conditions: Sequence[Prepared]) -> Iterable[str] | None:
    """Return what a missing property is, where it must be missing; None if it can be anything."""
    is_missing = any(_kind(each) is Operator.IS_SET and each.is_negated for each in conditions)
    return ("",) if is_missing else None


_VALUES: dict[Field, Values] = {
    Field.MESSAGE_TEXT: _exact_texts,
    Field.MESSAGE_TYPE: _several_of_many,
    Field.MESSAGE_LANGUAGE: _one_of_many,
    Field.CONTACT_TAG: _several_of_many,
    Field.CONTACT_IS_NEW: _yes_no,
    Field.CONTACT_LANGUAGE: _one_of_many,
    Field.CONTACT_COUNTRY: _one_of_many,
    Field.CONTACT_PHONE: _exact_texts,
    Field.CONTACT_ATTRIBUTE: _no_property,
    Field.CONVERSATION_TAG: _several_of_many,
    Field.CONVERSATION_PRIORITY: _priorities,
    Field.CHANNEL: _one_of_many,
    Field.OPEN_HOURS: _yes_no,
    Field.TIME_OF_DAY: _times,
    Field.WEEKDAY: _weekdays,
    Field.DATE: _dates,
}

# --- Where any text can come: proofs from what is looked for.

_KINDS = {
    Operator.NOT_EQUALS: Operator.EQUALS,
    Operator.NOT_CONTAINS: Operator.CONTAINS,
    Operator.NOT_IN: Operator.IN,
    Operator.IS_NOT_SET: Operator.IS_SET,
}
_ABOVE = {Operator.GT: False, Operator.GTE: True}
_BELOW = {Operator.LT: False, Operator.LTE: True}
#: What they find is never nothing.
_FIND_SOMETHING = frozenset(Operator) - {Operator.MATCHES}


def _kind(condition: Prepared) -> Operator:
    """Return what is looked for, whether or not the condition holds where it is found."""
    return _kind_of(condition.field, condition.blank["operator"])


@lru_cache(maxsize=1024)
def _kind_of(written: str, operator: str) -> Operator:
    kind = _KINDS.get(Operator(operator), Operator(operator))
    is_property = _field(written) is Field.CONTACT_ATTRIBUTE
    return Operator.EQUALS if kind is Operator.IN and is_property else kind


def _must_find(one: Prepared, other: Prepared, *, is_text: bool) -> bool:
    """Say whether wherever `one` finds something, `other` does too.

    `is_text`: the value is one text; a property may also be a list.
    """
    kind, other_kind = _kind(one), _kind(other)
    if other_kind is Operator.IS_SET:
        return kind in _FIND_SOMETHING
    if other_kind in _ABOVE or other_kind in _BELOW:
        return _lies_beyond(one, other)
    if kind is Operator.EQUALS and other_kind is Operator.EQUALS:
        return all(other.look(want, other.wanted) for want in one.wanted)
    if kind is other_kind and set(one.wanted) <= set(other.wanted):
        return True
    is_covered = _COVERED.get((kind, other_kind))
    if is_covered is None or (other_kind is Operator.CONTAINS and not is_text):
        return False
    return all(any(is_covered(want, less) for less in other.wanted) for want in one.wanted)


#: Whether a text that has (or begins with) the first certainly has (or begins with) the second.
_COVERED: dict[tuple[Operator, Operator], Callable[[str, str], bool]] = {
    (Operator.CONTAINS, Operator.CONTAINS): lambda text, part: part in text,
    (Operator.STARTS_WITH, Operator.CONTAINS): lambda text, part: part in text,
    (Operator.STARTS_WITH, Operator.STARTS_WITH): lambda text, part: text.startswith(part),
}


def _lies_beyond(one: Prepared, other: Prepared) -> bool:
    """Say whether everything that `one` finds lies beyond the limit of `other`."""
    if _kind(one) is Operator.EQUALS:
        return all(other.look(want, other.wanted) for want in one.wanted)
    for side, sign in ((_ABOVE, 1), (_BELOW, -1)):
        if _kind(one) in side and _kind(other) in side:
            limit, others = order_of(one.wanted[0]), order_of(other.wanted[0])
            if not limit or not others or limit[0] != others[0]:
                return False
            if limit[1] == others[1]:
                return side[_kind(other)] or not side[_kind(one)]
            return bool((limit[1] > others[1]) is (sign > 0))
    return False


def _start_apart(one: Prepared, other: Prepared) -> bool:
    """Say whether no text can begin in both ways."""
    if not _kind(one) is _kind(other) is Operator.STARTS_WITH:
        return False
    return not any(a.startswith(b) or b.startswith(a) for a in one.wanted for b in other.wanted)
