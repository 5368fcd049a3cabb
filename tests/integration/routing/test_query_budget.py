"""How many statements a message costs, from the door to the answer: few, and always as many.

Everything counts that travels to the database: begin, savepoints and commit too.
"""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations.models import Assignment, Conversation
from conversations.states import Status
from routing.services import waiting
from teams.models import Strategy
from tests.doors import customer_writes
from tests.factories import make_agent, make_channel, make_conversation, make_rule, make_team
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = pytest.mark.django_db(transaction=True)

# SQLite has no writable CTE: what is one statement on PostgreSQL is taken apart there.
BUDGETS = {
    "postgresql": {"follow-up": 2, "new": 12, "new, comes back": 15, "placing": 20},
    "sqlite": {"follow-up": 10, "new": 23, "new, comes back": 25, "placing": 23},
}
BUDGET = BUDGETS[connection.vendor]


@pytest.fixture
def channel():
    return make_channel()


def statements_of(act):
    with CaptureQueriesContext(connection) as queries:
        act()
    return [query["sql"] for query in queries]


def shown(statements):
    return "\n".join(statement[:100] for statement in statements)


def customer_says_money(channel, *, address):
    response = customer_writes(channel, "I want my money back", address=address)
    assert response.status_code == 200


def make_shop(*, members=3, strategy=Strategy.ROUND_ROBIN, rules=1):
    """Make a team that the last of so many rules leads to."""
    people = tuple(make_agent(name=f"Agent {number}") for number in range(members))
    team = make_team(members=people, strategy=strategy)
    for number in range(rules - 1):
        make_rule(name=f"Rule {number}", team=team, conditions=[("message.text", "equals", "no")])
    make_rule(team=team, conditions=[("message.text", "contains", "money")])


class TestAFollowUp:
    def test_stays_within_its_budget(self, channel):
        make_shop()
        customer_says_money(channel, address="+819000000001")

        spent = statements_of(lambda: customer_says_money(channel, address="+819000000001"))

        assert len(spent) <= BUDGET["follow-up"], shown(spent)


class TestANewConversation:
    @pytest.mark.parametrize(
        "shop",
        [
            {},
            {"strategy": Strategy.LEAST_BUSY},
            {"rules": 100},
            {"members": 50},
            {"members": 50, "strategy": Strategy.LEAST_BUSY},
        ],
        ids=str,
    )
    def test_that_is_routed_and_assigned_stays_within_its_budget(self, channel, shop):
        make_shop(**shop)
        customer_says_money(channel, address="+819000000001")  # the rules are read once

        spent = statements_of(lambda: customer_says_money(channel, address="+819000000002"))

        assert len(spent) <= BUDGET["new"], shown(spent)
        assert Conversation.objects.filter(assignee=None).count() == 0

    def test_costs_no_more_with_a_backlog(self, channel):
        make_shop()
        customer_says_money(channel, address="+819000000001")
        for _ in range(100):
            make_conversation(channel=channel, placing_due_at=MORNING)

        spent = statements_of(lambda: customer_says_money(channel, address="+819000000002"))

        assert len(spent) <= BUDGET["new"], shown(spent)

    def test_of_a_customer_who_comes_back_stays_within_its_budget(self, channel):
        make_shop()
        customer_says_money(channel, address="+819000000001")
        Conversation.objects.update(status=Status.CLOSED)
        Assignment.objects.update(ended_at=MORNING)

        spent = statements_of(lambda: customer_says_money(channel, address="+819000000001"))

        assert len(spent) <= BUDGET["new, comes back"], shown(spent)


class TestPlacingAConversationThatWaits:
    @pytest.mark.parametrize(("members", "backlog"), [(2, 5), (30, 5), (2, 60)])
    def test_stays_within_its_budget(self, channel, members, backlog):
        people = tuple(make_agent(name=f"Agent {n}") for n in range(members))
        make_rule(team=make_team(members=people))
        team = people[0].teams.get()
        queue = [make_conversation(channel=channel, team=team) for _ in range(backlog)]
        for each in queue[:2]:
            each.placing_due_at = MORNING
            each.save(update_fields=["placing_due_at"])
            spent = statements_of(lambda: waiting.place_next(now=MORNING))

        assert len(spent) <= BUDGET["placing"], shown(spent)
        assert Conversation.objects.filter(assignee__isnull=False).count() == 2
