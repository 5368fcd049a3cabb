"""Other processes: what they need to know, and waiting for them."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import psutil
from django.db import connection


def environment_in(folder: Path) -> dict[str, str]:
    """Return the environment for a real process: the embedded default in this folder."""
    kept = ("PATH", "HOME", "LANG", "VIRTUAL_ENV", "TMPDIR")
    return {
        **{name: os.environ[name] for name in kept if name in os.environ},
        "DATA_DIR": str(folder / "var"),
        "PYTHONUNBUFFERED": "1",
    }


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


def database_url() -> str:
    """Return the test database as an address for another process."""
    described = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{described['NAME']}"
    login = quote(described["USER"], safe="")
    if described["PASSWORD"]:
        login += ":" + quote(described["PASSWORD"], safe="")
    return (
        f"postgresql://{login}@{described['HOST']}:{described['PORT'] or 5432}/{described['NAME']}"
    )
