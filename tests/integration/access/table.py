"""Reading the tables of who may do what, and writing the row that one lacks."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from tests.integration.access.house import ROLES

HERE = Path(__file__).parent
API, CONSOLE = HERE / "api.txt", HERE / "console.txt"


class Row(NamedTuple):
    """What is asked for, and whose it is."""

    method: str
    path: str
    whose: str


class Table:
    """A text file: `METHOD path whose` and one word for each caller. `#` begins a remark."""

    def __init__(self, path: Path, *, callers: tuple[str, ...]) -> None:
        self.path, self.callers = path, callers
        lines = path.read_text().splitlines() if path.exists() else []
        self.rows = dict(_read(lines, width=len(callers)))

    def differences(self, found: Mapping[Row, Mapping[str, str]]) -> list[str]:
        """Return what is otherwise than the table says, as rows that could stand in it."""
        return [
            f"{write(row, found[row])}   # {'the table says: ' + ' '.join(said) if said else 'new'}"
            for row in found
            if (said := self.rows.get(row)) != tuple(found[row][name] for name in self.callers)
        ]


def write(row: Row, answers: Mapping[str, str]) -> str:
    words = "".join(f"{word:>8}" for word in answers.values())
    return f"{row.method:<6} {row.path:<61} {row.whose:<10} {words}"


def _read(lines: list[str], *, width: int) -> Iterator[tuple[Row, tuple[str, ...]]]:
    for line in lines:
        words = line.partition("#")[0].split()
        if words:
            assert len(words) == 3 + width, f"a row has {3 + width} words: {line}"
            yield Row(*words[:3]), tuple(words[3:])


def read_api() -> Table:
    return Table(API, callers=tuple(ROLES))


def read_console() -> Table:
    return Table(CONSOLE, callers=("supervisor", "administrator", "owner"))
