"""Several threads for one drain whose rows wait for somebody else's server.

So one task in each process does all of them, and whatever else is due finds a free thread.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import connection


class Hands:
    """Does the rows of one drain: one, and where there are more, several at a time."""

    def __init__(self, *, count: int, seconds: float) -> None:
        self._count, self._seconds = count, seconds
        self._busy = threading.Lock()

    def work(self, do_next: Callable[[], bool]) -> None:
        """Do rows until none is due or the time is over; nothing if this process does already."""
        if not self._busy.acquire(blocking=False):
            return
        try:
            if not do_next():
                return
            deadline = time.monotonic() + self._seconds
            with ThreadPoolExecutor(self._count - 1, thread_name_prefix="hands") as pool:
                others = [pool.submit(_help, do_next, deadline) for _ in range(self._count - 1)]
                _until(deadline, do_next)
            for other in others:
                other.result()
        finally:
            self._busy.release()


def _help(do_next: Callable[[], bool], deadline: float) -> None:
    try:
        _until(deadline, do_next)
    finally:
        connection.close()


def _until(deadline: float, do_next: Callable[[], bool]) -> None:
    while time.monotonic() < deadline:
        if not do_next():
            return
