"""Letting go of the rows of old imports. What an import was, and how many rows it had, stays."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from teams.models import Import, ImportRow, ImportStatus

#: So many rows at a time: a long file is let go of in short transactions.
BATCH = 1000
_FINISHED = (ImportStatus.APPLIED, ImportStatus.REFUSED)


@transaction.atomic
def forget_next_rows(*, now: datetime) -> bool:
    """Delete some rows of an import that was over IMPORT_KEEP_DAYS ago; say whether there was one.

    One that waits to be applied keeps its rows, however old.
    """
    if not settings.IMPORT_KEEP_DAYS:
        return False
    kept_since = now - timedelta(days=settings.IMPORT_KEEP_DAYS)
    over = Import.objects.filter(
        status__in=_FINISHED, rows_removed_at=None, planned_at__lte=kept_since
    ).exclude(applied_at__gt=kept_since)
    upload = (
        over.only("pk").select_for_update(of=("self",), skip_locked=True).order_by("pk").first()
    )
    if upload is None:
        return False
    rows = ImportRow.objects.filter(upload=upload).order_by("pk")
    batch = list(rows.values_list("pk", flat=True)[:BATCH])
    ImportRow.objects.filter(pk__in=batch).delete()
    if len(batch) < BATCH:
        Import.objects.filter(pk=upload.pk).update(rows_removed_at=now)
    return True
