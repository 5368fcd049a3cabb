"""This app's drains. None takes an argument: what is due stands in the rows."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from celery import shared_task
from django.db import connection

from conversations.services import closing, delivery, forwards, outbox, snoozing
from teams.clock import database_now

#: One run goes on for at most this many rows, so that a worker can stop in between.
BATCH = 200
#: Receivers may be slow. So one task in each process tells them, with several hands, for this long
#: at most: whatever else is due finds a free thread.
HANDS = 4
DELIVERING_S = 20.0
_delivering = threading.Lock()


@shared_task(name="conversations.tasks.send_queued")
def send_queued() -> None:
    """Send what is queued, one message after the other."""
    for _ in range(BATCH):
        if not delivery.send_next(now=database_now()):
            return


@shared_task(name="conversations.tasks.settle_lost_sends")
def settle_lost_sends() -> None:
    """Mark as unknown what a worker claimed and never recorded."""
    for _ in range(BATCH):
        if not delivery.settle_next_lost(now=database_now()):
            return


@shared_task(name="conversations.tasks.close_expired_surveys")
def close_expired_surveys() -> None:
    """Close conversations whose customers gave no rating in time."""
    for _ in range(BATCH):
        if not closing.close_next_expired(now=database_now()):
            return


@shared_task(name="conversations.tasks.wake_snoozed")
def wake_snoozed() -> None:
    """Open what was set aside until now."""
    for _ in range(BATCH):
        if not snoozing.wake_next(now=database_now()):
            return


@shared_task(name="conversations.tasks.publish_events")
def publish_events() -> None:
    """Queue what happened for the endpoints that want to hear of it."""
    for _ in range(BATCH):
        if not outbox.publish_next(now=database_now()):
            return


@shared_task(name="conversations.tasks.deliver_events")
def deliver_events() -> None:
    """Tell the endpoints: one delivery, and where there are more, several at a time."""
    if not _delivering.acquire(blocking=False):
        return
    try:
        if not forwards.deliver_next(now=database_now()):
            return
        deadline = time.monotonic() + DELIVERING_S
        with ThreadPoolExecutor(HANDS - 1, thread_name_prefix="deliver") as pool:
            others = [pool.submit(_help_deliver, deadline) for _ in range(HANDS - 1)]
            _deliver_until(deadline)
        for other in others:
            other.result()
    finally:
        _delivering.release()


def _help_deliver(deadline: float) -> None:
    try:
        _deliver_until(deadline)
    finally:
        connection.close()


def _deliver_until(deadline: float) -> None:
    while time.monotonic() < deadline:
        if not forwards.deliver_next(now=database_now()):
            return
