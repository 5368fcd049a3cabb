"""Processes that are killed while they work, and others that go on in their places.

For modules that run as a program (`python -m tests.faults.…`): forking is for processes without
threads. A killed one is a killed one: nothing of it runs any more, and its connection breaks.
"""

import os
import random
import select
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from types import FrameType
from typing import Any, NoReturn

from django.db import connections

from teams.clock import database_now

#: What one does in its place; it is told how many were born before it.
Work = Callable[[int], object]
Drain = Callable[..., object]
_REST_S = 0.01


def start(work: Callable[[], object]) -> int:
    """Fork a process that does its work until somebody ends it; return its id."""
    connections.close_all()
    pid = os.fork()
    if pid == 0:
        try:
            work()
        except Exception:  # noqa: BLE001 - the parent sees the end, a person the reason
            traceback.print_exc()
        finally:
            os._exit(1)
    return pid


def end(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    bury(pid)


def bury(pid: int) -> None:
    """Wait for the end of a process that was killed; that it ended by itself is an error."""
    _, status = os.waitpid(pid, 0)
    if not os.WIFSIGNALED(status):
        sys.exit(f"a worker ended by itself: {status}")


def die_at(file: str, function: str, *, event: str = "call") -> None:
    """Let this process die the first time that a function begins or ends (`call`, `return`).

    `file` is how its file's name ends. Nothing in the product knows of this.
    """

    def watch(frame: FrameType, happened: str, _value: Any) -> None:
        code = frame.f_code
        if happened == event and code.co_name == function and code.co_filename.endswith(file):
            os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(watch)


def kill_in_turn(
    deaths: Sequence[tuple[str, Callable[[], object]]], *, at_once: int, patience_s: float
) -> Counter[str]:
    """Let workers die that look for a point to die at; say how often each was come by.

    One that does not come by its point in this time is killed where it is: "elsewhere".
    """
    died: Counter[str] = Counter()
    running: list[tuple[int, str]] = []
    for point, work in deaths:
        running.append((start(work), point))
        if len(running) == at_once:
            died[_await(*running.pop(0), patience_s=patience_s)] += 1
    for pid, point in running:
        died[_await(pid, point, patience_s=patience_s)] += 1
    return died


def _await(pid: int, point: str, *, patience_s: float) -> str:
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        # Left lying, so that it is buried in one place only.
        if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            bury(pid)
            return point
        time.sleep(0.005)
    end(pid)
    return "elsewhere"


class Crowd:
    """One process for each work, and whenever one is killed another in its place."""

    def __init__(self, works: Sequence[Work]) -> None:
        self.works, self.born = works, 0
        self.pids = [self._start(work) for work in works]

    def kill(self, kills: int, *, pauses_s: tuple[float, float], seed: int) -> None:
        """Kill so many, one after the other, with a pause of this length before each."""
        pick = random.Random(seed)
        for _ in range(kills):
            time.sleep(pick.uniform(*pauses_s))
            place = pick.randrange(len(self.works))
            end(self.pids[place])
            self.pids[place] = self._start(self.works[place])

    def end(self) -> None:
        for pid in self.pids:
            end(pid)

    def _start(self, work: Work) -> int:
        number, self.born = self.born, self.born + 1
        return start(lambda: work(number))


def drain_forever(*drains: Drain, offset: timedelta = timedelta(0)) -> NoReturn:
    """Do whatever is due so much later than now, until somebody ends this process."""
    while True:
        found = [drain(now=database_now() + offset) for drain in drains]
        if not any(found):
            time.sleep(_REST_S)


def beyond(lease: timedelta, *, born: int) -> timedelta:
    """Return how much later this one lives: what any dead one held is free for it at once."""
    return born * (lease + timedelta(seconds=1))


def paced(pauses_s: tuple[float, float], pace: float) -> tuple[float, float]:
    return pauses_s[0] * pace, pauses_s[1] * pace


def say(line: str) -> None:
    """Tell whoever started this program."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def report(line: str) -> None:
    """Tell whoever started this program, and go on until they end its standard input."""
    say(line)
    select.select([sys.stdin], [], [])
