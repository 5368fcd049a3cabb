"""Workers that place calls and look them up, and are killed while they do.

`python -m tests.faults.callers ROUNDS KILLS`: each named point of placing ROUNDS times, then KILLS
at random, then each point of looking up; then nobody is killed any more, until standard input ends.
Prints what was done as JSON.
"""

import json
import sys
from collections import Counter
from datetime import timedelta
from functools import partial

import django

django.setup()

from callbacks.services import call_lookups, placing  # noqa: E402
from tests.faults.killing import (  # noqa: E402
    Crowd,
    die_at,
    drain_forever,
    kill_in_turn,
    report,
)

WORKERS = 3
PAUSES_S = 0.02, 0.1
#: A worker that does not come by its point in this time is killed where it is.
PATIENCE_S = 10
#: The worker's own, so that what the dead leave behind is taken up soon.
LEASE_S = 10

_PLACING, _LOOKUPS = "callbacks/services/placing.py", "callbacks/services/call_lookups.py"
#: The end of the file, the function, and whether it begins or ends there.
POINTS = {
    "claimed, before the commit": (_PLACING, "_lease", "return"),
    "claimed": ("callbacks/services/dialling.py", "is_wanted", "call"),
    "about to ask": (_PLACING, "_place", "call"),
    "asked, before the answer": ("http/client.py", "getresponse", "call"),
    "answered": (_PLACING, "_place", "return"),
    "recorded, before the commit": (_PLACING, "_record_receipt", "return"),
    "recorded": (_PLACING, "place_next", "return"),
    "about to look up": (_LOOKUPS, "_ask", "call"),
    "looked up": (_LOOKUPS, "_ask", "return"),
    "settled, before the commit": (_LOOKUPS, "_record", "return"),
}


def _hurry() -> None:
    placing.LEASE = timedelta(seconds=LEASE_S)
    placing.CALLS_PER_S = 1000.0


def work(_born: int = 0) -> None:
    """Place, settle and look up whatever is due."""
    _hurry()
    drain_forever(placing.place_next, placing.settle_next_lost, call_lookups.look_up_next)


def look_up(_born: int) -> None:
    """Settle and look up, while others place."""
    _hurry()
    drain_forever(placing.settle_next_lost, call_lookups.look_up_next)


def work_until(point: str) -> None:
    file, function, event = POINTS[point]
    die_at(file, function, event=event)
    work()


def kill_at(points: list[str], *, rounds: int) -> Counter[str]:
    deaths = [(point, partial(work_until, point)) for point in points * rounds]
    return kill_in_turn(deaths, at_once=WORKERS, patience_s=PATIENCE_S)


def main(rounds: int, kills: int) -> None:
    calling = [name for name, place in POINTS.items() if place[0] != _LOOKUPS]
    # While nobody else places any, each of them comes by its point, however busy the machine is.
    died = kill_at(calling, rounds=min(rounds, 1))
    # From here on there is always somebody who goes on.
    survivors = Crowd([work, look_up])
    died += kill_at(calling, rounds=max(rounds - 1, 0))
    crowd = Crowd([work] * WORKERS)
    crowd.kill(kills, pauses_s=PAUSES_S, seed=6)
    crowd.end()
    # By now there are doubts to look up.
    died += kill_at([name for name in POINTS if name not in calling], rounds=1)
    report(json.dumps({**died, "random": kills}))
    survivors.end()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
