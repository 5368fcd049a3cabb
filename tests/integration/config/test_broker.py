"""A worker and beat on the broker that BROKER_URL names: Redis, RabbitMQ or another."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import timezone

from config.celery import app as celery_app
from teams.models import User
from tests.processes import database_url, eventually

ROOT = Path(__file__).resolve().parents[3]
BROKER_URL = os.environ.get("BROKER_URL", "")
pytestmark = [
    pytest.mark.broker,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        not BROKER_URL or BROKER_URL.startswith("memory"), reason="BROKER_URL names no real broker"
    ),
]
PARTS = {
    "worker": ("worker", "--pool", "threads", "--concurrency", "2", "--without-heartbeat"),
    "beat": ("beat", "--pidfile", ""),
}


@pytest.fixture
def run(house_environment: dict[str, str], tmp_path: Path) -> Iterator[object]:
    """Start a part of Celery as a process on the test database and the given broker."""
    started: list[subprocess.Popen[bytes]] = []
    house_environment |= {"BROKER_URL": BROKER_URL, "DATABASE_URL": database_url()}
    house_environment |= {"ENVIRONMENT": "development"}

    def run_part(name: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "celery", "--app", "config", "--quiet", *PARTS[name]]
        log = (tmp_path / f"{name}.log").open("w")
        started.append(
            subprocess.Popen(
                command, cwd=ROOT, env=house_environment, stdout=log, stderr=subprocess.STDOUT
            )
        )
        return started[-1]

    yield run_part
    for process in started:
        process.terminate()
    for process in started:
        process.wait(timeout=30)


@pytest.fixture
def due() -> User:
    return User.objects.create_user("alice@example.test", offer_due_at=timezone.now())


def is_done(person: User) -> bool:
    person.refresh_from_db()
    return person.offer_due_at is None


class TestAWorker:
    def test_does_what_it_is_woken_for(self, run: object, due: User) -> None:
        run("worker")  # type: ignore[operator]
        celery_app.send_task("routing.tasks.place_waiting", retry=False)
        eventually(lambda: is_done(due), within_s=30)

    def test_finds_what_was_asked_while_nobody_worked(self, run: object, due: User) -> None:
        celery_app.send_task("routing.tasks.place_waiting", retry=False)
        run("worker")  # type: ignore[operator]
        eventually(lambda: is_done(due), within_s=30)


class TestBeat:
    def test_sees_to_it_that_nothing_due_is_forgotten(self, run: object, due: User) -> None:
        run("worker")  # type: ignore[operator]
        run("beat")  # type: ignore[operator]
        eventually(lambda: is_done(due), within_s=30)
