"""After a commit, ask a worker to run one of this app's drains now instead of at its next tick."""

import logging

from celery import current_app
from django.db import transaction

logger = logging.getLogger(__name__)


def wake(drain: str) -> None:
    """Run the drain with this task name soon after this transaction commits.

    A wake is a hint and may be lost, with the broker or without: the mark in the row is the truth,
    and the sweep finds it.
    """

    # A plain function, because Django names a failing robust callback by its __qualname__.
    def send() -> None:
        try:
            current_app.send_task(drain, retry=False, ignore_result=True)
        except Exception:
            logger.warning("Could not wake %s; its sweep will run it.", drain)

    transaction.on_commit(send, robust=True)
