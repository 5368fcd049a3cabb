"""32 processes offer conversations to 20 people with 5 places each, who come and go meanwhile."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection

from conversations.models import Assignment, Conversation
from conversations.states import OPEN
from routing.models import Decision
from teams.models import Strategy, User
from tests.factories import (
    make_agent,
    make_channel,
    make_contact,
    make_conversation,
    make_rule,
    make_team,
)
from tests.faults.crowd import environment
from tests.faults.promises import broken_promises, deadlocks, different_decisions
from tests.moments import WEDNESDAY_MORNING as MORNING
from tests.processes import database_url

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

PROCESSES, PEOPLE, PLACES = 32, 20, 5
#: `RELAYDESK_OFFERS=5000` is the full run: some minutes on two cores.
IN_CI = 500 if connection.vendor == "postgresql" else 150
OFFERS = int(os.environ.get("RELAYDESK_OFFERS", IN_CI))


def make_floor() -> None:
    people = tuple(make_agent(name=f"Agent {n}", capacity=PLACES) for n in range(PEOPLE))
    by_turn = make_team(name="By turn", members=people[:14])
    by_load = make_team(name="By load", members=people[6:], strategy=Strategy.LEAST_BUSY)
    make_rule(team=by_turn, conditions=[("contact.tag", "in", "odd")])
    make_rule(team=by_load)
    channel = make_channel()
    for number in range(OFFERS):
        contact = make_contact(tags=["odd"] if number % 2 else [])
        make_conversation(channel=channel, contact=contact, routing_due_at=MORNING)


@contextmanager
def nobody_may_be_over() -> Iterator[None]:
    """Let the database itself refuse the first moment in which somebody has too many."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE teams_user ADD CONSTRAINT not_over CHECK (load <= {PLACES})")
        try:
            yield
        finally:
            cursor.execute("ALTER TABLE teams_user DROP CONSTRAINT not_over")


def offer_all() -> dict[str, int]:
    command = [sys.executable, "-m", "tests.faults.offering", str(PROCESSES), str(OFFERS)]
    process = subprocess.run(
        command,
        env=environment(database_url()),
        stdout=subprocess.PIPE,
        timeout=900,
        check=True,
    )
    happened: dict[str, int] = json.loads(process.stdout)
    return happened


class TestOffers:
    def test_go_over_nobodys_limit_and_to_nobody_twice(self, capsys):
        make_floor()
        before, started = deadlocks(), time.monotonic()

        with nobody_may_be_over():
            happened = offer_all()

        with capsys.disabled():
            took = time.monotonic() - started
            figures = f"{OFFERS} offers by {PROCESSES} processes in {took:.0f} s: {happened}"
            sys.stdout.write(f"\n{figures}\n")
        expected = {
            "offers",
            "changes of presence",
            "finished",
            "placings",
            "refused",
            "slowest_ms",
        }
        assert set(happened) <= expected
        assert happened["offers"] == OFFERS
        assert happened["finished"] > 0
        assert not User.objects.filter(load__gt=PLACES).exists()
        held = Conversation.objects.filter(assignee__isnull=False, status__in=sorted(OPEN))
        assert held.count() == sum(User.objects.values_list("load", flat=True))
        running = Assignment.objects.filter(ended_at=None, user__isnull=False)
        assert running.count() == held.count()
        assert not broken_promises()
        assert deadlocks() == before
        assert Decision.objects.values("conversation").distinct().count() == OFFERS
        assert not different_decisions()
