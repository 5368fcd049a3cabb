"""This app's drains. None takes an argument: what is due stands in the rows."""

from celery import shared_task

from conversations.clock import database_now
from conversations.services import closing, delivery

#: One run goes on for at most this many rows, so that a worker can stop in between.
BATCH = 200


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
