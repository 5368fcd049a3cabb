"""Workers that fetch what never came, and are killed while they do.

`python -m tests.faults.gap_fillers KILLS`: so many at random; then nobody is killed any more, until
standard input ends.
"""

import os
import random
import select
import signal
import sys
import time
from datetime import timedelta

WORKERS = 3
SHORTEST_S, LONGEST_S = 0.02, 0.25
#: The worker's own, so that what the dead leave behind is taken up soon.
LEASE_S = 1


def work() -> None:
    """Compare whatever is due, until somebody ends it."""
    from routing.services import gap_fill  # noqa: PLC0415 - needs the settings
    from teams.clock import database_now  # noqa: PLC0415

    gap_fill.LEASE = timedelta(seconds=LEASE_S)
    while True:
        if not gap_fill.fetch_next(now=database_now()):
            time.sleep(0.01)


def start() -> int:
    pid = os.fork()
    if pid == 0:
        try:
            work()
        finally:
            os._exit(1)
    return pid


def bury(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    if not os.WIFSIGNALED(status):
        sys.exit(f"a worker ended by itself: {status}")


def main(kills: int) -> None:
    import django  # noqa: PLC0415

    django.setup()
    from routing.services import gap_fill  # noqa: F401, PLC0415 - once, for all

    pick = random.Random(7)
    workers = [start() for _ in range(WORKERS)]
    for _ in range(kills):
        time.sleep(pick.uniform(SHORTEST_S, LONGEST_S))
        place = pick.randrange(WORKERS)
        bury(workers[place])
        workers[place] = start()
    sys.stdout.write(f"{kills}\n")
    sys.stdout.flush()
    select.select([sys.stdin], [], [])
    for pid in workers:
        bury(pid)


if __name__ == "__main__":
    main(int(sys.argv[1]))
