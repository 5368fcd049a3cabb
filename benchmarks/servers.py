"""What a benchmark starts and ends: PostgreSQL, databases, and web servers of several kinds."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psutil
import psycopg

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
FIELD_KEY = "YmVuY2htYXJrcy1vbmx5LWJlbmNobWFya3Mtb25seS4="
START_WITHIN_S = 30


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """Give the address of a PostgreSQL server that writes to the disk before it says "done".

    DATABASE_URL names one; without it a throwaway server is started.
    """
    given = os.environ.get("DATABASE_URL", "")
    if given.startswith("postgres"):
        _require_durable(given)
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="relaydesk-benchmark-") as folder:
        environment = {**os.environ, "SERVICES_DIR": folder, "POSTGRES_FSYNC": "on"}
        services = str(ROOT / ".ci" / "services.sh")
        started = subprocess.run(
            [services, "start", "postgres"], env=environment, check=True, stdout=subprocess.PIPE
        )
        try:
            yield started.stdout.decode().strip().removeprefix("export DATABASE_URL=")
        finally:
            subprocess.run([services, "stop", "postgres"], env=environment, check=True)


def _require_durable(url: str) -> None:
    with psycopg.connect(url) as connection:
        for name in ("fsync", "synchronous_commit"):
            row = connection.execute(f"SHOW {name}").fetchone()
            if row != ("on",):
                sys.exit(
                    f"{name} is {row and row[0]}: the server would not be as durable as it is."
                )


@contextlib.contextmanager
def database(server_url: str, *, name: str, template: str = "template0") -> Iterator[str]:
    """Make a database, by copying another if one is named, and drop it in the end."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))
    finally:
        with psycopg.connect(server_url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(data_dir: Path, **variables: str) -> dict[str, str]:
    """Return the environment of a house in production, with nothing of this shell's in it."""
    kept = ("PATH", "HOME", "LANG", "VIRTUAL_ENV", "TMPDIR")
    return {
        **{name: os.environ[name] for name in kept if name in os.environ},
        "ENVIRONMENT": "production",
        "SECRET_KEY": "only-for-benchmarks-" + "0123456789" * 4,
        "FIELD_ENCRYPTION_KEYS": FIELD_KEY,
        "PUBLIC_BASE_URL": "http://desk.benchmark.test",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'benchmarks'}",
        "PYTHONUNBUFFERED": "1",
        "LOG_LEVEL": "WARNING",
        "DATA_DIR": str(data_dir),
        **variables,
    }


def run_script(name: str, *, env: Mapping[str, str]) -> dict:
    """Run one of the scripts beside this file and return the JSON that it prints."""
    done = subprocess.run(
        [PYTHON, str(ROOT / "benchmarks" / name)],
        env=env,
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
    )
    return json.loads(done.stdout)


def web_command(env: Mapping[str, str]) -> list[str]:
    """Return the command with which `manage.py serve` starts its web server."""
    ask = (
        "import json, django; django.setup(); from config.programs import build_programs; "
        "print(json.dumps([p.command for p in build_programs() if p.name == 'web'][0]))"
    )
    done = subprocess.run([PYTHON, "-c", ask], env=env, cwd=ROOT, check=True, capture_output=True)
    return json.loads(done.stdout)


def bare_command(command: list[str], module: str, *, threads: str) -> list[str]:
    """Let the same server run another WSGI program, in as many threads."""
    wsgi = ["wsgi", "--blocking-threads", threads, "--blocking-threads-idle-timeout", "600"]
    at = command.index("--interface") + 1
    return [*command[:at], *wsgi, *command[at + 1 : -1], f"{module}:application"]


@dataclass
class Process:
    """A program of ours that was started for a benchmark; its output is kept in a file."""

    command: list[str]
    env: Mapping[str, str]
    port: int
    log: Path
    process: subprocess.Popen | None = field(default=None, repr=False)

    def __enter__(self) -> "Process":
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                self.command,
                env=self.env,
                cwd=ROOT,
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_WITHIN_S
        while not is_answering(self.port):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.__exit__()
                sys.exit(f"{self.command} did not start:\n{self.log.read_text()}")
            time.sleep(0.1)
        return self

    def __exit__(self, *exc: object) -> None:
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def memory_mb(self, word: str = "granian") -> float:
        """Return the resident memory of the largest process at or below one with this word."""
        assert self.process is not None
        everybody = [psutil.Process(self.process.pid)]
        everybody += everybody[0].children(recursive=True)
        sizes = [0.0]
        for member in everybody:
            with contextlib.suppress(psutil.Error):
                if word in member.cmdline():
                    family = [member, *member.children(recursive=True)]
                    sizes += [each.memory_info().rss / 2**20 for each in family]
        return max(sizes)


def is_answering(port: int) -> bool:
    """Return whether the application is loaded, and not only its port bound."""
    caller = HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        caller.request("GET", "/healthz")
        return caller.getresponse().status in (200, 404)
    except (OSError, HTTPException):
        return False
    finally:
        caller.close()
