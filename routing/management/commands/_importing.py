"""Importing from the command line: what `import_teams` and `import_users` share."""

from argparse import ArgumentParser
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from conversations.actors import Actor
from routing.services import leaving
from teams.csv_encodings import CHOICES
from teams.csv_plan import Plan, PlannedRow, RowKind, Subject
from teams.csv_sheet import MAX_BYTES, Fault
from teams.import_sentences import encoding_label, place_of, sentence_of
from teams.services import imports
from teams.services.imports import PlanChangedError

HAS_ERRORS = 1
NO_FILE = 2
#: A terminal shows no more; the console has all of them.
MOST_LINES = 50


class ImportCommand(BaseCommand):
    subject: ClassVar[Subject]

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="a CSV file")
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--plan", action="store_true", help="show what it would do (default)")
        what.add_argument("--apply", action="store_true", help="do it, all or nothing")
        parser.add_argument(
            "--encoding", choices=sorted(CHOICES), help="looked for in the file by default"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        raw = _read(options["file"])
        encoding = CHOICES.get(options["encoding"], "")
        made = imports.preview(raw, subject=self.subject, encoding=encoding)
        self._print(made)
        if not made.is_clean:
            raise CommandError(
                "Nothing was changed. Correct the errors and try again.", returncode=HAS_ERRORS
            )
        if options["apply"]:
            self._apply(raw, made, filename=Path(options["file"]).name, encoding=encoding)

    def _apply(self, raw: bytes, made: Plan, *, filename: str, encoding: str) -> None:
        now = timezone.now()
        upload = imports.plan(
            raw,
            subject=self.subject,
            filename=filename,
            encoding=encoding,
            uploaded_by=None,
            now=now,
        )
        try:
            imports.apply(
                upload,
                editor=None,
                leave=lambda user: leaving.leave(user, actor=Actor.system(), now=now),
                expected_digest=made.digest,
                now=now,
            )
        except PlanChangedError as error:
            text = "Nothing was changed: somebody changed people or teams meanwhile. Try again."
            raise CommandError(text, returncode=HAS_ERRORS) from error
        self.stdout.write("Done.")

    def _print(self, made: Plan) -> None:
        if made.encoding:
            self.stdout.write(f"Encoding: {encoding_label(made.encoding)}")
        if made.rows:
            counts = (f"{number} {kind}" for kind, number in made.counts.items())
            self.stdout.write(", ".join(counts))
        lines = [*_faults(made.faults), *(line for row in made.rows for line in _lines(row))]
        for line in lines[:MOST_LINES]:
            self.stdout.write(line)
        if len(lines) > MOST_LINES:
            self.stdout.write(f"… and {len(lines) - MOST_LINES} more")


def _read(name: str) -> bytes:
    try:
        with Path(name).open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror}", returncode=NO_FILE) from error


def _lines(row: PlannedRow) -> list[str]:
    if row.kind == RowKind.SAME:
        return []
    if row.kind == RowKind.ERROR:
        return _faults(row.faults)
    cells = ", ".join(f"{one.column}: {one.before!r} → {one.after!r}" for one in row.changes)
    return [f"Line {row.line}: {row.kind} {row.key} ({cells})"]


def _faults(faults: Iterable[Fault]) -> list[str]:
    return [_fault(asdict(fault)) for fault in faults]


def _fault(fault: Mapping[str, Any]) -> str:
    return f"{place_of(fault)}: {sentence_of(fault)}"
