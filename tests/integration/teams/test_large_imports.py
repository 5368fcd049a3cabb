"""As many rows as a file may have."""

import time

import pytest

from benchmarks.imports import people
from teams.csv_plan import Subject
from teams.csv_sheet import MAX_ROWS
from teams.models import Membership, User
from teams.services import directory, imports
from tests import moments
from tests.factories import make_team

NOW = moments.WEDNESDAY_MORNING


@pytest.mark.slow
@pytest.mark.django_db
class TestALargeImport:
    @pytest.fixture(autouse=True)
    def _teams(self) -> None:
        for number in range(50):
            make_team(code=f"team-{number}")

    def test_takes_seconds_and_changes_nothing_the_second_time(self) -> None:
        first, took = self.carry_out("One")
        again, _took = self.carry_out("One")
        other, took_again = self.carry_out("Other")

        assert (first.new_count, again.same_count, other.changed_count) == (MAX_ROWS,) * 3
        assert User.objects.filter(name__startswith="Other ").count() == MAX_ROWS
        assert Membership.objects.count() == 2 * MAX_ROWS
        # Time of this process: how busy the machine is otherwise is no finding.
        assert max(took, took_again) < 10

    def carry_out(self, word: str):
        raw = people(word, rows=MAX_ROWS, teams=50).encode()
        start = time.process_time()
        upload = imports.plan(raw, subject=Subject.USERS, uploaded_by=None, now=NOW)
        upload = imports.apply(
            upload, editor=None, leave=lambda user: directory.deactivate(user, now=NOW), now=NOW
        )
        return upload, time.process_time() - start
