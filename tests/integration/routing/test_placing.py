"""Whoever comes online is given what waits for them, whatever else waits in their teams."""

import pytest

from routing.services import assignment, waiting
from teams.models import Strategy
from tests.factories import lose_key, make_agent, make_channel, make_conversation, make_team
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = pytest.mark.django_db


class TestSomebodyWhoComesOnline:
    def test_is_not_kept_busy_by_what_only_people_give_out(self):
        alice = make_agent(capacity=1, offer_due_at=MORNING)
        by_hand = make_team(members=(alice,), strategy=Strategy.MANUAL)
        make_conversation(channel=make_channel(name="Shop"), team=by_hand, priority=5)
        reachable = make_conversation(channel=make_channel(agents=(alice,)))

        while waiting.place_next(now=MORNING):
            pass

        reachable.refresh_from_db()
        assert reachable.assignee == alice


class TestAChannelWhoseTokenCannotBeRead:
    def test_holds_up_no_other(self):
        alice = make_agent()
        old = make_channel(name="Old", agents=(alice,))
        make_conversation(channel=old, routing_due_at=MORNING)
        other = make_conversation(channel=make_channel(agents=(alice,)), routing_due_at=MORNING)
        lose_key(old)

        while assignment.route_next(now=MORNING):
            pass

        other.refresh_from_db()
        assert other.assignee == alice
