"""`manage.py import_teams` and `import_users`."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from teams.models import Import, Team, User
from tests.factories import make_agent

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("language_en")]
PEOPLE = "email,name,capacity\nalice@e.example,Alice,9\nchen@e.example,Chen,\n"


@pytest.fixture
def run(tmp_path):
    """Write a file, run the command over it, return what it printed."""

    def run_command(command, text, *options):
        path = tmp_path / "some.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        out = StringIO()
        call_command(command, str(path), *options, stdout=out)
        return out.getvalue()

    return run_command


class TestImportUsers:
    @pytest.fixture(autouse=True)
    def _alice(self):
        make_agent(email="alice@e.example", name="Alice", capacity=5)

    def test_shows_the_plan_and_changes_nothing(self, run):
        text = run("import_users", PEOPLE)

        assert text.splitlines() == [
            "Encoding: UTF-8",
            "1 new, 1 changed, 0 same, 0 error",
            "Line 2: changed alice@e.example (capacity: '5' → '9')",
            "Line 3: new chen@e.example (name: '' → 'Chen')",
        ]
        assert (User.objects.count(), Import.objects.count()) == (1, 0)

    def test_applies_it(self, run):
        assert run("import_users", PEOPLE, "--apply").endswith("Done.\n")
        assert run("import_users", PEOPLE, "--apply").splitlines()[1] == (
            "0 new, 0 changed, 2 same, 0 error"
        )

        assert User.objects.get(name="Alice").capacity == 9
        assert set(Import.objects.values_list("status", "filename")) == {("applied", "some.csv")}

    def test_changes_nothing_if_one_row_is_wrong(self, run, capsys):
        with pytest.raises(CommandError, match="Nothing was changed") as refused:
            run("import_users", PEOPLE + "bob,Bob,\n", "--apply")

        assert refused.value.returncode == 1
        assert User.objects.count() == 1

    def test_takes_an_encoding(self, run):
        text = run(
            "import_users", "email,name\nc@e.example,ｻﾄｳ\n".encode("cp932"), "--encoding=sjis"
        )

        assert "'ｻﾄｳ'" in text

    def test_says_in_one_line_that_there_is_no_file(self):
        with pytest.raises(CommandError, match=r"^missing.csv: No such file") as refused:
            call_command("import_users", "missing.csv")

        assert refused.value.returncode == 2


class TestImportTeams:
    def test_applies_it(self, run):
        run("import_teams", "team_code,name,assignment_rule\nsales,Sales,queue\n", "--apply")

        assert Team.objects.get().code == "sales"
