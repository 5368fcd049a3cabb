"""A callback that somebody owns waits for them, and for nobody else, until it may wait no more."""

from datetime import timedelta

import pytest

from callbacks.models import EndReason, OnExpiry
from callbacks.states import CallbackStatus
from conversations.actors import Actor
from conversations.models import Conversation, Event
from conversations.states import Status
from routing.models import Decision
from routing.services import assignment, replays
from teams.models import Presence
from tests.calls import fire, make_callback, read, set_up, told
from tests.factories import make_agent, make_channel, make_conversation, make_team
from tests.faults.promises import broken_promises
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
LATER = MORNING + timedelta(hours=2)
SYSTEM = Actor.system()


def come(user, presence=Presence.ONLINE):
    user.presence = presence
    user.save(update_fields=["presence"])


@pytest.fixture
def alice():
    return make_agent(presence=Presence.AWAY)


@pytest.fixture
def owned(alice):
    bob = make_agent(name="Bob")
    team = make_team(members=(alice, bob))
    talk = make_conversation(status=Status.CLOSED)
    return make_callback(conversation=talk, team=team, owner=alice)


class TestWaitingForTheOwner:
    def test_leaves_the_conversation_closed(self, owned):
        fire(MORNING)
        callback = read(owned)
        assert (callback.status, callback.offered_to) == (CallbackStatus.DUE, None)
        assert callback.owner_until == callback.look_due_at == MORNING + DAY
        assert callback.conversation.status == Status.CLOSED
        assert told(owned) == ["due"]

    def test_begins_no_conversation(self, alice):
        team = make_team(members=(alice,))
        callback = make_callback(channel=make_channel(), team=team, owner=alice)
        fire(MORNING)
        assert read(callback).conversation is None
        assert not Conversation.objects.exists()
        assert Event.objects.get(type="callback.due").contact == callback.identity.contact

    def test_ends_when_they_come(self, owned, alice):
        fire(MORNING)
        come(alice)
        fire(LATER)
        callback = read(owned)
        assert (callback.status, callback.offered_to) == (CallbackStatus.OFFERED, alice)
        assert callback.conversation.assignee == alice
        assert Decision.objects.get().steps[1]["code"] == "owner"
        assert replays.find_different(Decision.objects.order_by("pk"))[1] == []
        assert not broken_promises()

    def test_goes_on_while_they_are_full(self, owned, alice):
        come(alice)
        alice.capacity = 0
        alice.save(update_fields=["capacity"])
        fire(MORNING)
        assert read(owned).status == CallbackStatus.DUE
        assert read(owned).conversation.status == Status.CLOSED

    def test_does_not_mind_that_they_are_full_with_this_one(self, alice):
        come(alice)
        talk = make_conversation()
        assignment.assign_to(talk, person=alice, actor=SYSTEM, now=MORNING)
        alice.refresh_from_db()
        alice.capacity = 1
        alice.save(update_fields=["capacity"])
        callback = make_callback(conversation=talk, team=make_team(members=(alice,)), owner=alice)
        fire(MORNING)
        assert read(callback).offered_to == alice

    def test_takes_the_conversation_from_whoever_has_it(self, alice):
        come(alice)
        talk, bob = make_conversation(), make_agent(name="Bob")
        assignment.assign_to(talk, person=bob, actor=SYSTEM, now=MORNING)
        team = make_team(members=(alice, bob))
        callback = make_callback(conversation=talk, team=team, owner=alice)
        fire(MORNING)
        assert read(callback).offered_to == read(callback).conversation.assignee == alice
        assert not broken_promises()


class TestAnOwnerWhoDoesNotBegin:
    def test_is_waited_for_again(self, owned, alice):
        come(alice)
        fire(MORNING)
        fire(MORNING + timedelta(seconds=30))
        callback = read(owned)
        assert (callback.status, callback.offered_to) == (CallbackStatus.DUE, None)
        assert callback.look_due_at == MORNING + DAY
        assert told(owned) == ["due", "offered", "lapsed"]

    def test_is_left_alone_for_a_while_then_asked_again(self, owned, alice):
        come(alice)
        fire(MORNING)
        fire(MORNING + timedelta(seconds=30))
        assert not fire(MORNING + timedelta(minutes=4))
        fire(MORNING + timedelta(minutes=5))
        assert read(owned).offered_to == alice


class TestAnOwnerWhoDoesNotCome:
    def test_loses_it_to_the_team(self, owned, alice):
        fire(MORNING)
        fire(MORNING + DAY)
        callback = read(owned)
        assert (callback.owner, callback.owner_until) == (None, None)
        assert callback.offered_to.name == "Bob"
        assert told(owned) == ["due", "released", "offered"]
        released = Event.objects.get(type="callback.released")
        assert released.data["user_id"] == alice.pk
        assert Decision.objects.get().steps[0]["code"] == "released"
        assert not broken_promises()

    def test_loses_it_where_the_conversation_is_with_them(self, owned, alice):
        come(alice)
        fire(MORNING)
        fire(MORNING + timedelta(seconds=30))
        come(alice, Presence.OFFLINE)
        fire(MORNING + DAY)
        callback = read(owned)
        assert callback.offered_to == callback.conversation.assignee
        assert callback.offered_to.name == "Bob"
        assert not broken_promises()

    def test_loses_it_into_the_queue_where_nobody_is_there(self, alice):
        callback = make_callback(team=make_team(members=(alice,)), owner=alice)
        fire(MORNING)
        fire(MORNING + DAY)
        assert (read(callback).status, read(callback).look_due_at) == (CallbackStatus.DUE, None)
        assert read(callback).conversation.team == callback.team

    def test_misses_it_where_the_team_wants_that(self, owned):
        set_up(owned.team, on_expiry=OnExpiry.MISS, owned_hold_s=3600)
        fire(MORNING)
        assert not fire(MORNING + timedelta(minutes=59))
        fire(MORNING + timedelta(hours=1))
        callback = read(owned)
        assert callback.status == CallbackStatus.MISSED
        assert callback.end_reason == EndReason.OWNERSHIP_EXPIRED
        assert callback.conversation.status == Status.CLOSED
        assert told(owned) == ["due", "missed"]

    def test_loses_it_at_once_after_a_long_outage(self, owned):
        fire(MORNING + 2 * DAY)
        assert told(owned) == ["due", "released", "offered"]
