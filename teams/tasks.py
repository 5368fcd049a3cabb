"""This app's drains. None takes an argument: what is due stands in the rows."""

from celery import shared_task

from teams.services import idempotency, import_thinning, presence, shifts
from teams.services.sweeps import work_off

#: One run goes on for at most this many batches, so that a worker can stop in between.
BATCHES = 20


@shared_task(name="teams.tasks.start_shifts")
def start_shifts() -> None:
    """Let people whose shift begins take what waits."""
    work_off(shifts.start_next_shift)


@shared_task(name="teams.tasks.lapse_presences")
def lapse_presences() -> None:
    """Let people be offline whose heartbeats stopped."""
    work_off(presence.lapse_next_presence)


@shared_task(name="teams.tasks.forget_answers")
def forget_answers() -> None:
    """Delete answers that were kept for a day under their Idempotency-Key."""
    work_off(idempotency.forget_next_expired, most=BATCHES)


@shared_task(name="teams.tasks.forget_import_rows")
def forget_import_rows() -> None:
    """Delete the rows of imports that were over long ago."""
    work_off(import_thinning.forget_next_rows)
