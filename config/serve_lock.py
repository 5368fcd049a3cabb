"""One `manage.py serve` per data folder."""

import fcntl
import os
import time
from pathlib import Path
from typing import IO

# The programs of a `serve` that was killed need a moment to end.
WAIT_S = 8.0
LOOK_EVERY_S = 0.2


class AlreadyServedError(Exception):
    """Somebody else serves this data folder; the text says who."""


def take(data_dir: Path) -> IO[str]:
    """Return the open lock file. The lock lasts as long as any process holds the file open.

    The programs inherit it: a second broker must not write into the append-only file of a first.
    """
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = (data_dir / "serve.pid").open("a+")
    deadline = time.monotonic() + WAIT_S
    while not _lock(lock):
        lock.seek(0)
        holder = lock.read().strip()
        if _is_alive(holder) or time.monotonic() > deadline:
            lock.close()
            raise AlreadyServedError(
                f"Relaydesk already runs on {data_dir} (process {holder}). "
                "Stop it first, or give this one another DATA_DIR."
            )
        time.sleep(LOOK_EVERY_S)
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def _lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True
