"""Beat's clock may be wrong, and workers may be gone: what is due is nudged all the same."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from celery import current_app
from django_celery_beat.models import IntervalSchedule, PeriodicTask
from kombu import Connection

from config.beat import BEAT
from config.nudging import MOST_WAITING, NudgeEntry, NudgeScheduler
from tests.moments import WEDNESDAY_MORNING as MORNING

HOUR = timedelta(hours=1)
QUEUE = "relaydesk"


class Beat(NudgeScheduler):
    """Beat with its rows in memory: the real one closes the connection that a test lives on."""

    def __init__(self, *, last_run_at: datetime | None = None) -> None:
        self.sent: list[str] = []
        self._rows = {
            name: NudgeEntry(_row(name, last_run_at), app=current_app._get_current_object())
            for name in BEAT
        }
        super().__init__(app=current_app._get_current_object(), max_interval=1)

    @property
    def schedule(self) -> Any:
        return self._rows

    def setup_schedule(self) -> None: ...

    def sync(self) -> None: ...

    def reserve(self, entry: Any) -> Any:
        self._rows[entry.name] = super().reserve(entry)
        return self._rows[entry.name]

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        self.sent.append(entry.name)

    @property
    def producer(self) -> Any:
        return None

    def run_for(self, seconds: int, *, clock: Any) -> set[str]:
        """Return what is nudged while a clock goes on for so long."""
        self.sent.clear()
        for _ in range(seconds):
            clock.shift(1)
            for _ in range(2 * len(BEAT)):
                self.tick()
        return set(self.sent)


def _row(name: str, last_run_at: datetime | None) -> PeriodicTask:
    task, every = BEAT[name]
    interval = IntervalSchedule(every=int(every), period=IntervalSchedule.SECONDS)
    return PeriodicTask(name=name, task=task, interval=interval, last_run_at=last_run_at)


class TestBeat:
    def test_nudges_every_drain(self) -> None:
        with time_machine.travel(MORNING, tick=False) as clock:
            assert Beat().run_for(35, clock=clock) == set(BEAT)

    def test_goes_on_after_one_whose_clock_was_ahead(self) -> None:
        with time_machine.travel(MORNING, tick=False) as clock:
            after = Beat(last_run_at=MORNING + 2 * HOUR)
            assert after.run_for(35, clock=clock) == set(BEAT)

    def test_goes_on_when_its_clock_is_set_back(self) -> None:
        with time_machine.travel(MORNING, tick=False) as clock:
            beat = Beat()
            beat.run_for(35, clock=clock)
            clock.move_to(MORNING - HOUR, tick=False)
            assert beat.run_for(35, clock=clock) == set(BEAT)


@pytest.fixture
def channel() -> Iterator[Any]:
    with Connection("memory://nudges") as line, line.channel() as channel:
        channel.queue_declare(queue=QUEUE)
        channel.queue_purge(queue=QUEUE)
        yield channel
        channel.queue_purge(queue=QUEUE)


class TestANudge:
    def send(self, channel: Any, *, times: int = 1) -> None:
        beat = Beat()
        producer = beat.app.amqp.Producer(channel)
        for _ in range(times):
            beat.apply_async(beat.schedule["fire_callbacks"], producer=producer, advance=False)

    def test_is_left_out_where_enough_of_them_wait(self, channel: Any) -> None:
        self.send(channel, times=MOST_WAITING + 5)
        assert channel._size(QUEUE) == MOST_WAITING

    def test_ends_by_the_brokers_clock_alone(self, channel: Any) -> None:
        self.send(channel)
        message = channel.basic_get(QUEUE)
        assert message.headers["expires"] is None
        assert message.properties["expiration"] == "10000"
