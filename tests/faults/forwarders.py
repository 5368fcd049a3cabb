"""Workers that tell endpoints, and are killed while they do.

`python -m tests.faults.forwarders KILLS PACE`: how many, and how much slower than usual.

Each one that takes a dead one's place lives later by more than a lease, so that what the dead one
held comes free at once.
"""

import os
import random
import signal
import sys
import time
from datetime import timedelta

WORKERS = 3
SHORTEST_S, LONGEST_S = 0.02, 0.15


def work(offset: timedelta) -> None:
    """Empty the outbox and tell the endpoints, until somebody ends it."""
    from conversations.services import forwards, outbox  # noqa: PLC0415 - needs the settings
    from teams.clock import database_now  # noqa: PLC0415

    while True:
        has_published = outbox.publish_next(now=database_now() + offset)
        if not forwards.deliver_next(now=database_now() + offset) and not has_published:
            time.sleep(0.01)


def start(incarnation: int) -> int:
    from conversations.services.forwards import LEASE  # noqa: PLC0415 - needs the settings

    pid = os.fork()
    if pid == 0:
        try:
            work(incarnation * (LEASE + timedelta(seconds=1)))
        finally:
            os._exit(1)
    return pid


def main(kills: int, pace: float) -> None:
    import django  # noqa: PLC0415

    django.setup()
    from conversations.services import forwards  # noqa: F401, PLC0415 - once, for every child

    pick, killed = random.Random(3), 0
    workers = [start(n) for n in range(WORKERS)]
    while killed < kills:
        time.sleep(pace * pick.uniform(SHORTEST_S, LONGEST_S))
        victim = pick.randrange(WORKERS)
        os.kill(workers[victim], signal.SIGKILL)
        _, status = os.waitpid(workers[victim], 0)
        if not os.WIFSIGNALED(status):
            sys.exit(f"a worker ended by itself: {status}")
        killed += 1
        workers[victim] = start(WORKERS + killed)
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
