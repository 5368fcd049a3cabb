"""Doing the next due row: one shape for every sweep, here and in the apps above."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from django.db import transaction
from django.db.models import Model, QuerySet

from teams.clock import database_now

logger = logging.getLogger(__name__)

Row = TypeVar("Row", bound=Model)

# After a failure the sweep tries again this much later, so that one row cannot hold up the others.
FAILURE_RETRY = timedelta(seconds=60)


#: One run of a task goes on for at most this many rows, so that a worker can stop in between.
MOST_ROWS = 200


class DoNext(Protocol):
    """A drain: it does the next due row, and says whether there was one."""

    def __call__(self, *, now: datetime) -> bool: ...


def work_off(drain: DoNext, *, most: int = MOST_ROWS) -> None:
    """Do due rows, one after the other, each as of its own instant by the database's clock."""
    for _ in range(most):
        if not drain(now=database_now()):
            return


def do_next(due: QuerySet[Row], *, mark: str, work: Callable[[Row], object], now: datetime) -> bool:
    """Lock the first of the due rows and do its work; say whether there was one.

    Those that somebody else has locked are passed over: workers do not wait for each other. If the
    work fails it is undone alone, and `mark`, the name of its due column, is put off.
    """
    with transaction.atomic():
        row = due.select_for_update(of=("self",), skip_locked=True).first()
        if row is None:
            return False
        try:
            with transaction.atomic():
                work(row)
        except Exception:
            logger.exception("%s of %s %s failed.", mark, row._meta.model_name, row.pk)
            rows = row._meta.default_manager.filter(pk=row.pk)  # type: ignore[union-attr]
            rows.update(**{mark: now + FAILURE_RETRY})
    return True
