"""Deciding under locks: one desk at a time, however many there are."""

import pytest

from routing.engine.written import Written
from routing.services import assignment
from tests.factories import make_agent, make_channel, make_conversation, make_rule, make_team
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = pytest.mark.django_db


class TestADecision:
    def test_passes_over_any_number_of_desks(self):
        bob = make_agent(name="Bob", presence="away")
        teams = [make_team(name=f"Team {letter}", members=(bob,)) for letter in "ABCDEFGHIJKLMNOP"]
        for team in teams:
            make_rule(name=f"To {team.name}", team=team)
        conversation = make_conversation(channel=make_channel(), routing_due_at=MORNING)

        assignment.route(conversation, message=Written("Hello"), now=MORNING)

        conversation.refresh_from_db()
        assert (conversation.team, conversation.assignee) == (teams[0], None)
