"""The timer of a team that reassigns, when the team changes its mind."""

from datetime import timedelta

import pytest

from routing.models import Decision
from routing.services import assignment, reassignment
from tests.factories import make_agent, make_channel, make_conversation, make_rule, make_team
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = pytest.mark.django_db


class TestATeamThatStopsReassigning:
    def test_lets_running_timers_lapse_without_moving_anything(self):
        alice, bob = make_agent(), make_agent(name="Bob")
        team = make_team(members=(alice, bob), is_reassigning=True, reassign_after_s=600)
        make_rule(team=team)
        conversation = make_conversation(channel=make_channel(), routing_due_at=MORNING)
        assert assignment.route_next(now=MORNING)
        team.is_reassigning = False
        team.save(update_fields=["is_reassigning"])

        assert reassignment.reassign_next(now=MORNING + timedelta(minutes=10))

        conversation.refresh_from_db()
        assert (conversation.assignee, conversation.reply_due_at) == (alice, None)
        assert [step["code"] for step in Decision.objects.last().steps] == ["timer_off"]
        assert not reassignment.reassign_next(now=MORNING + timedelta(hours=1))
