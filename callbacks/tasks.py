"""This app's drains. None takes an argument: what is due stands in the rows."""

from celery import shared_task

from callbacks.services import call_lookups, firing, leaving, placing, recomputing
from teams.services.sweeps import work_off


@shared_task(name="callbacks.tasks.fire_callbacks")
def fire_callbacks() -> None:
    """Let callbacks be due whose time has come."""
    work_off(firing.fire_next)


@shared_task(name="callbacks.tasks.follow_callbacks")
def follow_callbacks() -> None:
    """Go on with callbacks that are due: offers that are over, owners, next tries."""
    work_off(firing.follow_next)


@shared_task(name="callbacks.tasks.let_go_of_callbacks")
def let_go_of_callbacks() -> None:
    """Let people who left go of the callbacks that they alone were to make."""
    work_off(leaving.let_go_next)


@shared_task(name="callbacks.tasks.recompute_callbacks")
def recompute_callbacks() -> None:
    work_off(recomputing.recompute_next)


@shared_task(name="callbacks.tasks.place_calls")
def place_calls() -> None:
    """Place the calls that are planned, as fast as Twilio takes them from each account."""
    work_off(placing.place_next)


@shared_task(name="callbacks.tasks.settle_lost_calls")
def settle_lost_calls() -> None:
    """Mark as unknown what a worker claimed and never recorded."""
    work_off(placing.settle_next_lost)


@shared_task(name="callbacks.tasks.look_up_calls")
def look_up_calls() -> None:
    """Ask Twilio about calls of which nobody knows what became of them."""
    work_off(call_lookups.look_up_next)


@shared_task(name="callbacks.tasks.hang_up_calls")
def hang_up_calls() -> None:
    """End the calls that are not wanted any more."""
    work_off(call_lookups.hang_up_next)
