"""A promise to call is kept once and never early, whatever falls meanwhile."""

import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import OperationalError, connection, connections

from callbacks.models import Callback
from callbacks.states import CallbackStatus
from config.programs import get_binary_path, is_listening
from conversations.models import Conversation, Event
from teams.clock import database_now
from tests.calls import fired_counts, make_callback, set_up, statuses
from tests.factories import make_agent, make_channel, make_team
from tests.faults.crowd import environment, free_port
from tests.faults.promises import broken_promises
from tests.processes import database_url, eventually

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

IS_POSTGRESQL = connection.vendor == "postgresql"
KILLS = int(os.environ.get("RELAYDESK_TESTS_KILLS", 15 if IS_POSTGRESQL else 5))
SECONDS = max(15.0, KILLS * 1.2)
COUNT = max(60, KILLS * 10 // 3)
#: Where Debian has it. Without it the clocks of the processes are all right.
FAKETIME = os.environ.get(
    "RELAYDESK_TESTS_FAKETIME", "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
)
#: How long until the first is due.
AHEAD = timedelta(seconds=1)


@contextmanager
def a_broker(folder):
    """Run a broker of our own, which nobody minds being emptied."""
    port = free_port()
    command = [str(get_binary_path()), "--port", str(port), "--save", "", "--dir", str(folder)]
    process = subprocess.Popen([*command, "--loglevel", "warning"])
    try:
        eventually(lambda: is_listening(("127.0.0.1", port)))
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(timeout=20)


@contextmanager
def the_desk(broker_url, *, log, kills, seconds):
    """Run workers and beats, and whatever makes them fall; yield once they do their work."""
    known = environment(database_url()) | {"BROKER_URL": broker_url}
    if Path(FAKETIME).exists():
        known |= {"LD_PRELOAD": FAKETIME, "FAKETIME": "+0", "FAKETIME_NO_CACHE": "1"}
    desk = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.callback_firers", str(kills), str(seconds)],
        env=known,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,  # of every connection that broke, at length
        text=True,
    )
    try:
        first = make_callback(due_at=database_now(), channel=make_channel())
        eventually(lambda: is_due(first), within_s=120)
        yield desk
    finally:
        if desk.poll() is None:
            desk.stdin.write("enough\n")
            desk.stdin.close()
        assert desk.wait(timeout=60) == 0


def is_due(callback):
    return Callback.objects.filter(pk=callback.pk).exclude(status="scheduled").exists()


def forget_the_first():
    """Count from here: who starts takes a while, and is not late."""
    Callback.objects.all().delete()
    Event.objects.all().delete()


def promise(count, *, seconds):
    """Promise so many calls over so many seconds: most of them anybody's, some without a
    conversation, some owned, and some of a team whose people let them lapse."""
    channel = make_channel()
    people = tuple(make_agent(name=f"Agent {number}") for number in range(4))
    patient, hasty = [make_team(members=people) for _ in range(4)], make_team(members=people[:3])
    for team in patient:
        set_up(team, alerting_s=3600)
    set_up(hasty, alerting_s=7)
    first = database_now() + AHEAD
    for number in range(count):
        fields = {"team": hasty if number % 10 == 9 else patient[number % 4]}
        if number % 10 == 8:
            fields["owner"] = people[number % 4]
        if number % 2:
            fields["channel"] = channel
        due_at = first + timedelta(seconds=seconds * number / count)
        make_callback(due_at=due_at, **fields)
    return first + timedelta(seconds=seconds)


def wait_until_all_are_due(*, until):
    def are_due():
        try:
            return not Callback.objects.filter(status=CallbackStatus.SCHEDULED).exists()
        except OperationalError:  # it restarts
            connections.close_all()
            return False

    left = (until - database_now_again()).total_seconds()
    time.sleep(max(0, left))
    try:
        eventually(are_due, within_s=60 + SECONDS)
    except AssertionError as error:
        raise AssertionError(dict(statuses())) from error


def database_now_again():
    try:
        return database_now()
    except OperationalError:
        connections.close_all()
        time.sleep(2)
        return database_now()


def lateness():
    """Return by how many seconds each was late, in order: below zero it was early."""
    rows = Callback.objects.filter(due_since__isnull=False).values_list("due_since", "due_at")
    return sorted((since - due_at).total_seconds() for since, due_at in rows)


def percentile(values, share):
    return values[min(len(values) - 1, int(len(values) * share))]


def keep_promises(*, kills, count, seconds):
    """Let the desk run over all that is due; return what fell and by how much each was late."""
    with (
        tempfile.TemporaryDirectory() as folder,
        a_broker(folder) as broker_url,
        (Path(folder) / "desk.log").open("w") as log,
        the_desk(broker_url, log=log, kills=kills, seconds=seconds) as desk,
    ):
        forget_the_first()
        until = promise(count, seconds=seconds)
        desk.stdin.write("go\n")
        desk.stdin.flush()
        wait_until_all_are_due(until=until)
        out, _ = desk.communicate("enough\n", timeout=60 + 2 * seconds)
    return out.strip(), lateness()


def assert_each_was_due_once(count):
    fired = fired_counts()
    assert len(fired) == count
    assert set(fired.values()) == {1}
    assert not Callback.objects.exclude(status=CallbackStatus.OFFERED).exists()
    offered = Counter(
        (data["callback"], data["user_id"])
        for data in Event.objects.filter(type="callback.offered").values_list("data", flat=True)
    )
    assert set(offered.values()) == {1}
    held = Counter(Callback.objects.values_list("conversation", flat=True))
    assert len(held) == count
    assert Conversation.objects.count() == count + 1  # and that of the first, which is forgotten
    assert not broken_promises()


class TestADeskThatFalls:
    def test_keeps_every_promise_once_and_never_early(self, capsys):
        fell, late = keep_promises(kills=KILLS, count=COUNT, seconds=SECONDS)
        with capsys.disabled():
            clocks = "hours apart" if Path(FAKETIME).exists() else "right"
            print(  # noqa: T201
                f"\n{COUNT} due in {SECONDS:.0f} s, clocks {clocks}, fell: {fell or 'nothing'}."
                f" Late by p50 {percentile(late, 0.5):.2f} s, p99 {percentile(late, 0.99):.2f} s,"
                f" at most {late[-1]:.2f} s; at the earliest {late[0]:.3f} s after its time"
            )
        assert_each_was_due_once(COUNT)
        assert late[0] >= 0  # how late after so much at once is the machine's: it is printed
