"""Workers and beats that let callbacks be due, killed at random while everything else falls.

`python -m tests.faults.callback_firers KILLS SECONDS`: four Celery workers and two beats, on the
broker of the environment, and so many kills in so many seconds. Meanwhile the broker is emptied
twice, and the database restarted five times (`RELAYDESK_TESTS_RESTART`, a shell command; without
it every session is ended from outside, which is what its clients see). With libfaketime loaded the
clocks of the processes are up to four hours apart.

Everything falls from the first line on that comes in; with the second it ends, and reports how
often what fell.
"""

import os
import random
import select
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable

import django

django.setup()

import celery.apps.beat  # noqa: E402
import celery.apps.worker  # noqa: E402
import celery.bin.beat  # noqa: E402
import celery.bin.worker  # noqa: E402, F401
import django_celery_beat.schedulers  # noqa: E402, F401
import kombu.transport.redis  # noqa: E402, F401
import psycopg  # noqa: E402
from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from redis import Redis  # noqa: E402
from redis.exceptions import RedisError  # noqa: E402

from config.celery import app  # noqa: E402
from tests.faults import killing  # noqa: E402
from tests.processes import database_url  # noqa: E402

WORKERS, BEATS = 4, 2
#: Hours ahead of the database, for each worker, then for each beat.
CLOCKS = (0, -2, 2, -2, 0, 2)
RESTARTS, FLUSHES = 5, 2
QUIET = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "CRITICAL"]


def worker() -> None:
    app.start(["--quiet", "worker", "--pool", "solo", *QUIET])


def beat() -> None:
    app.start(["--quiet", "beat", "--pidfile", "", "--loglevel", "CRITICAL"])


class Desk:
    """The processes, each with a clock of its own; whoever falls is replaced."""

    def __init__(self) -> None:
        self.works: list[Callable[[], None]] = [worker] * WORKERS + [beat] * BEATS
        self.fallen: Counter[str] = Counter()
        self.pids = [self._start(place) for place in range(len(self.works))]

    def kill(self, place: int) -> None:
        os.kill(self.pids[place], signal.SIGKILL)
        os.waitpid(self.pids[place], 0)
        self.fallen[self.works[place].__name__] += 1
        self.pids[place] = self._start(place)

    def replace_the_fallen(self) -> None:
        """Start those again that ended by themselves, as the supervisor does."""
        for place, pid in enumerate(self.pids):
            if os.waitpid(pid, os.WNOHANG)[0]:
                self.fallen["by itself"] += 1
                self.pids[place] = self._start(place)

    def end(self) -> None:
        for pid in self.pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)

    def _start(self, place: int) -> int:
        def work() -> None:
            if "FAKETIME" in os.environ:
                os.environ["FAKETIME"] = f"{CLOCKS[place]:+d}h"
            self.works[place]()

        return killing.start(work)


def flush_broker() -> None:
    try:
        Redis.from_url(settings.BROKER_URL).flushdb()
    except RedisError as error:
        sys.stderr.write(f"the broker was not emptied: {error}\n")


def restart_database() -> None:
    """Let the database fall, and wait until it is there again."""
    if command := os.environ.get("RELAYDESK_TESTS_RESTART"):
        subprocess.run(command, shell=True, check=True, stdout=subprocess.DEVNULL)
    else:
        with psycopg.connect(database_url(), autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


def falls(kills: int, seconds: float) -> list[tuple[float, str]]:
    """Return what falls when, in seconds from the beginning."""
    pick = random.Random(3)
    due = [(pick.uniform(0, seconds), "kill") for _ in range(kills)]
    if kills and connection.vendor == "postgresql":  # SQLite is no server that could fall
        due += [(seconds * (n + 0.5) / RESTARTS, "restart") for n in range(RESTARTS)]
    if kills:
        due += [(seconds * (n + 1) / (FLUSHES + 1), "flush") for n in range(FLUSHES)]
    return sorted(due)


def main(kills: int, seconds: float) -> None:
    app.loader.import_default_modules()  # once, and not in each of those that follow
    pick, desk = random.Random(5), Desk()
    others = {"restart": restart_database, "flush": flush_broker}
    while not select.select([sys.stdin], [], [], 0.5)[0]:
        desk.replace_the_fallen()
    sys.stdin.readline()
    began = time.monotonic()
    for at, what in falls(kills, seconds):
        while (left := began + at - time.monotonic()) > 0:
            time.sleep(min(left, 0.5))
            desk.replace_the_fallen()
        if what == "kill":
            desk.kill(pick.randrange(len(desk.pids)))
        else:
            others[what]()
            desk.fallen[what] += 1
    while not select.select([sys.stdin], [], [], 0.5)[0]:
        desk.replace_the_fallen()
    desk.end()
    killing.say(", ".join(f"{name}: {count}" for name, count in sorted(desk.fallen.items())))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
