"""This app's drains. None takes an argument: what is due stands in the rows."""

from celery import shared_task

from callbacks.services import recomputing
from teams.services.sweeps import work_off


@shared_task(name="callbacks.tasks.recompute_callbacks")
def recompute_callbacks() -> None:
    work_off(recomputing.recompute_next)
