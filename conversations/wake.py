"""After a commit, ask a worker to run one of this app's drains now instead of at its next tick."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from celery import current_app
from django.db import transaction

logger = logging.getLogger(__name__)

_is_quiet: ContextVar[bool] = ContextVar("is_quiet", default=False)


@contextmanager
def without_waking() -> Iterator[None]:
    """Leave everything to the sweeps: for work in bulk, which would wake a drain for each row."""
    token = _is_quiet.set(True)
    try:
        yield
    finally:
        _is_quiet.reset(token)


def wake(drain: str) -> None:
    """Run the drain with this task name soon after this transaction commits.

    A wake is a hint and may be lost, with the broker or without: the mark in the row is the truth,
    and the sweep finds it.
    """

    # A plain function, because Django names a failing robust callback by its __qualname__.
    def send() -> None:
        try:
            current_app.send_task(drain, retry=False, ignore_result=True)
        except Exception:  # noqa: BLE001 - each broker has its own errors
            logger.warning("Could not wake %s; its sweep will run it.", drain)

    if not _is_quiet.get():
        transaction.on_commit(send, robust=True)
