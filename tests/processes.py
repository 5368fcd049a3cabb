"""Waiting for other processes."""

import time
from collections.abc import Callable

import psutil


def eventually(holds: Callable[[], object], *, within_s: float = 10) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, "it did not come to pass in time"
        time.sleep(0.05)


def is_gone(pid: int) -> bool:
    """Return whether the process has ended; in a container nobody may have buried it."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
