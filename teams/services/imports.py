"""Importing people and teams: planned first, then applied as a whole or not at all."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from datetime import datetime

from django.db import IntegrityError, transaction

from teams.csv_columns import BETWEEN_TEAMS
from teams.csv_plan import Plan, PlannedRow, RowKind, Subject, plan_import
from teams.csv_sheet import Fault
from teams.directory_rows import load_directory
from teams.models import Import, ImportRow, ImportStatus, User
from teams.services import import_writes
from teams.services.import_writes import Leave

BATCH = 1000
LONGEST_FILENAME = 255
LONGEST_KEY = 320


class ImportRefusedError(Exception):
    """The import cannot be applied. `code` says why; a `sentence` says more where there is more."""

    def __init__(self, code: str, sentence: str = "") -> None:
        super().__init__(code)
        self.code, self.sentence = code, sentence


#: Says of those whom a file lets go, by subject and key, who of them is needed; blank: nobody.
Needed = Callable[[str, Sequence[str]], str]


class PlanChangedError(ImportRefusedError):
    """The directory changed since the plan was made: this is not what somebody agreed to."""

    def __init__(self) -> None:
        super().__init__("import.plan_changed")


def preview(
    raw: bytes, *, subject: Subject, editor: User | None = None, encoding: str = ""
) -> Plan:
    """Return what an import would do, and store nothing."""
    directory = load_directory(subject, editor=editor)
    return plan_import(raw, subject=subject, directory=directory, encoding=encoding)


@transaction.atomic
def plan(
    raw: bytes,
    *,
    subject: Subject,
    uploaded_by: User | None,
    now: datetime,
    filename: str = "",
    encoding: str = "",
) -> Import:
    """Keep a file together with its plan. An error anywhere in it refuses the whole."""
    made = preview(raw, subject=subject, editor=uploaded_by, encoding=encoding)
    upload = Import(
        subject=subject,
        filename=filename[:LONGEST_FILENAME],
        uploaded_by=uploaded_by,
        chosen_encoding=encoding,
        created_at=now,
    )
    return _keep(upload, made, raw=raw, now=now)


@transaction.atomic
def plan_again(upload: Import, *, editor: User | None, now: datetime) -> Import:
    """Plan a waiting import against the directory as it is now."""
    upload = _lock_waiting(upload)
    made = _plan_kept(upload, editor=editor)
    upload.rows.all().delete()
    return _keep(upload, made, raw=bytes(upload.content), now=now)


@transaction.atomic
def apply(
    upload: Import,
    *,
    editor: User | None,
    leave: Leave,
    now: datetime,
    needed: Needed | None = None,
    expected_digest: str = "",
) -> Import:
    """Do what the plan says, all of it. `leave` lets one person go, as it is done by hand.

    1. Lock what the plan that is kept touches, so that nobody changes it any longer.
    2. Plan again. If this is not what was agreed to (`expected_digest`, else the plan that is
       kept), do nothing.
    3. Write, and let go of the file: what it did stays in the rows of its plan.

    Raises `ImportRefusedError`, and `PlanChangedError` if the directory is another one by now.
    """
    upload = _lock_waiting(upload)
    if expected_digest not in ("", upload.digest):
        raise PlanChangedError
    _lock_rows(upload)
    made = _plan_kept(upload, editor=editor)
    if made.digest != upload.digest or not made.is_clean:
        raise PlanChangedError
    if needed is not None and (sentence := needed(upload.subject, _let_go(made))):
        raise ImportRefusedError("import.still_needed", sentence)
    try:
        _write(made, leave=leave, now=now)
    except IntegrityError as error:
        # Somebody created the same at this very moment: nothing there could be locked.
        raise PlanChangedError from error
    upload.status = ImportStatus.APPLIED
    upload.applied_by, upload.applied_at, upload.content = editor, now, b""
    upload.save(update_fields=["status", "applied_by", "applied_at", "content"])
    return upload


def _let_go(made: Plan) -> list[str]:
    """Return the keys of the teams or people whom the plan switches off."""
    return [
        row.key
        for row in made.rows
        if any(one.column == "is_active" and one.value is False for one in row.changes)
    ]


def _lock_waiting(upload: Import) -> Import:
    """Return the import as it is, locked. Refuses one that is over."""
    upload = Import.objects.select_for_update().get(pk=upload.pk)
    if upload.status == ImportStatus.APPLIED:
        raise ImportRefusedError("import.already_applied")
    if upload.status == ImportStatus.REFUSED:
        raise ImportRefusedError("import.has_errors")
    return upload


def _plan_kept(upload: Import, *, editor: User | None) -> Plan:
    return preview(
        bytes(upload.content),
        subject=Subject(upload.subject),
        editor=editor,
        encoding=upload.chosen_encoding,
    )


def _keep(upload: Import, made: Plan, *, raw: bytes, now: datetime) -> Import:
    counts = made.counts
    upload.status = ImportStatus.PLANNED if made.is_clean else ImportStatus.REFUSED
    upload.content = raw if made.is_clean else b""
    upload.encoding, upload.delimiter = made.encoding, made.delimiter
    upload.columns, upload.digest = list(made.columns), made.digest
    upload.new_count, upload.changed_count = counts[RowKind.NEW], counts[RowKind.CHANGED]
    upload.same_count, upload.error_count = counts[RowKind.SAME], counts[RowKind.ERROR]
    upload.faults = _plain(made.faults)
    upload.planned_at = now
    upload.save()
    ImportRow.objects.bulk_create((_row(upload, row) for row in made.rows), batch_size=BATCH)
    return upload


def _row(upload: Import, row: PlannedRow) -> ImportRow:
    return ImportRow(
        upload=upload,
        line=row.line,
        kind=row.kind,
        key=row.key[:LONGEST_KEY],
        changes=[
            {"column": one.column, "before": one.before, "after": one.after} for one in row.changes
        ],
        faults=_plain(row.faults),
    )


def _plain(faults: Iterable[Fault]) -> list[dict[str, object]]:
    return [asdict(fault) for fault in faults]


def _lock_rows(upload: Import) -> None:
    """Lock what the plan writes to: teams that somebody enters or leaves, then people."""
    moving = upload.rows.filter(kind__in=(RowKind.NEW, RowKind.CHANGED))
    rows = list(moving.values_list("key", "changes"))
    if upload.subject == Subject.TEAMS:
        import_writes.lock_teams(key for key, _changes in rows)
        return
    every = [one for _key, changes in rows for one in changes if one["column"] == "team_codes"]
    shown = [one[when] for one in every for when in ("before", "after")]
    import_writes.lock_teams(code for text in shown for code in text.split(BETWEEN_TEAMS))
    import_writes.lock_people(key for key, _changes in rows)


def _write(made: Plan, *, leave: Leave, now: datetime) -> None:
    rows = [row for row in made.rows if row.kind in (RowKind.NEW, RowKind.CHANGED)]
    if made.subject == Subject.TEAMS:
        import_writes.write_teams(rows)
    else:
        import_writes.write_people(rows, leave=leave, now=now)
