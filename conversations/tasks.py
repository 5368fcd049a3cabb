"""This app's drains. None takes an argument: what is due stands in the rows."""

import threading
import time

from celery import shared_task

from conversations.services import (
    closing,
    delivery,
    delivery_thinning,
    fetching,
    file_removal,
    forwards,
    inactivity,
    lookups,
    outbox,
    snoozing,
    uploads,
)
from teams.clock import database_now
from teams.hands import Hands
from teams.services.sweeps import MOST_ROWS, work_off

#: Receivers may be slow, and so may whoever has a customer's file.
_DELIVERING = Hands(count=4, seconds=20.0)
_FETCHING = Hands(count=4, seconds=20.0)
#: One task in each process waits for a channel to be ready, until the next nudge comes anyway.
PACING_S = 2.0
SHORTEST_WAIT_S = 0.01
_pacing = threading.Lock()


@shared_task(name="conversations.tasks.send_queued")
def send_queued() -> None:
    """Send what is queued, one message after the other, as fast as the channels' rates allow."""
    deadline = time.monotonic() + PACING_S
    for _ in range(MOST_ROWS):
        if not delivery.send_next(now=database_now()) and not _wait_for_rate(deadline):
            return


def _wait_for_rate(deadline: float) -> bool:
    """Sleep until a channel may send what is due; False if that is not soon, or somebody waits."""
    now = database_now()
    ready_at = delivery.next_ready_at(now=now)
    if ready_at is None or not _pacing.acquire(blocking=False):
        return False
    try:
        wait_s = max(SHORTEST_WAIT_S, (ready_at - now).total_seconds())
        if time.monotonic() + wait_s > deadline:
            return False
        time.sleep(wait_s)
        return True
    finally:
        _pacing.release()


@shared_task(name="conversations.tasks.look_up_doubts")
def look_up_doubts() -> None:
    """Ask the providers about messages of which nobody knows whether they went out."""
    work_off(lookups.look_up_next)


@shared_task(name="conversations.tasks.settle_lost_sends")
def settle_lost_sends() -> None:
    """Mark as unknown what a worker claimed and never recorded."""
    work_off(delivery.settle_next_lost)


@shared_task(name="conversations.tasks.close_expired_surveys")
def close_expired_surveys() -> None:
    """Close conversations whose customers gave no rating in time."""
    work_off(closing.close_next_expired)


@shared_task(name="conversations.tasks.ask_for_ratings")
def ask_for_ratings() -> None:
    """Ask the customers of channels that ask some time after the end."""
    work_off(closing.ask_next_due)


@shared_task(name="conversations.tasks.resolve_inactive")
def resolve_inactive() -> None:
    """Resolve what nobody writes in any more."""
    work_off(inactivity.resolve_next)


@shared_task(name="conversations.tasks.wake_snoozed")
def wake_snoozed() -> None:
    """Open what was set aside until now."""
    work_off(snoozing.wake_next)


@shared_task(name="conversations.tasks.publish_events")
def publish_events() -> None:
    """Queue what happened for the endpoints that want to hear of it."""
    work_off(outbox.publish_next)


@shared_task(name="conversations.tasks.deliver_events")
def deliver_events() -> None:
    """Tell the endpoints: one delivery, and where there are more, several at a time."""
    _DELIVERING.work(lambda: forwards.deliver_next(now=database_now()))


@shared_task(name="conversations.tasks.fetch_files")
def fetch_files() -> None:
    """Fetch customers' files: one, and where there are more, several at a time."""
    _FETCHING.work(lambda: fetching.fetch_next(now=database_now()))


@shared_task(name="conversations.tasks.remove_old_files")
def remove_old_files() -> None:
    """Remove the files that were kept long enough."""
    work_off(file_removal.remove_next_old)


@shared_task(name="conversations.tasks.remove_abandoned_uploads")
def remove_abandoned_uploads() -> None:
    """Remove the files that were uploaded for messages that were never stored."""
    work_off(uploads.remove_next_abandoned)


@shared_task(name="conversations.tasks.forget_deliveries")
def forget_deliveries() -> None:
    """Delete what endpoints were told long ago."""
    work_off(delivery_thinning.forget_next_delivered)
