"""Eight processes pull at the same few conversations and people, each in any order."""

import json
import subprocess
import sys
from collections import Counter

import pytest

from conversations.models import Conversation
from teams.models import Strategy
from tests.doors import customer_writes
from tests.factories import make_agent, make_channel, make_rule, make_team
from tests.faults.crowd import environment
from tests.faults.promises import broken_promises, deadlocks, different_decisions
from tests.processes import database_url

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

PROCESSES, SECONDS = 8, 8


def make_desk():
    """Make two teams that share people, a channel with its own, and six customers."""
    alice, bob, chen, dai = (
        make_agent(name=name, capacity=capacity)
        for name, capacity in [("Alice", 2), ("Bob", 2), ("Chen", 1), ("Dai", None)]
    )
    timer = {"is_reassigning": True, "reassign_after_s": 60}
    refunds = make_team(name="Refunds", members=(alice, bob, chen), **timer)
    orders = make_team(
        name="Orders", members=(chen, bob, alice), strategy=Strategy.LEAST_BUSY, **timer
    )
    make_rule(team=refunds, conditions=[("message.text", "contains", "refund")])
    make_rule(team=orders, conditions=[("message.text", "contains", "order")])
    channel = make_channel(agents=(dai, alice), has_survey=True)
    for number in range(6):
        customer_writes(channel, "refund, please", address=f"+8190000{number:05d}")


def pull() -> Counter[str]:
    """Let everybody pull; return how often each thing happened."""
    pullers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.faults.tugging", str(seed), str(SECONDS)],
            env=environment(database_url()),
            stdout=subprocess.PIPE,
        )
        for seed in range(PROCESSES)
    ]
    outputs = [puller.communicate(timeout=120)[0] for puller in pullers]
    assert [puller.returncode for puller in pullers] == [0] * PROCESSES
    return sum((Counter(json.loads(output)) for output in outputs), Counter())


class TestPullingFromAllSides:
    def test_breaks_nothing_and_locks_nobody_out(self, capsys):
        make_desk()
        before = deadlocks()

        happened = pull()

        acts, refusals = happened.pop("acts"), happened.pop("refusals")
        with capsys.disabled():
            sys.stdout.write(f"\n{acts} acts by {PROCESSES} processes, {refusals} refused\n")
        assert not happened
        assert acts > 10 * PROCESSES
        assert not broken_promises()
        assert deadlocks() == before
        assert not different_decisions()
        live = Conversation.objects.exclude(status__in=["resolved", "closed"])
        assert len(set(live.values_list("contact_id", flat=True))) == live.count()
