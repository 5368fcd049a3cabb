"""Many at once: clients that knock on a real server, and workers that run a drain to its end.

Clients import no Django; a worker is `python -m tests.faults.crowd DRAIN INSTANT`.
"""

import multiprocessing
import os
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from multiprocessing.pool import ThreadPool

import psutil

Request = tuple[str, bytes, dict[str, str]]  # path, body, headers


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(database_url: str) -> dict[str, str]:
    """Return what another process needs to work on the test's own database and files."""
    return {
        **os.environ,
        "DATABASE_URL": database_url,
        "RELAYDESK_TESTS_DATA": os.environ["DATA_DIR"],
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "PYTHONPATH": os.getcwd(),
    }


@contextmanager
def server(database_url: str, *, workers: int = 2) -> Iterator[int]:
    """Run the web server as production does, and yield its port."""
    port = free_port()
    process = start_server(database_url, port=port, workers=workers)
    try:
        wait_for(port)
        yield port
    finally:
        end_server(process)


def end_server(process: "subprocess.Popen[bytes]") -> None:
    """End the web server with its workers, by force if it takes its time."""
    whole = [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]
    process.terminate()
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        for each in whole:
            with suppress(psutil.NoSuchProcess):
                each.kill()
        process.wait(timeout=20)


def start_server(database_url: str, *, port: int, workers: int = 2) -> "subprocess.Popen[bytes]":
    """Start the web server; whoever does also ends it."""
    command = [sys.executable, "-m", "granian", "--interface", "rsgi", "--host", "127.0.0.1"]
    options = ["--port", str(port), "--workers", str(workers), "--log-level", "warning"]
    return subprocess.Popen(
        [*command, *options, "config.rsgi:application"], env=environment(database_url)
    )


def wait_for(port: int) -> None:
    """Wait until a server answers at this port."""
    for _ in range(400):
        try:
            connection = HTTPConnection("127.0.0.1", port, timeout=2)
            connection.request("GET", "/healthz")
            connection.getresponse().read()
            return
        except (OSError, HTTPException):
            multiprocessing.Event().wait(0.05)
    raise TimeoutError("the server did not answer")


def knock_all(port: int, requests: Sequence[Request], *, clients: int) -> Counter[int]:
    """Send the requests from several processes at once; return how often each status came back."""
    shares = [(port, list(requests[start::clients])) for start in range(clients)]
    with multiprocessing.get_context("spawn").Pool(clients) as pool:
        return sum(pool.starmap(_knock, shares), Counter())


def _knock(port: int, requests: Sequence[Request]) -> Counter[int]:
    statuses: Counter[int] = Counter()
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    for path, body, headers in requests:
        connection.request("POST", path, body=body, headers=headers)
        response = connection.getresponse()
        response.read()
        statuses[response.status] += 1
    connection.close()
    return statuses


def ask_all(port: int, requests: Sequence[Request], *, at_once: int) -> list[tuple[int, bytes]]:
    """Send each request over a connection of its own, so many at once; return what was answered."""
    with ThreadPool(at_once) as pool:
        return pool.map(lambda request: _ask(port, request), requests, chunksize=1)


def _ask(port: int, request: Request) -> tuple[int, bytes]:
    path, body, headers = request
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("POST", path, body=body, headers=headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def run_drain(name: str, *, instant: str, database_url: str, workers: int) -> None:
    """Let several worker processes run one drain at the same time, until it finds no work."""
    command = [sys.executable, "-m", "tests.faults.crowd", name, instant]
    processes = [subprocess.Popen(command, env=environment(database_url)) for _ in range(workers)]
    codes = [process.wait(timeout=240) for process in processes]
    assert codes == [0] * workers


def main(name: str, instant: str) -> None:
    from datetime import datetime  # noqa: PLC0415

    import django  # noqa: PLC0415

    django.setup()
    from config.drains import DRAINS  # noqa: PLC0415 - needs the settings

    do_next = dict(DRAINS)[name]
    now = datetime.fromisoformat(instant)
    while do_next(now=now):
        pass


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
