"""Nobody answers, or the assignee goes: shifts, limits, hours and the next team in line."""

from datetime import date, time, timedelta

import pytest

from conversations.actors import Actor
from conversations.models import Assignment
from conversations.services import replies
from routing.models import Decision
from routing.services import assignment, reassignment, waiting
from teams.models import BusinessHours, HoursInterval
from teams.services import presence, shifts
from teams.shifts import single
from tests.factories import make_agent, make_channel, make_conversation, make_rule, make_team
from tests.moments import WEDNESDAY_MORNING as MORNING
from tests.settle import settle

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()
HOUR = timedelta(hours=1)


def routed(channel, *, now=MORNING):
    conversation = make_conversation(channel=channel, routing_due_at=now, waiting_since=now)
    assert assignment.route_next(now=now)
    conversation.refresh_from_db()
    return conversation


def given(team):
    make_rule(team=team)
    return routed(make_channel())


def owner(conversation):
    conversation.refresh_from_db()
    return conversation.assignee, conversation.team


class TestEscalation:
    @pytest.fixture
    def house(self):
        alice, bob, chen = make_agent(), make_agent(name="Bob"), make_agent(name="Chen")
        second = make_team(name="Second", members=(chen,))
        first = make_team(
            name="First",
            members=(alice, bob),
            is_reassigning=True,
            reassign_after_s=600,
            escalation_team=second,
            escalate_after_tries=2,
        )
        return first, second, (alice, bob, chen)

    def test_comes_after_so_many_people(self, house):
        first, second, (alice, bob, chen) = house
        conversation = given(first)
        seen = [owner(conversation)]
        for minutes in (10, 20):
            reassignment.reassign_next(now=MORNING + timedelta(minutes=minutes))
            seen.append(owner(conversation))
        assert seen == [(alice, first), (bob, first), (chen, second)]
        assert [row.load for row in (*type(alice).objects.order_by("pk"),)] == [0, 0, 1]

    def test_comes_after_so_long_before_anybody_else_is_asked(self, house):
        first, second, (_alice, _bob, chen) = house
        type(first).objects.filter(pk=first.pk).update(
            escalate_after_tries=None, escalate_after_s=300
        )
        conversation = given(first)
        assert conversation.reply_due_at == MORNING + timedelta(minutes=5)
        reassignment.reassign_next(now=MORNING + timedelta(minutes=5))
        assert owner(conversation) == (chen, second)

    def test_takes_what_nobody_took_from_the_queue(self, house):
        first, second, (alice, bob, chen) = house
        type(alice).objects.filter(pk__in=[alice.pk, bob.pk]).update(presence="away")
        type(first).objects.filter(pk=first.pk).update(
            escalate_after_tries=None, escalate_after_s=300
        )
        conversation = given(first)
        assert owner(conversation) == (None, first)
        reassignment.reassign_next(now=MORNING + timedelta(minutes=5))
        assert owner(conversation) == (chen, second)

    def test_never_goes_back_where_it_came_from(self, house):
        first, second, (_alice, _bob, chen) = house
        type(second).objects.filter(pk=second.pk).update(
            is_reassigning=True, escalation_team=first, escalate_after_tries=1
        )
        conversation = given(first)
        for minutes in (10, 20, 60, 120):
            reassignment.reassign_next(now=MORNING + timedelta(minutes=minutes))
        assert owner(conversation) == (chen, second)
        assert Decision.objects.latest("pk").outcome == "kept"


class TestOpenHours:
    def test_stop_the_timer_while_the_team_is_closed(self):
        hours = BusinessHours.objects.create(code="tokyo", name="Tokyo", time_zone="UTC")
        day = MORNING.replace(hour=0, minute=0)
        opens, closes = MORNING - HOUR, MORNING + timedelta(minutes=5)
        HoursInterval.objects.create(
            hours=hours, weekday=day.weekday(), start=opens.time(), end=closes.time()
        )
        HoursInterval.objects.create(
            hours=hours, weekday=(day.weekday() + 1) % 7, start=opens.time(), end=closes.time()
        )
        team = make_team(
            members=(make_agent(), make_agent(name="Bob")),
            is_reassigning=True,
            reassign_after_s=600,
            reassign_clock="open_hours",
            hours=hours,
        )
        conversation = given(team)
        assert conversation.reply_due_at == opens + timedelta(days=1, minutes=5)


class TestGoingOffline:
    def house(self, **fields):
        alice, bob = make_agent(), make_agent(name="Bob")
        team = make_team(members=(alice, bob), is_returning_when_offline=True, **fields)
        return alice, bob, given(team)

    def test_gives_back_what_waits_for_a_first_answer(self):
        alice, bob, conversation = self.house()
        presence.set_presence(alice, presence="offline", now=MORNING)
        settle(now=MORNING)
        assert owner(conversation)[0] == bob
        ended = Assignment.objects.order_by("pk").first()
        assert ended.end_reason == "went_offline"
        alice.refresh_from_db()
        assert alice.load == 0

    def test_keeps_what_was_answered(self):
        alice, _bob, conversation = self.house()
        conversation.last_inbound_at = MORNING
        conversation.save(update_fields=["last_inbound_at"])
        replies.queue_reply(conversation, author=alice, body="Hello", actor=SYSTEM, now=MORNING)
        presence.set_presence(alice, presence="offline", now=MORNING)
        settle(now=MORNING)
        assert owner(conversation)[0] == alice

    def test_changes_nothing_where_the_team_does_not_want_it(self):
        alice, _bob, conversation = self.house()
        type(conversation.team).objects.update(is_returning_when_offline=False)
        presence.set_presence(alice, presence="offline", now=MORNING)
        settle(now=MORNING)
        assert owner(conversation)[0] == alice

    def test_leaves_it_in_the_queue_if_there_is_nobody(self):
        alice, bob, conversation = self.house()
        presence.set_presence(bob, presence="offline", now=MORNING)
        presence.set_presence(alice, presence="offline", now=MORNING)
        settle(now=MORNING)
        assert owner(conversation) == (None, conversation.team)
        presence.set_presence(bob, presence="online", now=MORNING)
        settle(now=MORNING)
        assert owner(conversation)[0] == bob


class TestShifts:
    def test_decide_who_gets_it_and_begin_with_what_waits(self):
        alice, bob = make_agent(), make_agent(name="Bob")
        team = make_team(strategy="shift", members=(alice, bob))
        later = MORNING + HOUR
        shift = single(date(*later.timetuple()[:3]), later.time(), time(23, 59), zone="UTC")
        shifts.set_shifts(team.memberships.get(user=bob), shifts=[shift], now=MORNING)

        conversation = given(team)
        assert owner(conversation) == (None, team)
        while waiting.place_next(now=later - timedelta(seconds=1)):
            pass
        assert owner(conversation) == (None, team)

        settle(now=later)
        assert owner(conversation) == (bob, team)


class TestLimits:
    def test_of_a_team_hold_for_people_without_their_own(self):
        alice, bob = make_agent(), make_agent(name="Bob", capacity=2)
        type(alice).objects.filter(pk=alice.pk).update(capacity=None)
        team = make_team(strategy="least_busy", members=(alice, bob), capacity=1)
        make_rule(team=team)
        channel = make_channel()
        got = [routed(channel).assignee for _ in range(4)]
        assert [person and person.name for person in got] == ["Alice", "Bob", "Bob", None]

    def test_of_a_channel_hold_for_people_without_their_own(self):
        alice = make_agent()
        type(alice).objects.filter(pk=alice.pk).update(capacity=None)
        channel = make_channel(agents=(alice,), capacity=1)
        assert [routed(channel).assignee for _ in range(2)] == [alice, None]
