"""This app's drains. None takes an argument: what is due stands in the rows."""

from celery import shared_task

from channels.services import channels, templates
from teams.clock import database_now

#: One run goes on for at most this many rows, so that a worker can stop in between.
BATCH = 200


@shared_task(name="channels.tasks.drop_old_tokens")
def drop_old_tokens() -> None:
    """Drop second auth tokens whose time is over."""
    for _ in range(BATCH):
        if not channels.drop_next_second_token(now=database_now()):
            return


@shared_task(name="channels.tasks.sync_templates")
def sync_templates() -> None:
    """Fetch the templates of channels whose turn it is."""
    for _ in range(BATCH):
        if not templates.sync_next(now=database_now()):
            return
