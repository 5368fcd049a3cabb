"""Beat as nudges want it: a wrong clock silences none, and none pile up while nobody takes them.

A nudge carries nothing: what is due stands in rows, so one that is left out costs an interval.
"""

from datetime import datetime, timedelta
from typing import Any

from celery.utils.time import maybe_make_aware
from django_celery_beat.schedulers import DatabaseScheduler, ModelEntry

#: So many nudges wait for a worker; further ones would only say the same.
MOST_WAITING = 500
#: What two readings of a clock may differ by without anybody having set it.
_DRIFT = timedelta(seconds=2)


class NudgeEntry(ModelEntry):
    """One row of the schedule."""

    last_run_at: datetime

    def is_due(self) -> Any:
        """Say whether it is time. A last run in the future was written by a clock that is wrong."""
        if maybe_make_aware(self.last_run_at) > maybe_make_aware(self._default_now()) + _DRIFT:
            self.last_run_at = self._default_now() - timedelta(days=1)
        return super().is_due()


class NudgeScheduler(DatabaseScheduler):
    Entry = NudgeEntry
    _last_tick: Any = None

    def tick(self, *args: Any, **kwargs: Any) -> Any:
        """Send what is due. After the clock was set back, put all rows in order anew."""
        now = self.app.now()
        if self._last_tick is not None and now < self._last_tick - _DRIFT:
            self._heap = None
        self._last_tick = now
        return super().tick(*args, **kwargs)

    def apply_async(self, entry: Any, producer: Any = None, **kwargs: Any) -> Any:
        """Send a nudge, unless as many wait already; where the broker can, let it end in time.

        No message says when it is too old by our clock: a worker would compare that with its own.
        """
        if self._is_enough(producer):
            return None
        # RabbitMQ drops it by its own clock; other brokers take no notice.
        entry.options = {**entry.options, "expiration": _patience(entry.schedule)}
        return super().apply_async(entry, producer=producer, **kwargs)

    def _is_enough(self, producer: Any) -> bool:
        """Say whether the queue is full of nudges, as far as the broker lets itself be asked."""
        count = getattr(producer.channel, "_size", None) if producer else None
        return count is not None and count(self.app.conf.task_default_queue) >= MOST_WAITING


def _patience(schedule: Any) -> float:
    """Return after how many seconds the next nudge has come anyway."""
    return max(10.0, 2 * float(schedule.run_every.total_seconds()))
