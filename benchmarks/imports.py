"""Imports files of people: how long a plan takes, and how long it takes to apply it.

    python -m benchmarks.imports [--rows 10000] [--teams 50]

On the database of DATABASE_URL, in a database of its own that is removed again. Each line: what the
rows are, seconds to plan, seconds to apply, seconds of CPU of this process.
"""

import argparse
import os
import time
from collections.abc import Iterator

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from django.db import connection  # noqa: E402
from django.test.utils import setup_databases, teardown_databases  # noqa: E402
from django.utils import timezone  # noqa: E402

from teams.csv_plan import Subject  # noqa: E402
from teams.directory_rows import export_people  # noqa: E402
from teams.models import Team, User  # noqa: E402
from teams.services import directory, imports  # noqa: E402

HEADER = "email,name,role,user_code,external_id,team_codes,capacity,language,time_zone\r\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--teams", type=int, default=50)
    options = parser.parse_args()
    databases = setup_databases(verbosity=0, interactive=False, serialized_aliases=[])
    try:
        print(f"{connection.vendor}, {options.rows} rows, {options.teams} teams")
        for words, text in files(rows=options.rows, teams=options.teams):
            measure(words, text)
    finally:
        teardown_databases(databases, verbosity=0)


def files(*, rows: int, teams: int) -> Iterator[tuple[str, str]]:
    """Yield one file after the other; each is about the same people."""
    Team.objects.bulk_create(Team(code=f"team-{n}", name=f"Team {n}") for n in range(teams))
    yield "new", people("One", rows=rows, teams=teams)
    yield "the same", people("One", rows=rows, teams=teams)
    yield "changed", people("Other", rows=rows, teams=teams)
    yield "an export", export_people(User.objects.all())


def people(word: str, *, rows: int, teams: int) -> str:
    """Return a file in which every cell of everybody depends on the word."""

    def cells(n: int) -> str:
        first, second = (n + len(word)) % teams, (n + 2 * len(word)) % teams
        return (
            f"p{n}@e.example,{word} {n},{n % 3 + 1},{word}-{n},crm-{word}-{n},"
            f"team-{first}|team-{second},{(n + len(word)) % 9},ja,Asia/Tokyo\r\n"
        )

    return HEADER + "".join(map(cells, range(rows)))


def measure(words: str, text: str) -> None:
    now, cpu, start = timezone.now(), time.process_time(), time.perf_counter()
    upload = imports.plan(text.encode(), subject=Subject.USERS, uploaded_by=None, now=now)
    planned = time.perf_counter()
    imports.apply(
        upload, editor=None, leave=lambda user: directory.deactivate(user, now=now), now=now
    )
    done, used = time.perf_counter(), time.process_time() - cpu
    print(
        f"{words:10} plan {planned - start:6.2f}  apply {done - planned:6.2f}  CPU {used:6.2f}"
        f"  ({upload.new_count} new, {upload.changed_count} changed, {upload.same_count} same)"
    )


if __name__ == "__main__":
    main()
