"""This app's drains. None takes an argument: what is due stands in the rows."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Protocol

from celery import shared_task
from django.db import connection

from conversations.services import (
    closing,
    delivery,
    fetching,
    file_removal,
    forwards,
    outbox,
    snoozing,
)
from teams.clock import database_now

#: One run goes on for at most this many rows, so that a worker can stop in between.
BATCH = 200
#: Receivers may be slow, and so may whoever has a customer's file. So one task in each process
#: waits for them, with several hands, for this long at most: all else finds a free thread.
HANDS = 4
WAITING_S = 20.0
_delivering = threading.Lock()
_fetching = threading.Lock()


class DoNext(Protocol):
    __name__: str

    def __call__(self, *, now: datetime) -> bool: ...


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
    _with_several_hands(forwards.deliver_next, alone=_delivering)


@shared_task(name="conversations.tasks.fetch_files")
def fetch_files() -> None:
    """Fetch customers' files: one, and where there are more, several at a time."""
    _with_several_hands(fetching.fetch_next, alone=_fetching)


@shared_task(name="conversations.tasks.remove_old_files")
def remove_old_files() -> None:
    """Remove the files that were kept long enough."""
    for _ in range(BATCH):
        if not file_removal.remove_next_old(now=database_now()):
            return


def _with_several_hands(do_next: DoNext, *, alone: threading.Lock) -> None:
    """Do what waits for others: one task in each process, so that all else finds a free thread."""
    if not alone.acquire(blocking=False):
        return
    try:
        if not do_next(now=database_now()):
            return
        deadline = time.monotonic() + WAITING_S
        with ThreadPoolExecutor(HANDS - 1, thread_name_prefix=do_next.__name__) as pool:
            others = [pool.submit(_help, do_next, deadline) for _ in range(HANDS - 1)]
            _do_until(do_next, deadline)
        for other in others:
            other.result()
    finally:
        alone.release()


def _help(do_next: DoNext, deadline: float) -> None:
    try:
        _do_until(do_next, deadline)
    finally:
        connection.close()


def _do_until(do_next: DoNext, deadline: float) -> None:
    while time.monotonic() < deadline:
        if not do_next(now=database_now()):
            return
