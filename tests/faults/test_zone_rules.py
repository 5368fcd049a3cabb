"""Machines with older and newer rules of time zones work side by side."""

import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta
from importlib import resources
from pathlib import Path

import pytest
from django.db import connection

from callbacks.models import Callback
from callbacks.slots import Slot
from conversations.models import Event
from tests.factories import make_callback, make_conversation, make_team
from tests.faults.crowd import environment
from tests.moments import WEDNESDAY_MORNING as NOW
from tests.processes import database_url

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
MANY = 250 if connection.vendor == "postgresql" else 30
PROMISED = datetime(2026, 12, 1, 14, tzinfo=UTC)
MOVED = PROMISED - timedelta(hours=1)


def zones(folder: Path, *, release: str, berlin: str) -> Path:
    """Make a folder of zones in which Berlin's clocks go as those of another place."""
    source = resources.files("tzdata") / "zoneinfo"
    (folder / "Europe").mkdir(parents=True)
    (folder / "UTC").write_bytes((source / "UTC").read_bytes())
    (folder / "Europe" / "Berlin").write_bytes((source / berlin).read_bytes())
    (folder / "tzdata.zi").write_text(f"# version {release}\n")
    return folder


def start_worker(rules: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "tests.faults.crowd", "recompute_callbacks", NOW.isoformat()]
    return subprocess.Popen(
        command, env={**environment(database_url()), "PYTHONTZPATH": str(rules)}
    )


def run_workers(*rules: Path) -> None:
    for worker in [start_worker(each) for each in rules]:
        assert worker.wait(timeout=120) == 0


def test_each_callback_is_moved_once_and_by_the_newer_rules(tmp_path: Path) -> None:
    old = zones(tmp_path / "old", release="2026a", berlin="Europe/Berlin")
    new = zones(tmp_path / "new", release="2026b", berlin="Europe/Helsinki")
    slot = Slot(date(2026, 12, 1), time(15), "Europe/Berlin", PROMISED)
    team, conversation = make_team(), make_conversation()
    for _ in range(MANY):
        make_callback(channel=conversation.channel, team=team, slot=slot, zone_rules="2025c")

    run_workers(old)
    assert set(Callback.objects.values_list("due_at", "zone_rules")) == {(PROMISED, "2026a")}
    assert not Event.objects.filter(type="callback.recomputed").exists()

    run_workers(new, old, new)
    run_workers(old, new)
    assert set(Callback.objects.values_list("due_at", "look_due_at", "zone_rules")) == {
        (MOVED, MOVED, "2026b")
    }
    assert set(Callback.objects.values_list("wall_clock", flat=True)) == {time(15)}
    told = Event.objects.filter(type="callback.recomputed").values_list("data", flat=True)
    assert len({event["callback"] for event in told}) == len(told) == MANY
