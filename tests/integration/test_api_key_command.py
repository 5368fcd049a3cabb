"""`manage.py api_key`: for people at a terminal and for scripts."""

from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command

from teams.models import ApiKey
from teams.scopes import Scope
from teams.services import api_keys
from tests import moments
from tests.factories import make_administrator, make_agent

pytestmark = pytest.mark.django_db


def run(*arguments):
    out = StringIO()
    call_command("api_key", *arguments, stdout=out)
    return out.getvalue()


class TestCreate:
    def test_prints_the_key_alone(self):
        make_administrator(email="ada@e.example")

        printed = run("create", "--name", "CRM", "--user", "Ada@e.example")

        assert printed.count("\n") == 1
        found = api_keys.find_active(printed.strip(), now=moments.WEDNESDAY_MORNING)
        assert (found.name, found.user.email) == ("CRM", "ada@e.example")
        assert found.scopes == [scope.value for scope in Scope]

    @pytest.mark.parametrize("scopes", [["read", "assign"], ["assign,read"]])
    def test_takes_scopes(self, scopes):
        make_administrator(email="ada@e.example")

        run("create", "--name", "CRM", "--user", "ada@e.example", "--scopes", *scopes)

        assert ApiKey.objects.get().scopes == ["read", "assign"]

    @pytest.mark.parametrize(
        "arguments",
        [
            ["--user", "nobody@e.example", "--name", "CRM"],
            ["--user", "gone@e.example", "--name", "CRM"],
            ["--user", "ada@e.example", "--name", "x" * 51],
            ["--user", "ada@e.example", "--name", " "],
            ["--user", "ada@e.example", "--name", "CRM", "--scopes", "everything"],
            ["--user", "ada@e.example", "--name", "CRM", "--days", "0"],
            ["--user", "ada@e.example", "--name", "CRM", "--days", "999999999"],
        ],
    )
    def test_that_cannot_be_done_exits_2_with_one_line(self, arguments):
        make_administrator(email="ada@e.example")
        make_agent(email="gone@e.example", is_active=False)

        with pytest.raises(CommandError) as refused:
            run("create", *arguments)

        assert refused.value.returncode == 2
        assert "\n" not in str(refused.value)
        assert not ApiKey.objects.exists()

    def test_lets_a_key_end_after_so_many_days(self):
        make_administrator(email="ada@e.example")

        with time_machine.travel(moments.WEDNESDAY_MORNING, tick=False):
            run("create", "--name", "CRM", "--user", "ada@e.example", "--days", "30")

        assert ApiKey.objects.get().expiry_date == moments.WEDNESDAY_MORNING + timedelta(days=30)
        assert run("list").endswith("CRM\t2026-12-18T09:00+00:00\n")


class TestList:
    def test_shows_no_secret(self):
        ada = make_administrator(email="ada@e.example")
        issued = api_keys.issue(ada, name="CRM", scopes=["read"])
        old = api_keys.issue(ada, name="Old", scopes=["read"])
        api_keys.revoke(old.api_key)

        printed = run("list")

        assert issued.key.partition(".")[2] not in printed
        assert f"{issued.api_key.prefix}\tactive\tada@e.example\tread\tnever\tCRM\tnever" in printed
        assert f"{old.api_key.prefix}\trevoked\t" in printed


class TestRevoke:
    def test_makes_a_key_useless(self):
        issued = api_keys.issue(make_administrator(), name="CRM", scopes=["read"])

        run("revoke", issued.api_key.prefix)

        with pytest.raises(api_keys.ApiKeyDisabledError):
            api_keys.find_active(issued.key, now=moments.WEDNESDAY_MORNING)

    def test_of_an_unknown_key_exits_2(self):
        with pytest.raises(CommandError) as refused:
            run("revoke", "nothing1")

        assert refused.value.returncode == 2
