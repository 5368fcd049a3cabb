"""This app's drains. None takes an argument: what is due stands in the rows."""

from celery import shared_task

from channels.services import channels, templates
from teams.services.sweeps import work_off


@shared_task(name="channels.tasks.drop_old_tokens")
def drop_old_tokens() -> None:
    """Drop second auth tokens whose time is over."""
    work_off(channels.drop_next_second_token)


@shared_task(name="channels.tasks.sync_templates")
def sync_templates() -> None:
    """Fetch the templates of channels whose turn it is."""
    work_off(templates.sync_next)
