"""This app's drains. None takes an argument: what is due stands in the rows."""

from celery import shared_task
from django.utils import timezone

from teams.clock import database_now
from teams.services import idempotency, presence, shifts

#: One run goes on for at most this many batches, so that a worker can stop in between.
BATCHES = 20
#: ... and for at most this many rows.
ROWS = 200


@shared_task(name="teams.tasks.start_shifts")
def start_shifts() -> None:
    """Let people whose shift begins take what waits."""
    for _ in range(ROWS):
        if not shifts.start_next_shift(now=database_now()):
            return


@shared_task(name="teams.tasks.lapse_presences")
def lapse_presences() -> None:
    """Let people be offline whose heartbeats stopped."""
    for _ in range(ROWS):
        if not presence.lapse_next_presence(now=database_now()):
            return


@shared_task(name="teams.tasks.forget_answers")
def forget_answers() -> None:
    """Delete answers that were kept for a day under their Idempotency-Key."""
    for _ in range(BATCHES):
        if not idempotency.forget_next_expired(now=timezone.now()):
            return
