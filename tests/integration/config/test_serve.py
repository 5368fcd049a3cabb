"""`manage.py serve` on the embedded default: one command, one Ctrl-C."""

import http.client
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.processes import environment_in, eventually, is_gone

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.slow
READY_WITHIN_S = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ask(port: int, path: str) -> tuple[int, Any]:
    caller = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    caller.request("GET", path)
    answer = caller.getresponse()
    return answer.status, answer.read()


def is_answering(port: int) -> bool:
    try:
        return ask(port, "/healthz")[0] == 200
    except OSError:
        return False


class Served:
    def __init__(self, environment: dict[str, str], *, log: Path) -> None:
        self.port = int(environment["PORT"])
        self.environment = dict(environment)
        self.log = log
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "serve"],
            cwd=ROOT,
            env=environment,
            stdout=log.open("w"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_WITHIN_S
        while "Relaydesk is ready" not in self.log.read_text():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.1)

    def shell(self, code: str) -> str:
        return subprocess.run(
            [sys.executable, "manage.py", "shell", "--verbosity", "0", "--command", code],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        ).stdout

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)


@contextmanager
def serving(environment: dict[str, str], *, log: Path) -> Iterator[Served]:
    environment["PORT"] = str(free_port())
    house = Served(environment, log=log)
    try:
        house.wait_until_ready()
        yield house
    finally:
        if house.process.poll() is None:
            house.process.terminate()
            house.process.wait(timeout=30)


@pytest.fixture
def served(house_environment: dict[str, str], tmp_path: Path) -> Iterator[Served]:
    with serving(house_environment, log=tmp_path / "serve.log") as house:
        yield house


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One that several tests come to: none of them ends it."""
    folder = tmp_path_factory.mktemp("lasting")
    with serving(environment_in(folder), log=folder / "serve.log") as house:
        yield house


OFFER = """
from django.utils import timezone
from teams.models import User
alice, _made = User.objects.get_or_create(email="alice@example.test")
User.objects.filter(pk=alice.pk).update(offer_due_at=timezone.now())
"""
COUNT_OFFERS = """
from teams.models import User
print(User.objects.filter(offer_due_at__isnull=False).count())
"""


class TestServe:
    def test_does_what_is_due(self, lasting: Served) -> None:
        lasting.shell(OFFER)
        eventually(lambda: lasting.shell(COUNT_OFFERS).strip() == "0", within_s=30)

    def test_lets_no_slow_caller_keep_others_waiting(self, lasting: Served) -> None:
        head = (
            b"POST /webhooks/twilio/none/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n"
        )
        slow = [socket.create_connection(("127.0.0.1", lasting.port)) for _ in range(30)]
        for caller in slow:
            caller.sendall(head + b"a")
        started = time.monotonic()
        assert ask(lasting.port, "/admin/login/")[0] == 200
        assert time.monotonic() - started < 5
        slow[0].settimeout(30)
        assert slow[0].recv(100).startswith(b"HTTP/1.1 408 ")
        for caller in slow:
            caller.close()

    def test_reads_a_request_of_two_lengths_in_one_way_only(self, lasting: Served) -> None:
        head = b"POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
        smuggled = b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /readyz HTTP/1.1\r\n\r\n"
        with socket.create_connection(("127.0.0.1", lasting.port)) as caller:
            caller.sendall(head + smuggled)
            caller.settimeout(10)
            answer = b""
            while chunk := caller.recv(4096):
                answer += chunk
        assert answer.count(b"HTTP/1.1 ") == 1
        assert b"connection: close" in answer.lower()

    @pytest.mark.parametrize("part", ["valkey-server", "worker", "beat", "granian"])
    def test_outlives_every_part_of_it(self, lasting: Served, part: str) -> None:
        for member in lasting.family():
            if part in " ".join(member.cmdline()):
                member.kill()
        lasting.shell(OFFER)
        eventually(lambda: lasting.shell(COUNT_OFFERS).strip() == "0", within_s=45)
        eventually(lambda: is_answering(lasting.port), within_s=15)

    def test_keeps_house_until_told_to_stop(
        self, served: Served, house_environment: dict[str, str]
    ) -> None:
        assert ask(served.port, "/healthz")[0] == 200
        assert ask(served.port, "/static/admin/css/base.css")[0] == 200
        status, body = ask(served.port, "/readyz")
        assert (status, json.loads(body)["status"]) == (200, "ok")

        second = subprocess.run(
            [sys.executable, "manage.py", "serve"],
            cwd=ROOT,
            env=house_environment | {"PORT": str(free_port())},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert second.returncode == 1
        assert f"already runs on {house_environment['DATA_DIR']}" in second.stderr

        family = served.family()
        assert len(family) >= 4
        served.process.send_signal(signal.SIGINT)
        assert served.process.wait(timeout=15) == 0
        assert all(is_gone(member.pid) for member in family)
        assert "database is locked" not in served.log.read_text()

    def test_comes_back_after_it_was_killed(
        self, served: Served, house_environment: dict[str, str], tmp_path: Path
    ) -> None:
        family = served.family()
        served.process.kill()
        served.process.wait(timeout=10)
        house_environment["PORT"] = str(free_port())
        again = Served(house_environment, log=tmp_path / "again.log")
        try:
            again.wait_until_ready()
            assert all(is_gone(member.pid) for member in family)
        finally:
            again.process.terminate()
            again.process.wait(timeout=30)

    def test_says_when_the_port_is_taken(self, house_environment: dict[str, str]) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            house_environment["PORT"] = str(taken.getsockname()[1])
            refused = subprocess.run(
                [sys.executable, "manage.py", "serve"],
                cwd=ROOT,
                env=house_environment,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
        assert refused.returncode == 1
        assert "is taken; set PORT to another" in refused.stderr
