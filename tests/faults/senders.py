"""Workers that send and look up, and are killed while they do.

`python -m tests.faults.senders ROUNDS KILLS`: each named point of sending ROUNDS times, then KILLS
at random, then each point of looking up; then nobody is killed any more, until standard input ends.
Prints what was done as JSON.

Nothing in the product knows of the points: a worker that is to die at one watches its own calls.
"""

import json
import os
import random
import select
import signal
import sys
import time
from collections import Counter
from datetime import timedelta
from types import FrameType
from typing import Any

WORKERS = 3
SHORTEST_S, LONGEST_S = 0.02, 0.1
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


def die_at(point: str) -> None:
    """Let this process die the first time it comes by the point."""
    ending, name, event = POINTS[point]

    def watch(frame: FrameType, happened: str, _value: Any) -> None:
        code = frame.f_code
        if happened == event and code.co_name == name and code.co_filename.endswith(ending):
            os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(watch)


def work(*, does_send: bool) -> None:
    """Settle and look up whatever is due, and send unless others do, until somebody ends it."""
    from conversations.services import delivery, lookups  # noqa: PLC0415 - needs the settings
    from teams.clock import database_now  # noqa: PLC0415

    delivery.LEASE = timedelta(seconds=LEASE_S)
    while True:
        # In the house each drain has a thread of its own, so that none waits for another.
        is_busy = does_send and delivery.send_next(now=database_now())
        is_busy |= delivery.settle_next_lost(now=database_now())
        is_busy |= lookups.look_up_next(now=database_now())
        if not is_busy:
            time.sleep(0.02)


def start(point: str = "", *, does_send: bool = True) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            if point:
                die_at(point)
            work(does_send=does_send)
        finally:
            os._exit(1)
    return pid


def bury(pid: int) -> None:
    _, status = os.waitpid(pid, 0)
    if not os.WIFSIGNALED(status):
        sys.exit(f"a worker ended by itself: {status}")


def kill_at_points(points: list[str], *, rounds: int) -> Counter[str]:
    """Let a worker die at each of the points in turn; say how often it did."""
    died: Counter[str] = Counter()
    running: list[tuple[int, str]] = []
    for point in points * rounds:
        running.append((start(point), point))
        if len(running) == WORKERS:
            died[_await(*running.pop(0))] += 1
    for pid, point in running:
        died[_await(pid, point)] += 1
    return died


def _await(pid: int, point: str) -> str:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            if not os.WIFSIGNALED(status):
                sys.exit(f"a worker ended by itself: {status}")
            return point
        time.sleep(0.005)
    os.kill(pid, signal.SIGKILL)
    bury(pid)
    return "elsewhere"


def kill_at_random(kills: int) -> None:
    pick = random.Random(6)
    workers = [start() for _ in range(WORKERS)]
    for _ in range(kills):
        time.sleep(pick.uniform(SHORTEST_S, LONGEST_S))
        place = pick.randrange(WORKERS)
        os.kill(workers[place], signal.SIGKILL)
        bury(workers[place])
        workers[place] = start()
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
        bury(pid)


def main(rounds: int, kills: int) -> None:
    import django  # noqa: PLC0415

    django.setup()
    from conversations.services import delivery, lookups  # noqa: F401, PLC0415 - once, for all

    sending = [name for name, place in POINTS.items() if place[0] != _LOOKUPS]
    # While nobody else sends, each of them comes by its point, however busy the machine is.
    died = kill_at_points(sending, rounds=min(rounds, 1))
    # From here on there is always somebody who goes on.
    survivors = [start(), start(does_send=False), start(does_send=False)]
    died += kill_at_points(sending, rounds=max(rounds - 1, 0))
    if kills:
        kill_at_random(kills)
    # By now there are doubts to look up.
    looking = [name for name in POINTS if name not in sending]
    died += kill_at_points(looking, rounds=min(rounds, max(2, rounds // 5)))
    workers = [*survivors, *(start() for _ in range(WORKERS))]
    sys.stdout.write(json.dumps({**died, "random": kills}) + "\n")
    sys.stdout.flush()
    select.select([sys.stdin], [], [])
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
        bury(pid)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
