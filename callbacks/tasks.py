"""This app's drains. None takes an argument: what is due stands in the rows."""

from celery import shared_task

from callbacks.services import firing, recomputing
from teams.services.sweeps import work_off


@shared_task(name="callbacks.tasks.fire_callbacks")
def fire_callbacks() -> None:
    """Let callbacks be due whose time has come."""
    work_off(firing.fire_next)


@shared_task(name="callbacks.tasks.follow_callbacks")
def follow_callbacks() -> None:
    """Go on with callbacks that are due: offers that are over, owners, next tries."""
    work_off(firing.follow_next)


@shared_task(name="callbacks.tasks.recompute_callbacks")
def recompute_callbacks() -> None:
    work_off(recomputing.recompute_next)
