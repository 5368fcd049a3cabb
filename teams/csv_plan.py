"""What an import would do, row by row, before anything is done. Pure.

Every row is new, changed, the same, or an error. A plan with an error is not applied.
"""

import difflib
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from teams import csv_columns, csv_rules
from teams.csv_cells import defuse, restore
from teams.csv_columns import CLEAR, CellError, Column, Directory
from teams.csv_rules import Claim
from teams.csv_sheet import Fault, Sheet, SheetRow, name_column, read_sheet

#: Looking for what somebody may have meant takes time; many mistakes are one mistake, many times.
MOST_GUESSES = 20


class Subject(StrEnum):
    TEAMS = "teams"
    USERS = "users"


class RowKind(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Change:
    """One cell: the texts before and after, and the value to be stored."""

    column: str
    before: str
    after: str
    value: Any


@dataclass(frozen=True, slots=True)
class PlannedRow:
    line: int
    kind: RowKind
    key: str
    changes: tuple[Change, ...] = ()
    faults: tuple[Fault, ...] = ()

    def value(self, column: str, default: Any = None) -> Any:
        """Return what the row puts into a column; `default` if it leaves it alone."""
        return next((one.value for one in self.changes if one.column == column), default)


@dataclass(frozen=True, slots=True)
class Plan:
    subject: Subject
    encoding: str = ""
    delimiter: str = ","
    columns: tuple[str, ...] = ()
    rows: tuple[PlannedRow, ...] = ()
    #: What is wrong with the file as a whole.
    faults: tuple[Fault, ...] = ()

    @property
    def counts(self) -> dict[RowKind, int]:
        found = Counter(row.kind for row in self.rows)
        return {kind: found[kind] for kind in RowKind}

    @property
    def is_clean(self) -> bool:
        """Say whether the plan may be applied."""
        return not self.faults and all(row.kind != RowKind.ERROR for row in self.rows)

    @property
    def digest(self) -> str:
        """Return what two plans share only if they would do the same, from the same state."""
        rows = [
            [
                row.line,
                row.kind,
                row.key,
                [[one.column, one.before, one.after] for one in row.changes],
                [[fault.code, fault.column] for fault in row.faults],
            ]
            for row in self.rows
        ]
        faults = [[fault.code, fault.line, fault.column] for fault in self.faults]
        plain = json.dumps([self.subject, rows, faults], ensure_ascii=True)
        return hashlib.sha256(plain.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Layout:
    """How the file of a subject looks, and what its key is."""

    key: str
    columns: tuple[Column, ...]
    find_key: Callable[[str, Mapping[str, Any]], str]
    read_new_key: Callable[[str], str]
    aliases: Mapping[str, str] = field(default_factory=dict)

    @property
    def header(self) -> tuple[str, ...]:
        return (self.key, *(column.name for column in self.columns))

    @property
    def known(self) -> frozenset[str]:
        return frozenset({*self.header, *self.aliases})


LAYOUTS = {
    Subject.TEAMS: Layout(
        key="team_code",
        columns=csv_columns.TEAM_COLUMNS,
        find_key=lambda text, known: text,
        read_new_key=csv_columns.read_team_code,
        aliases={"code": "team_code", "assignment_rule": "strategy"},
    ),
    Subject.USERS: Layout(
        key="email",
        columns=csv_columns.PERSON_COLUMNS,
        find_key=csv_columns.find_email,
        read_new_key=csv_columns.read_email,
        aliases={"e_mail": "email", "code": "user_code", "teams": "team_codes"},
    ),
}


def plan_import(raw: bytes, *, subject: Subject, directory: Directory, encoding: str = "") -> Plan:
    """Plan a file's import. Whatever the bytes are, this returns a plan."""
    layout = LAYOUTS[subject]
    sheet = read_sheet(raw, known_columns=layout.known, encoding=encoding)
    return plan_sheet(sheet, subject=subject, directory=directory)


def plan_sheet(sheet: Sheet, *, subject: Subject, directory: Directory) -> Plan:
    """Plan the rows of a file against the directory as it is."""
    layout = LAYOUTS[subject]
    names = [name_column(cell) for cell in sheet.header.cells]
    columns = tuple(layout.aliases.get(name, name) for name in names)
    faults = sheet.faults or tuple(_check_header(columns, layout, line=sheet.header.line))
    if faults:
        return Plan(subject, sheet.encoding, sheet.delimiter, faults=faults)
    planner = _Planner(layout, subject, directory, columns)
    rows = _refuse_repeated([planner.plan_row(row) for row in sheet.rows], layout, directory)
    return Plan(subject, sheet.encoding, sheet.delimiter, columns, tuple(rows))


def show_row(key: str, values: Mapping[str, Any], *, subject: Subject) -> list[str]:
    """Return the cells of a row as an export writes them, not yet defused."""
    return [key, *(column.show(values[column.name]) for column in LAYOUTS[subject].columns)]


def _check_header(columns: Sequence[str], layout: Layout, *, line: int) -> Iterator[Fault]:
    counts = Counter(column for column in columns if column)
    unknown = [column for column in counts if column not in layout.header]
    for column in unknown[:MOST_GUESSES]:
        yield Fault("unknown_column", line, column[:100], _near(column, layout.header))
    for column in layout.header:
        if counts[column] > 1:
            yield Fault("repeated_column", line, column)
    if layout.key not in counts:
        yield Fault("missing_column", line, layout.key)


class _Planner:
    """Plans one row after the other of one file."""

    def __init__(
        self, layout: Layout, subject: Subject, directory: Directory, columns: Sequence[str]
    ) -> None:
        self.layout = layout
        self.directory = directory
        self.check = csv_rules.check_team if subject == Subject.TEAMS else csv_rules.check_person
        by_name = {column.name: column for column in layout.columns}
        self.width = len(columns)
        self.key_index = columns.index(layout.key)
        self.cells = [(i, by_name[name]) for i, name in enumerate(columns) if name in by_name]
        self.folded = {key.casefold() for key in directory.rows}
        self.guesses: dict[str, dict[str, str | int]] = {}

    def plan_row(self, row: SheetRow) -> PlannedRow:
        cells = row.cells + ("",) * (self.width - len(row.cells))
        typed = restore(cells[self.key_index].strip())
        key = self.layout.find_key(typed, self.directory.rows)
        current = self.directory.rows.get(key)
        faults = list(self._check_shape(row, typed))
        changes: list[Change] = []
        try:
            if typed and current is None:
                key = self._read_new_key(key)
        except CellError as error:
            faults.append(self._fault(error, row.line, self.layout.key))
        for index, column in self.cells:
            try:
                changes += self._read_cell(cells[index], column, current or {})
            except CellError as error:
                faults.append(self._fault(error, row.line, column.name))
        after = {one.column: one.value for one in changes}
        if not faults:
            found = self.check(key, current=current, after=after, directory=self.directory)
            faults += [replace(fault, line=row.line) for fault in found]
        return PlannedRow(
            row.line, _kind(current, changes, faults), key, tuple(changes), tuple(faults)
        )

    def _check_shape(self, row: SheetRow, key: str) -> Iterator[Fault]:
        if any(cell.strip() for cell in row.cells[self.width :]):
            facts = {"cells": len(row.cells), "columns": self.width}
            yield Fault("long_row", row.line, facts=facts)
        if not key:
            yield Fault("required", row.line, self.layout.key)

    def _read_new_key(self, text: str) -> str:
        key = self.layout.read_new_key(text)
        if key.casefold() in self.folded:
            near = next(one for one in self.directory.rows if one.casefold() == key.casefold())
            raise CellError("differs_by_case", near=near)
        return key

    def _read_cell(self, cell: str, column: Column, current: Mapping[str, Any]) -> Iterator[Change]:
        """Yield the change that a cell asks for, if it asks for any."""
        before = column.show(current[column.name]) if current else ""
        text = cell.strip()
        # What an export wrote is no change, also where it would not be accepted today.
        if not text or (current and cell in (before, defuse(before)) and cell != CLEAR):
            return
        value = self._read_value(text, column)
        is_same = value == current[column.name] if current else value == column.cleared
        if not is_same:
            yield Change(column.name, before, column.show(value), value)

    def _read_value(self, text: str, column: Column) -> Any:
        if text != CLEAR:
            return column.read(restore(text), self.directory)
        if column.cleared is ...:
            raise CellError("cannot_be_cleared")
        return column.cleared

    def _fault(self, error: CellError, line: int, column: str) -> Fault:
        facts = dict(error.facts)
        if error.code == "unknown_team":
            facts |= self._guess(str(facts["value"]))
        if "value" in facts:
            facts["value"] = str(facts["value"])[:80]
        return Fault(error.code, line, column, facts)

    def _guess(self, code: str) -> Mapping[str, str | int]:
        if code not in self.guesses and len(self.guesses) < MOST_GUESSES:
            self.guesses[code] = _near(code, sorted(self.directory.team_codes))
        return self.guesses.get(code, {})


def _kind(
    current: Mapping[str, Any] | None, changes: Sequence[Change], faults: Sequence[Fault]
) -> RowKind:
    if faults:
        return RowKind.ERROR
    if current is None:
        return RowKind.NEW
    return RowKind.CHANGED if changes else RowKind.SAME


def _near(word: str, known: Sequence[str]) -> dict[str, str | int]:
    """Return what the word may have been meant to be."""
    folded = {one.casefold(): one for one in known}
    found = difflib.get_close_matches(word[:100].casefold(), folded, n=1)
    return {"near": folded[found[0]]} if found else {}


def _refuse_repeated(
    rows: Sequence[PlannedRow], layout: Layout, directory: Directory
) -> list[PlannedRow]:
    """Make errors of the rows that cannot stand in one file together."""
    claims = [
        Claim(row.line, row.key, {one.column: one.value for one in row.changes}) for row in rows
    ]
    found = csv_rules.find_clashes(
        claims, key_column=layout.key, columns=layout.columns, directory=directory
    )
    return [
        replace(row, kind=RowKind.ERROR, faults=(*row.faults, *found[index]))
        if index in found
        else row
        for index, row in enumerate(rows)
    ]
