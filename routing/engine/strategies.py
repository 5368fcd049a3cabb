"""Choosing one person of a desk. Ties are never broken by chance."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from routing.engine.facts import Candidate, Desk, PassedOver, Situation, Strategy

_LONG_AGO = datetime.min.replace(tzinfo=UTC)

#: Strategies that look at neither load nor capacity.
_UNBOUND = frozenset({Strategy.SEQUENTIAL, Strategy.DEFAULT_USER, Strategy.NAMED})
#: Strategies that give it to the person whatever their presence.
_REGARDLESS_OF_PRESENCE = frozenset({Strategy.DEFAULT_USER, Strategy.NAMED})
#: Strategies that go around in a circle, and so remember whom they picked last.
_CIRCULAR = frozenset({Strategy.ROUND_ROBIN, Strategy.SEQUENTIAL, Strategy.SHIFT})
#: Strategies that compare loads, and so can meet a tie.
_BY_LOAD = frozenset({Strategy.LEAST_BUSY, Strategy.CONCURRENT_LOAD})


class TieBreak(StrEnum):
    """What decided between people with the same load."""

    LONGEST_AGO = "longest_ago"  # whoever was given something longest ago
    ORDER = "order"  # the desk's order, where that is the same too


@dataclass(frozen=True, slots=True)
class Choice:
    """Who was chosen, and for everybody else why not, in the desk's order."""

    chosen: Candidate | None
    passed_over: dict[int, PassedOver]
    tie_break: TieBreak | None = None
    #: Who was as good as the chosen person until the tie-break.
    level_with: tuple[Candidate, ...] = ()

    def reason_for(self, candidate: Candidate) -> str:
        """Return the candidate's reason as a code; "chosen" for the winner."""
        if self.chosen is candidate:
            return "chosen"
        return self.passed_over[candidate.user_id]


def capacity_of(candidate: Candidate, desk: Desk) -> int | None:
    """Return the limit on a person's load: their own, else the desk's; None is no limit."""
    return desk.capacity if candidate.capacity is None else candidate.capacity


def is_capacity_bound(desk: Desk) -> bool:
    return desk.strategy not in _UNBOUND


def moves_cursor(desk: Desk) -> bool:
    return desk.strategy in _CIRCULAR


def choose(desk: Desk, situation: Situation) -> Choice:
    """Choose by the desk's strategy among those who can take it.

    Somebody who let the conversation lapse gets it again only if nobody else can take it, or if
    the strategy has one person only; whoever holds it now never does.
    """
    barred = {c.user_id: reason for c in desk.candidates if (reason := _bar(c, desk, situation))}
    able = [c for c in desk.candidates if c.user_id not in barred]
    pool = able if desk.strategy is Strategy.DEFAULT_USER else _fresh(able, situation)
    chosen = _PICK[desk.strategy](pool, desk) if pool else None
    in_pool = {c.user_id for c in pool}
    rest = {
        c.user_id: PassedOver.NOT_CHOSEN if c.user_id in in_pool else PassedOver.LAPSED
        for c in able
        if c is not chosen
    }
    tie_break, level_with = _explain_tie(chosen, pool, desk)
    return Choice(chosen, barred | rest, tie_break, level_with)


def looked_at(desk: Desk, situation: Situation) -> list[Candidate]:
    """Return those among whom the strategy chooses, first whom it would take first."""
    able = [c for c in desk.candidates if _bar(c, desk, situation) is None]
    if desk.strategy is Strategy.DEFAULT_USER:
        return [c for c in able if c.user_id == desk.default_user_id]
    pool = _fresh(able, situation)
    if desk.strategy in _BY_LOAD:
        return sorted(pool, key=_by_load)
    return _in_turn(pool, desk) if moves_cursor(desk) else pool


def _bar(candidate: Candidate, desk: Desk, situation: Situation) -> PassedOver | None:
    if candidate.user_id == situation.holder_id:
        return PassedOver.HAD_IT
    if not candidate.is_active:
        return PassedOver.INACTIVE
    if desk.strategy in _REGARDLESS_OF_PRESENCE:
        return None
    if not candidate.is_receiving:
        return PassedOver.NOT_RECEIVING
    if desk.strategy is Strategy.SHIFT and not candidate.is_on_shift:
        return PassedOver.OFF_SHIFT
    if candidate.presence != "online":
        return PassedOver.AWAY if candidate.presence == "away" else PassedOver.OFFLINE
    capacity = capacity_of(candidate, desk)
    if capacity is not None and candidate.load >= capacity and is_capacity_bound(desk):
        return PassedOver.AT_CAPACITY
    return None


def _fresh(able: list[Candidate], situation: Situation) -> list[Candidate]:
    """Return those who did not let it lapse, or everybody if that leaves nobody."""
    return [c for c in able if c.user_id not in situation.lapsed_ids] or able


def _pick_nobody(pool: Sequence[Candidate], desk: Desk) -> Candidate | None:
    return None


def _pick_first(pool: Sequence[Candidate], desk: Desk) -> Candidate | None:
    return pool[0]


def _pick_default(pool: Sequence[Candidate], desk: Desk) -> Candidate | None:
    return next((c for c in pool if c.user_id == desk.default_user_id), None)


def _pick_least_busy(pool: Sequence[Candidate], desk: Desk) -> Candidate | None:
    """Lowest load; then whoever was given something longest ago; then the desk's order."""
    return min(pool, key=_by_load)


def _pick_next(pool: Sequence[Candidate], desk: Desk) -> Candidate | None:
    """The first able person after the one picked last, around the circle."""
    return _in_turn(pool, desk)[0]


def _in_turn(pool: Sequence[Candidate], desk: Desk) -> list[Candidate]:
    """Return those of the pool around the desk's circle, first whoever comes after the last one."""
    ids = [c.user_id for c in desk.candidates]
    start = ids.index(desk.cursor_user_id) + 1 if desk.cursor_user_id in ids else 0
    able = {c.user_id: c for c in pool}
    return [able[user_id] for user_id in ids[start:] + ids[:start] if user_id in able]


def _by_load(candidate: Candidate) -> tuple[int, datetime]:
    return candidate.load, _last_assigned_at(candidate)


def _last_assigned_at(candidate: Candidate) -> datetime:
    return candidate.last_assigned_at or _LONG_AGO


def _explain_tie(
    chosen: Candidate | None, pool: Sequence[Candidate], desk: Desk
) -> tuple[TieBreak | None, tuple[Candidate, ...]]:
    if chosen is None or desk.strategy not in _BY_LOAD:
        return None, ()
    level = [c for c in pool if c is not chosen and c.load == chosen.load]
    if not level:
        return None, ()
    as_long_ago = [c for c in level if _last_assigned_at(c) == _last_assigned_at(chosen)]
    if as_long_ago:
        return TieBreak.ORDER, tuple(as_long_ago)
    return TieBreak.LONGEST_AGO, tuple(level)


_PICK: dict[Strategy, Callable[[Sequence[Candidate], Desk], Candidate | None]] = {
    Strategy.MANUAL: _pick_nobody,
    Strategy.ROUND_ROBIN: _pick_next,
    Strategy.SEQUENTIAL: _pick_next,
    Strategy.SHIFT: _pick_next,
    Strategy.LEAST_BUSY: _pick_least_busy,
    Strategy.CONCURRENT_LOAD: _pick_least_busy,
    Strategy.DEFAULT_USER: _pick_default,
    Strategy.DIRECT: _pick_first,
    Strategy.NAMED: _pick_first,
}
