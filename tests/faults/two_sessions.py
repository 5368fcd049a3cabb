"""A second database session beside the test's own, to stop two pieces of work at a named point."""

from collections.abc import Callable
from threading import Thread
from typing import Any

from django.db import connection, connections

from tests.processes import eventually

_BLOCKED_BY_ME = """
SELECT DISTINCT pid FROM pg_locks
WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))
"""


class Session:
    """Work that runs in a session of its own, at the same time as the test."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self._work = work
        self._result: Any = None
        self._error: Exception | None = None
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._result = self._work()
        except Exception as error:  # noqa: BLE001 - raised again where the test waits
            self._error = error
        finally:
            connections.close_all()

    def wait(self) -> Any:
        """Wait for the end; return the result, or raise what the work raised."""
        self._thread.join(timeout=20)
        assert not self._thread.is_alive(), "the other session never came to an end"
        if self._error is not None:
            raise self._error
        return self._result


def wait_until_blocked() -> int:
    """Return the session that stands before a lock of ours, as soon as there is one."""
    found: list[int] = []
    eventually(lambda: found.extend(_blocked()) or found)
    return found[0]


def _blocked() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_BLOCKED_BY_ME)
        return [row[0] for row in cursor.fetchall()]
