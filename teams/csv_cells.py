"""Cells of a CSV file that no spreadsheet takes for a formula. Pure: every export uses it.

A spreadsheet runs what begins with `=`, and with some other characters too. Such a text gets an
apostrophe in front, which spreadsheets show as text. Reading takes exactly that apostrophe away, so
that what was exported comes back as it was: `=1+1` leaves as `'=1+1` and returns as `=1+1`, and a
text that was `'=1+1` all along leaves as `''=1+1`.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence

#: What spreadsheets of any language take for the beginning of a formula or of a command.
_RISKY = re.compile(r"'*[=+\-@\t\r\n|%＝＋－＠]")
APOSTROPHE = "'"


def defuse(text: str) -> str:
    """Return the text as a cell that is nobody's formula."""
    return APOSTROPHE + text if _RISKY.match(text) else text


def restore(cell: str) -> str:
    """Return the text that `defuse` made the cell of; any other cell as it is."""
    is_defused = cell.startswith(APOSTROPHE) and _RISKY.match(cell, 1)
    return cell[1:] if is_defused else cell


def write_csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a CSV text with CRLF line ends, as spreadsheets write it, every cell defused."""
    page = io.StringIO(newline="")
    writer = csv.writer(page)
    writer.writerow(header)
    writer.writerows([defuse(cell) for cell in row] for row in rows)
    return page.getvalue()
