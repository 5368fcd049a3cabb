"""This app's drains. None takes an argument: what is due stands in the rows."""

from celery import shared_task
from django.utils import timezone

from teams.services import idempotency

#: One run goes on for at most this many batches, so that a worker can stop in between.
BATCHES = 20


@shared_task(name="teams.tasks.forget_answers")
def forget_answers() -> None:
    """Delete answers that were kept for a day under their Idempotency-Key."""
    for _ in range(BATCHES):
        if not idempotency.forget_next_expired(now=timezone.now()):
            return
