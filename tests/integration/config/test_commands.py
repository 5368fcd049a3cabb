"""`manage.py verify` and `tick`, without a process of their own."""

import io
import json
from datetime import datetime

import pytest
from django.core.management import CommandError, call_command

from config.drains import DRAINS
from teams.models import User

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


class TestVerify:
    def test_counts_nothing_in_an_empty_house(self) -> None:
        counts = json.loads(run("verify", "--json"))
        assert len(counts) > 10
        assert set(counts.values()) == {0}

    def test_names_who_breaks_a_promise(self) -> None:
        alice = User.objects.create_user("alice@example.test", load=3)
        out = io.StringIO()
        with pytest.raises(CommandError, match="1 offenders break"):
            call_command("verify", stdout=out)
        assert "1  people whose load is not their count" in out.getvalue()
        assert f"for example id {alice.pk}\n" in out.getvalue()


class TestTick:
    def test_walks_every_drain(self) -> None:
        assert json.loads(run("tick")) == {name: 0 for name, _ in DRAINS}

    def test_works_as_if_at_the_instant(self, now: datetime) -> None:
        User.objects.create_user("alice@example.test", offer_due_at=now)
        run("tick", "--now", "2026-11-18T08:59:59Z")
        assert User.objects.get().offer_due_at == now
        run("tick", "--now", "2026-11-18T09:00:00Z")
        assert User.objects.get().offer_due_at is None

    def test_asks_for_an_instant_that_is_one(self) -> None:
        with pytest.raises(CommandError, match="--now"):
            run("tick", "--now", "tomorrow")
