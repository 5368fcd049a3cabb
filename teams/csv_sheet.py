"""The rows of a CSV file, each with the line of the file on which it begins. Pure.

Nothing here raises: what is wrong with a file is said in its faults.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from teams import csv_encodings

MAX_BYTES = 5 * 1024 * 1024
MAX_ROWS = 10_000
DELIMITERS = (",", ";", "\t")
_ZIP = b"PK\x03\x04"
#: What no database and no encoding takes: NUL, and halves of surrogate pairs.
_UNUSABLE = re.compile("[\x00\ud800-\udfff]")
_LINE_END = re.compile(rb"\r\n?|\n")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong: a code, where, and the facts that a sentence about it needs.

    `line` is 0 where it is about the whole file, `column` blank where it is about the whole row.
    """

    code: str
    line: int = 0
    column: str = ""
    facts: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SheetRow:
    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file that was read; one with a fault has no rows. `encoding` is blank if it is unknown."""

    encoding: str = ""
    delimiter: str = DELIMITERS[0]
    header: SheetRow = SheetRow(0, ())
    rows: tuple[SheetRow, ...] = ()
    faults: tuple[Fault, ...] = ()


def read_sheet(raw: bytes, *, known_columns: frozenset[str], encoding: str = "") -> Sheet:
    """Read a file. `encoding` is what a person chose; blank: look at the bytes.

    1. Bytes that are no text are refused before anything is guessed.
    2. The encoding, then the text.
    3. The delimiter: the one that gives the header the most columns that are known.
    4. The rows. Blank lines are passed over, but they count as lines.
    """
    fault = _refuse_bytes(raw)
    if fault is not None:
        return Sheet(faults=(fault,))
    taken = encoding or csv_encodings.detect(raw)
    if taken is None:
        offset = csv_encodings.first_bad_byte(raw, csv_encodings.UTF_8)
        fault = Fault("unknown_encoding", _line_of(raw, offset), facts={"byte": offset})
        return Sheet(faults=(fault,))
    text = csv_encodings.decode(raw, taken)
    if text is None:
        offset = csv_encodings.first_bad_byte(raw, taken)
        label = csv_encodings.LABELS.get(taken, taken)
        fault = Fault(
            "wrong_encoding", _line_of(raw, offset), facts={"byte": offset, "encoding": label}
        )
        return Sheet(taken, faults=(fault,))
    damage = _UNUSABLE.search(text)
    if damage is not None:
        before = text[: damage.start()].encode(errors="ignore")
        return Sheet(taken, faults=(Fault("not_text", _line_of(before, len(before))),))
    return _read_text(text, known_columns=known_columns, encoding=taken)


def name_column(cell: str) -> str:
    """Return the header's cell as columns are named: `Team code` is `team_code`."""
    return "_".join(cell.strip().casefold().replace("-", " ").split())


def _refuse_bytes(raw: bytes) -> Fault | None:
    if len(raw) > MAX_BYTES:
        return Fault("file_too_large", facts={"limit": MAX_BYTES // 1024 // 1024})
    if not raw.strip():
        return Fault("empty_file")
    is_wide = csv_encodings.detect(raw[:2]) == csv_encodings.UTF_16
    if raw.startswith(_ZIP) or (b"\x00" in raw and not is_wide):
        return Fault("not_text", _line_of(raw, raw.find(b"\x00")))
    return None


def _line_of(raw: bytes, offset: int) -> int:
    return len(_LINE_END.findall(raw[: max(offset, 0)])) + 1


def _read_text(text: str, *, known_columns: frozenset[str], encoding: str) -> Sheet:
    delimiter = _choose_delimiter(text, known_columns=known_columns)
    found: list[SheetRow] = []
    faults: list[Fault] = []
    for item in _read_rows(text, delimiter=delimiter):
        if isinstance(item, Fault):
            faults.append(item)
        elif len(found) > MAX_ROWS:
            faults.append(Fault("too_many_rows", item.line, facts={"limit": MAX_ROWS}))
            break
        else:
            found.append(item)
    if not faults and len(found) < 2:  # noqa: PLR2004 - a header and a row
        faults.append(Fault("no_rows" if found else "empty_file"))
    header = found[0] if found else SheetRow(0, ())
    return Sheet(encoding, delimiter, header, () if faults else tuple(found[1:]), tuple(faults))


def _read_rows(text: str, *, delimiter: str) -> Iterator[SheetRow | Fault]:
    """Yield the rows that are not blank; a fault ends them."""
    # Lines end as files end them (CRLF, LF, CR), and keep their ends inside quotes.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            code = "cell_too_long" if "field limit" in str(error) else "bad_quote"
            yield Fault(code, line, facts={"limit": csv.field_size_limit()})
            return
        if any(cell.strip() for cell in cells):
            yield SheetRow(line, tuple(cells))
        line = reader.line_num + 1


def _choose_delimiter(text: str, *, known_columns: frozenset[str]) -> str:
    """Return the delimiter that gives the header the most columns that are known."""

    def rate(delimiter: str) -> tuple[int, int]:
        first = next(_read_rows(text, delimiter=delimiter), None)
        if not isinstance(first, SheetRow):
            return (0, 0)
        names = {name_column(cell) for cell in first.cells}
        return (len(names & known_columns), len(names))

    return max(DELIMITERS, key=rate)
