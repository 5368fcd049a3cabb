"""Those of a desk whom its strategy looks at first: enough to choose, and all that one reads."""

from dataclasses import replace

from routing.engine import strategies
from routing.engine.facts import Desk, Situation


def foremost(desk: Desk, situation: Situation, *, count: int) -> Desk:
    """Return the desk with at most `count` people, in the order in which they are looked at.

    Whoever is chosen among these is who would be chosen among all. If nobody can take it, these
    are the first of the desk's order, so that it can be said why not.
    """
    looked_at = strategies.looked_at(desk, situation)
    shown = looked_at[:count] or list(desk.candidates[:count])
    return replace(desk, candidates=tuple(shown), is_short=True)
