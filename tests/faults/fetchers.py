"""Workers that fetch customers' files, killed in the middle of them.

`python -m tests.faults.fetchers KILLS PACE FOLDER`: how many, how much slower than usual, and where
the files go. Each one that takes a dead one's place lives later by more than a lease, so that what
the dead one held comes free at once.
"""

import os
import random
import signal
import sys
import time
from datetime import timedelta
from pathlib import Path

WORKERS = 3
SHORTEST_S, LONGEST_S = 0.05, 0.3


def work(offset: timedelta) -> None:
    """Fetch whatever is due, until somebody ends it."""
    from conversations.services.fetching import fetch_next  # noqa: PLC0415 - needs the settings
    from teams.clock import database_now  # noqa: PLC0415

    while True:
        if not fetch_next(now=database_now() + offset):
            time.sleep(0.01)


def start(incarnation: int) -> int:
    from conversations.services.fetching import LEASE  # noqa: PLC0415 - needs the settings

    pid = os.fork()
    if pid == 0:
        try:
            work(incarnation * (LEASE + timedelta(seconds=1)))
        finally:
            os._exit(1)
    return pid


def main(kills: int, pace: float, folder: Path) -> None:
    import django  # noqa: PLC0415

    django.setup()
    from django.conf import settings  # noqa: PLC0415

    settings.MEDIA_DIR, settings.UPLOAD_DIR = folder / "media", folder / "uploads"
    settings.TWILIO_MEDIA_HOSTS = ["127.0.0.1"]
    pick, killed = random.Random(7), 0
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
    main(int(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3]))
