"""Programs that die, hang, leave children behind, or lose their supervisor."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.processes import eventually, is_gone

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.slow

HARNESS = """
import os, sys
from pathlib import Path
from config.supervisor import Program, Supervisor
programs = [Program(name, (sys.executable, "-c", code)) for name, code in {programs!r}]
supervisor = Supervisor(programs, folder=Path("."), environment=os.environ)
supervisor.run(when_ready=lambda: print("all ready", flush=True))
print("all stopped", flush=True)
"""
# Prints its number, then waits to be told to end.
PATIENT = "import os, signal; print('pid', os.getpid(), flush=True); signal.pause()"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {PATIENT}; {PATIENT}"
SHORT_LIVED = "import os; print('pid', os.getpid())"
PARENT = (
    "import subprocess, sys; "
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); "
    "print('pid', child.pid, flush=True); import signal; signal.pause()"
)


class House:
    """A supervisor in a process of its own, and what it has printed."""

    def __init__(self, log: Path, **programs: str) -> None:
        self.log = log
        code = textwrap.dedent(HARNESS).format(programs=list(programs.items()))
        self.process = subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=ROOT,
            stdout=log.open("w"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    @property
    def printed(self) -> str:
        return self.log.read_text()

    def pids(self, name: str) -> list[int]:
        lines = [line.split() for line in self.printed.splitlines()]
        return [int(words[3]) for words in lines if words[:3] == [name, "|", "pid"]]

    def stop(self) -> float:
        started = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=20)
        return time.monotonic() - started


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., House]]:
    houses: list[House] = []

    def start_house(**programs: str) -> House:
        houses.append(House(tmp_path / "log", **programs))
        return houses[-1]

    yield start_house
    for house in houses:
        if house.process.poll() is None:
            house.process.terminate()
            house.process.wait(timeout=20)


class TestStopping:
    def test_leaves_no_process(self, start: Callable[..., House]) -> None:
        house = start(broker=PATIENT, web=PATIENT)
        eventually(lambda: house.pids("broker") and house.pids("web"))
        assert house.stop() < 3
        assert all(is_gone(pid) for pid in house.pids("broker") + house.pids("web"))
        assert "all stopped" in house.printed

    def test_asks_once_more_by_force(self, start: Callable[..., House]) -> None:
        house = start(web=STUBBORN)
        eventually(lambda: house.pids("web"))
        for _ in range(2):
            house.process.send_signal(signal.SIGINT)
            time.sleep(0.6)
        assert house.process.poll() is None
        assert house.stop() < 3
        assert is_gone(house.pids("web")[0])


class TestADeath:
    def test_is_followed_by_a_new_start(self, start: Callable[..., House]) -> None:
        house = start(worker=PATIENT, web=PATIENT)
        eventually(lambda: house.pids("worker") and house.pids("web"))
        os.kill(house.pids("worker")[0], signal.SIGKILL)
        eventually(lambda: len(house.pids("worker")) == 2)
        assert len(house.pids("web")) == 1

    def test_that_repeats_itself_costs_longer_and_longer_pauses(
        self, start: Callable[..., House]
    ) -> None:
        house = start(worker=SHORT_LIVED)
        eventually(lambda: "again in 0.8 s" in house.printed)
        assert "again in 0.2 s" in house.printed
        assert len(house.pids("worker")) <= 4

    def test_keeps_no_other_down(self, start: Callable[..., House]) -> None:
        house = start(worker=SHORT_LIVED, web=PATIENT)
        eventually(lambda: "again in 1.6 s" in house.printed)
        os.kill(house.pids("web")[0], signal.SIGKILL)
        eventually(lambda: len(house.pids("web")) == 2, within_s=1.5)

    def test_takes_the_children_along(self, start: Callable[..., House]) -> None:
        house = start(web=PARENT)
        eventually(lambda: house.pids("web"))
        grandchild = house.pids("web")[0]
        parent = psutil.Process(grandchild).parent()
        assert parent is not None
        parent.kill()
        eventually(lambda: is_gone(grandchild))


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells children on Linux only")
class TestLosingTheSupervisor:
    def test_ends_the_programs(self, start: Callable[..., House]) -> None:
        house = start(broker=PATIENT, web=PATIENT)
        eventually(lambda: house.pids("broker") and house.pids("web"))
        house.process.kill()
        house.process.wait(timeout=10)
        eventually(lambda: all(is_gone(pid) for pid in house.pids("broker") + house.pids("web")))


class TestOutput:
    def test_says_who_speaks(self, start: Callable[..., House]) -> None:
        house = start(broker="print('こんにちは'); print('no newline', end='')")
        eventually(lambda: "ended with 0" in house.printed)
        said = [line for line in house.printed.splitlines() if line.startswith("broker |")]
        assert said[:2] == ["broker | こんにちは", "broker | no newline"]

    def test_survives_a_flood(self, start: Callable[..., House]) -> None:
        flood = f"print('x' * 300_000); {PATIENT}"
        house = start(web=flood)
        eventually(lambda: house.pids("web"))
        assert "x" * 300_000 in house.printed
