"""A queue is placed together as it would be one by one."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations.models import Assignment, Conversation, Event
from conversations.models.assignment import AssignmentKind, EndReason
from routing.models import Decision
from routing.services import batches, waiting
from teams.models import Strategy, User
from tests.factories import make_agent, make_channel, make_conversation, make_team
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = pytest.mark.django_db


@pytest.fixture
def channel():
    return make_channel(name="Shop")


def wait(channel, *, count, **fields):
    """Let so many wait, the first for longest."""
    return [
        make_conversation(
            channel=channel,
            waiting_since=MORNING - timedelta(minutes=count - number),
            placing_due_at=MORNING,
            **fields,
        )
        for number in range(count)
    ]


def place_all():
    while waiting.place_next(now=MORNING):
        pass


def owners(conversations):
    found = Conversation.objects.in_bulk([each.pk for each in conversations])
    return [found[each.pk].assignee and found[each.pk].assignee.name for each in conversations]


class TestAQueue:
    @pytest.mark.parametrize("strategy", [Strategy.ROUND_ROBIN, Strategy.LEAST_BUSY])
    def test_goes_to_everybody_in_turn(self, channel, strategy):
        people = [make_agent(name=name) for name in ("Alice", "Bob", "Chen")]
        team = make_team(members=people, strategy=strategy)
        queue = wait(channel, count=6, team=team)

        place_all()

        assert owners(queue) == ["Alice", "Bob", "Chen"] * 2

    def test_leaves_nobody_with_more_than_they_have_room_for(self, channel):
        people = [make_agent(name="Alice", capacity=2), make_agent(name="Bob", capacity=1)]
        queue = wait(channel, count=5, team=make_team(members=people))

        place_all()

        assert owners(queue) == ["Alice", "Bob", "Alice", None, None]
        assert [User.objects.get(pk=each.pk).load for each in people] == [2, 1]

    def test_lets_whoever_finds_nobody_be_looked_at_later(self, channel):
        queue = wait(channel, count=3, team=make_team(members=[make_agent(capacity=1)]))

        place_all()

        queue[2].refresh_from_db()
        assert queue[2].placing_due_at == MORNING + timedelta(seconds=60)
        assert Decision.objects.count() == 1

    def test_takes_priority_first(self, channel):
        team = make_team(members=[make_agent(name="Alice", capacity=2)])
        patient = wait(channel, count=2, team=team)
        urgent = wait(channel, count=2, team=team, priority=3)

        place_all()

        assert owners(urgent) == ["Alice", "Alice"]
        assert owners(patient) == [None, None]

    def test_keeps_a_decision_of_each_that_answers_the_same_again(self, channel):
        queue = wait(channel, count=4, team=make_team(members=[make_agent(), make_agent()]))

        place_all()

        call_command("replay_decisions")
        decisions = Decision.objects.filter(conversation__in=queue)
        assert decisions.filter(assignment__user__isnull=False).count() == len(queue)
        told = Event.objects.filter(type="conversation.assigned").order_by("pk")
        assert [each.conversation_id for each in told] == [each.pk for each in queue]
        assert {each.data["decision"] for each in told} == {
            str(each.public_id) for each in decisions
        }

    def test_ends_the_waiting_with_the_team(self, channel):
        team = make_team(members=[make_agent(presence="offline"), make_agent(name="Bob")])
        queue = wait(channel, count=2, team=team)
        for each in queue:
            Conversation.objects.filter(pk=each.pk).update(version=2)
            Assignment.objects.create(
                conversation=each, team=team, kind=AssignmentKind.MANUAL, started_at=MORNING
            )

        place_all()

        assert owners(queue) == ["Bob", "Bob"]
        ended = Assignment.objects.filter(user=None)
        assert {each.end_reason for each in ended} == {EndReason.REPLACED}

    def test_costs_the_same_number_of_statements_however_long_it_is(self, channel):
        team = make_team(members=[make_agent(), make_agent()])
        costs = []
        for count in (10, 40):
            ids = [each.pk for each in wait(channel, count=count, team=team)]
            with CaptureQueriesContext(connection) as captured:
                assert batches.place_together(ids, now=MORNING) == count
            costs.append(len(captured))

        if connection.vendor == "postgresql":
            assert costs[0] == costs[1] <= 12


class TestWhatCannotBeTogether:
    def test_is_one_alone(self, channel):
        (only,) = wait(channel, count=1, team=make_team(members=[make_agent()]))

        assert batches.place_together([only.pk], now=MORNING) == 0

    def test_is_another_desk_than_the_first(self, channel):
        here, there = make_team(members=[make_agent()]), make_team(members=[make_agent()])
        queue = wait(channel, count=2, team=here) + wait(channel, count=1, team=there)

        placed = batches.place_together([each.pk for each in queue], now=MORNING)

        assert placed == len(queue) - 1

    def test_is_what_goes_on_to_the_channel(self, channel):
        """A rule's team that is full leaves it to the channel's agents: a desk of its own."""
        bob = make_agent(name="Bob")
        shop = make_channel(name="Other", agents=(bob,))
        team = make_team(members=[make_agent(name="Alice", capacity=1)])
        queue = wait(shop, count=3, team=team)
        for each in queue:
            Conversation.objects.filter(pk=each.pk).update(version=2)
            Assignment.objects.create(
                conversation=each, team=team, kind=AssignmentKind.RULE, started_at=MORNING
            )

        place_all()

        assert owners(queue) == ["Alice", "Bob", "Bob"]
