"""What a desk answered, and for each of its people why they got it or not, as phrases."""

from collections.abc import Mapping
from typing import Any

from routing.engine.facts import PassedOver, TargetKind
from routing.engine.phrases import Hole, Phrase, _, all_of
from routing.engine.strategies import TieBreak

Facts = Mapping[str, Any]

_NAMED = 4

#: Why one person did not get it. People who could have are told by their load instead.
_REASONS: dict[str, str] = {
    PassedOver.INACTIVE: _("%(name)s no longer works here"),
    PassedOver.NOT_RECEIVING: _("%(name)s gets nothing automatically"),
    PassedOver.OFF_SHIFT: _("%(name)s is not on shift"),
    PassedOver.OFFLINE: _("%(name)s is offline"),
    PassedOver.AWAY: _("%(name)s is away"),
    PassedOver.AT_CAPACITY: _("%(name)s is at capacity: %(load)s of %(capacity)s"),
    PassedOver.HAD_IT: _("%(name)s has it now"),
    PassedOver.LAPSED: _("%(name)s already let it wait too long"),
}
_LOAD = _("%(name)s has %(load)s of %(capacity)s")
_LOAD_WITHOUT_LIMIT = _("%(name)s has %(load)s, without a limit")

#: Why nobody of a desk could take it.
NOBODY = {
    "desk_inactive": _("%(desk)s is switched off."),
    "no_agents": _("%(desk)s has no people."),
    "all_off_shift": _("Nobody of %(desk)s is on shift."),
    "all_away": _("Nobody of %(desk)s is online."),
    "all_full": _("Everybody of %(desk)s who is online is at capacity."),
    "nobody_else": _("Nobody else of %(desk)s can take it now."),
    "only_holder": _("%(desk)s has nobody else."),
    "no_default_user": _("%(desk)s has no default user who could take it."),
    "person_unable": _("%(desk)s cannot take it now."),
}

_LEAST_BUSY = _("Least busy of %(desk)s: %(name)s.")
_LEAST_BUSY_AFTER_TIE = {
    TieBreak.LONGEST_AGO: _(
        "Least busy of %(desk)s: %(name)s, level with %(others)s, but longest without a new one."
    ),
    TieBreak.ORDER: _(
        "Least busy of %(desk)s: %(name)s, level with %(others)s, but first in the order."
    ),
}
_IN_TURN = _("Next in turn of %(desk)s after %(previous)s: %(name)s.")
_FIRST_IN_TURN = _("First in turn of %(desk)s: %(name)s.")
_ON_SHIFT_IN_TURN = _("Next in turn of %(desk)s, of those on shift, after %(previous)s: %(name)s.")
_ON_SHIFT_FIRST = _("First in turn of %(desk)s, of those on shift: %(name)s.")
#: For each circular strategy: with somebody who had the turn before, and without.
_CIRCLES = {
    "round_robin": (_IN_TURN, _FIRST_IN_TURN),
    "sequential": (_IN_TURN, _FIRST_IN_TURN),
    "shift": (_ON_SHIFT_IN_TURN, _ON_SHIFT_FIRST),
}
_FIXED = {
    "manual": _("%(desk)s works by hand: it waits there until somebody takes it."),
    "default_user": _("%(name)s is the default user of %(desk)s, whatever the presence and load."),
    "direct": _("%(name)s is online and has room for it."),
    "named": _("%(name)s was named, whatever the presence and load."),
}


def candidate(facts: Facts) -> Phrase:
    """Return one person's state before the decision."""
    reason = facts["reason"]
    if reason in _REASONS:
        return Phrase(_REASONS[reason], _of_candidate(facts))
    return Phrase(_LOAD_WITHOUT_LIMIT if facts["capacity"] is None else _LOAD, _of_candidate(facts))


def nobody(code: str, facts: Facts) -> Phrase:
    """Return why nobody of a desk could take it."""
    people = facts.get("candidates", ())
    if facts["desk_kind"] == TargetKind.PERSON and len(people) == 1:
        return _as_sentence(candidate(people[0]))
    return Phrase(NOBODY[code], {"desk": facts["desk"]})


def chosen(code: str, facts: Facts) -> Phrase:
    """Return how a desk's strategy chose, and what broke the tie."""
    params: dict[str, Hole] = {"desk": facts["desk"], "name": facts.get("chosen") or ""}
    if code in _FIXED:
        return Phrase(_FIXED[code], params)
    if code in _CIRCLES:
        return _in_turn(code, facts, params)
    return _least_busy(facts, params)


def _in_turn(code: str, facts: Facts, params: dict[str, Hole]) -> Phrase:
    after, first = _CIRCLES[code]
    if not facts["cursor"]:
        return Phrase(first, params)
    return Phrase(after, {**params, "previous": facts["cursor"]})


def _least_busy(facts: Facts, params: dict[str, Hole]) -> Phrase:
    if not facts["tie_break"]:
        return Phrase(_LEAST_BUSY, params)
    template = _LEAST_BUSY_AFTER_TIE[TieBreak(facts["tie_break"])]
    return Phrase(template, {**params, "others": all_of(facts["level_with"], limit=_NAMED)})


def _of_candidate(facts: Facts) -> dict[str, Hole]:
    capacity = "" if facts["capacity"] is None else facts["capacity"]
    return {"name": facts["name"], "load": facts["load"], "capacity": capacity}


def _as_sentence(clause: Phrase) -> Phrase:
    return Phrase(_("%(clause)s."), {"clause": clause})
