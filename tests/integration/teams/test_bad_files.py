"""The catalogue's hostile files and cells: each one as the file that it describes.

The catalogue lies beside the repository and may be absent.
"""

import json
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from teams.csv_cells import defuse, restore
from teams.csv_plan import Subject
from teams.directory_rows import export_people
from teams.models import Import, Role, User
from teams.services import imports
from tests import moments
from tests.factories import make_administrator, make_agent

pytestmark = pytest.mark.django_db
CATALOGUE = Path(__file__).parents[4] / "shared" / "data" / "bad_inputs.jsonl"
HEADER = "email,name,role,capacity,time_zone"
#: Files by the catalogue's words for them.
FILES: dict[str, Callable[[], bytes]] = {
    "empty file": lambda: b"",
    "header only": lambda: HEADER.encode(),
    "unknown column": lambda: b"email,nmae\nc@e.example,Chen\n",
    "UTF-8 BOM first": lambda: "email,name\nc@e.example,陳\n".encode("utf-8-sig"),
    "Shift_JIS bytes": lambda: "email,name\nc@e.example,佐藤 美咲\n".encode("cp932"),
    "latin-1 bytes": lambda: "email,name\nc@e.example,Zoë Müller\n".encode("latin-1"),
    "one cell of 200,000 characters": lambda: b"email,name\nc@e.example," + b"x" * 200_000,
    "unclosed quote": lambda: b'email,name\nc@e.example,"Chen\nd@e.example,D\n',
    "lone CR line ends": lambda: b"email,name\rc@e.example,Chen\r",
    "row with 9 of 5 cells": lambda: (HEADER + "\n" * 6 + "c@e.example,C,1,1,UTC,a,b,c,d").encode(),
    "xlsx renamed .csv": lambda: zipped(b"sheet"),
    "zip of 10 GB zeros": lambda: zipped(b"\x00" * 1024 * 1024),
    "duplicate email differing by case": lambda: b"email,name\nc@e.example,C\nC@E.example,C\n",
    "username differing by NFC/NFD only": lambda: (
        "email,name\nc@caf\u00e9.example,C\nc@cafe\u0301.example,C\n".encode()
    ),
    "username differing by full-width letters": lambda: (
        "email,name\nc@e.example,C\nｃ@e.example,C\n".encode()
    ),
    "same file twice": lambda: b"email,name\nc@e.example,Chen\n",
    "same file by two supervisors at once": lambda: b"email,name\nc@e.example,Chen\n",
    "role column = superuser": lambda: b"email,role\nada@e.example,superuser\n",
    "row that would demote the last superuser": lambda: b"email,role\nolga@e.example,1\n",
    "capacity column 1e3": lambda: b"email,capacity\nada@e.example,1e3\n",
    "timezone column Mars/Base": lambda: b"email,time_zone\nada@e.example,Mars/Base\n",
}
#: The catalogue's code -> ours. A blank one is a file that can be applied.
CODES = {
    "ok": "",
    "not_utf8": "unknown_encoding",
    "duplicate_row": "repeated_row",
    "forbidden_value": "unknown_role",
    "forbidden_change": "owner_keeps_role",
    # At once and one after the other come to the same: the second finds its plan outdated.
    None: "",
}
#: Rows that the product decides otherwise, or says more exactly.
OTHERWISE = {
    "Shift_JIS bytes": "",  # is recognised, and named
    "capacity column 1e3": "invalid_number",
    "timezone column Mars/Base": "unknown_time_zone",
}


def zipped(content: bytes) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sheet1.xml", content)
    return file.getvalue()


def read_rows(surface: str) -> list[dict[str, Any]]:
    if not CATALOGUE.exists():
        return []
    rows = map(json.loads, CATALOGUE.read_text(encoding="utf-8").splitlines())
    return [row for row in rows if row["surface"] == surface]


ROWS, CELLS = read_rows("csv_import"), read_rows("csv_export")
needs_catalogue = pytest.mark.skipif(not ROWS, reason=f"{CATALOGUE} is not here")


@pytest.fixture
def ada() -> User:
    make_agent(email="olga@e.example", role=Role.OWNER)
    return make_administrator(email="ada@e.example")


def upload(raw: bytes, *, by: User) -> Import:
    now = moments.WEDNESDAY_MORNING
    return imports.plan(raw, subject=Subject.USERS, uploaded_by=by, now=now)


@needs_catalogue
class TestAHostileFile:
    @pytest.mark.parametrize("row", [pytest.param(row, id=row["id"]) for row in ROWS])
    def test_is_told_apart(self, ada: User, row: dict[str, Any]) -> None:
        words = row["input"]["file"]
        expected = row["expected"]
        code = expected.get("code")
        before = list(User.objects.order_by("pk").values())

        found = upload(FILES[words](), by=ada)

        faults = [*found.faults, *(fault for one in found.rows.all() for fault in one.faults)]
        wanted = OTHERWISE.get(words, CODES.get(code, code))
        assert {fault["code"] for fault in faults} >= ({wanted} if wanted else set())
        assert found.status == ("refused" if wanted else "planned")
        if "row" in expected:
            assert faults[0]["line"] == expected["row"]
        assert list(User.objects.order_by("pk").values()) == before


@needs_catalogue
class TestAHostileCell:
    @pytest.mark.parametrize("row", [pytest.param(row, id=row["id"]) for row in CELLS])
    def test_is_no_formula_and_comes_back(self, ada: User, row: dict[str, Any]) -> None:
        value = row["input"]["stored_value"]
        person = make_agent(name=value)

        text = export_people(User.objects.filter(pk=person.pk))

        assert not defuse(value).startswith(tuple("=+-@\t\r\n＝＋－＠"))
        assert restore(defuse(value)) == value
        assert upload(text.encode(), by=ada).same_count == 1
