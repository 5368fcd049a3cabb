"""AI agents' workers, killed while they ask, think and answer.

`python -m tests.faults.answerers KILLS PACE`: how many, and how much slower than usual. Each one
that takes a dead one's place lives later by more than a lease, so that what the dead one held comes
free at once.
"""

import os
import random
import signal
import sys
import time
from datetime import timedelta

WORKERS = 3
SHORTEST_S, LONGEST_S = 0.05, 0.4


def work(offset: timedelta) -> None:
    """Answer whoever waits, until somebody ends it."""
    from routing.services.ai_answers import answer_next  # noqa: PLC0415 - needs the settings
    from teams.clock import database_now  # noqa: PLC0415

    while True:
        if not answer_next(now=database_now() + offset):
            time.sleep(0.01)


def start(incarnation: int) -> int:
    from routing.services.ai_answers import LEASE  # noqa: PLC0415 - needs the settings

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
    from routing.ai import self_hosted  # noqa: F401, PLC0415 - once, for every child
    from routing.services import ai_answers  # noqa: F401, PLC0415

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
