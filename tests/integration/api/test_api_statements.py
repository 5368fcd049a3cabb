"""How many statements an assignment costs over the API, from the key to the answer that is kept.

Everything counts that travels to the database: begin, savepoints and commit too.
"""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations.models import Conversation
from teams.models import Role, Strategy
from tests.factories import make_agent, make_channel, make_conversation, make_team

pytestmark = pytest.mark.django_db(transaction=True)

# PostgreSQL hands over in one statement, and takes a lock for the key that SQLite does not need.
BUDGETS = {
    "postgresql": {"team": 17, "person": 15},
    "sqlite": {"team": 19, "person": 17},
}
BUDGET = BUDGETS[connection.vendor]
PATH = "assignments/manual/"


@pytest.fixture
def team():
    people = tuple(make_agent(name=f"Agent {number}") for number in range(30))
    return make_team(members=people, code="cs", strategy=Strategy.ROUND_ROBIN)


def spent_on(api, body):
    with CaptureQueriesContext(connection) as queries:
        answer = api.post(PATH, body, Idempotency_Key=f"once for {body['conversation_id']}")
    assert answer.status_code == 200, answer.content
    return [query["sql"] for query in queries]


def shown(statements):
    return "\n".join(statement[:100] for statement in statements)


class TestAnAssignment:
    @pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.SUPERVISOR], ids=str)
    def test_to_a_team_stays_within_its_budget(self, call, team, role):
        boss = make_agent(name="Bob", role=role)
        team.members.add(boss)
        api, channel = call(boss), make_channel()
        first, second = (make_conversation(channel=channel) for _ in range(2))
        spent_on(api, {"conversation_id": str(first.public_id), "team_code": "cs"})

        spent = spent_on(api, {"conversation_id": str(second.public_id), "team_code": "cs"})

        # Who may only assign within their teams is looked up: one more.
        more = 0 if role == Role.ADMINISTRATOR else 1
        assert len(spent) <= BUDGET["team"] + more, shown(spent)
        assert not Conversation.objects.filter(assignee=None).exists()

    def test_to_a_person_stays_within_its_budget(self, api, team):
        alice = make_agent(name="Alice")
        channel = make_channel()
        for _ in range(2):
            chat = make_conversation(channel=channel)
            body = {"conversation_id": str(chat.public_id), "member": {"email": alice.email}}
            spent = spent_on(api, body)

        assert len(spent) <= BUDGET["person"], shown(spent)
        assert not Conversation.objects.exclude(assignee=alice).exists()

    def test_costs_no_more_with_a_backlog(self, api, team):
        channel = make_channel()
        chats = [make_conversation(channel=channel) for _ in range(100)]
        spent_on(api, {"conversation_id": str(chats[0].public_id), "team_code": "cs"})

        spent = spent_on(api, {"conversation_id": str(chats[1].public_id), "team_code": "cs"})

        assert len(spent) <= BUDGET["team"], shown(spent)
