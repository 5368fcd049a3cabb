"""Workers that send and look up, and are killed while they do.

`python -m tests.faults.senders ROUNDS KILLS`: each named point of sending ROUNDS times, then KILLS
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

from conversations.services import delivery, lookups  # noqa: E402
from tests.faults.killing import (  # noqa: E402
    Crowd,
    die_at,
    drain_forever,
    kill_in_turn,
    report,
)

WORKERS = 3
PAUSES_S = 0.02, 0.1
#: A worker that does not come by its point in this time is killed where it is. Long enough for a
#: busy machine, and for the first doubts to be looked up.
PATIENCE_S = 15
#: The worker's own, so that what the dead leave behind is taken up soon.
LEASE_S = 10

_DELIVERY, _LOOKUPS = "conversations/services/delivery.py", "conversations/services/lookups.py"
#: The end of the file, the function, and whether it begins or ends there.
POINTS = {
    "claimed, before the commit": (_DELIVERY, "_lease", "return"),
    "claimed": (_DELIVERY, "_refuse_late", "call"),
    "about to ask": (_DELIVERY, "_send", "call"),
    "asked, before the answer": ("http/client.py", "getresponse", "call"),
    "answered": (_DELIVERY, "_send", "return"),
    "recorded, before the commit": (_DELIVERY, "_record_receipt", "return"),
    "recorded": (_DELIVERY, "send_next", "return"),
    "about to look up": (_LOOKUPS, "_ask", "call"),
    "looked up": (_LOOKUPS, "_ask", "return"),
    "settled, before the commit": (_LOOKUPS, "_settle", "return"),
}


def work(_born: int = 0) -> None:
    """Send, settle and look up whatever is due.

    In the house each drain has a thread of its own, so that none waits for another.
    """
    delivery.LEASE = timedelta(seconds=LEASE_S)
    drain_forever(delivery.send_next, delivery.settle_next_lost, lookups.look_up_next)


def look_up(_born: int) -> None:
    """Settle and look up, while others send."""
    delivery.LEASE = timedelta(seconds=LEASE_S)
    drain_forever(delivery.settle_next_lost, lookups.look_up_next)


def work_until(point: str) -> None:
    file, function, event = POINTS[point]
    die_at(file, function, event=event)
    work()


def kill_at_points(points: list[str], *, rounds: int) -> Counter[str]:
    """Let a worker die at each of the points in turn; say how often it did."""
    deaths = [(point, partial(work_until, point)) for point in points * rounds]
    return kill_in_turn(deaths, at_once=WORKERS, patience_s=PATIENCE_S)


def main(rounds: int, kills: int) -> None:
    sending = [name for name, place in POINTS.items() if place[0] != _LOOKUPS]
    # While nobody else sends, each of them comes by its point, however busy the machine is.
    died = kill_at_points(sending, rounds=min(rounds, 1))
    # From here on there is always somebody who goes on.
    survivors = Crowd([work, look_up, look_up])
    died += kill_at_points(sending, rounds=max(rounds - 1, 0))
    crowd = Crowd([work] * WORKERS)
    crowd.kill(kills, pauses_s=PAUSES_S, seed=6)
    crowd.end()
    # By now there are doubts to look up.
    looking = [name for name in POINTS if name not in sending]
    died += kill_at_points(looking, rounds=min(rounds, max(2, rounds // 5)))
    crowd = Crowd([work] * WORKERS)
    report(json.dumps({**died, "random": kills}))
    crowd.end()
    survivors.end()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
