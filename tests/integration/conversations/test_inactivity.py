"""Resolving what nobody writes in any more."""

from datetime import timedelta

import pytest

from conversations.actors import Actor
from conversations.invariants import INVARIANTS
from conversations.models import Conversation, Event
from conversations.models.message import Direction
from conversations.services import inactivity, replies
from conversations.states import Status
from routing.services import assignment
from tests.factories import make_agent, make_channel, make_conversation, make_message
from tests.moments import WEDNESDAY_MORNING as MORNING
from tests.settle import settle

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()
LIMIT = timedelta(hours=2)


def quiet_channel(**fields):
    return make_channel(auto_resolve_after_s=LIMIT.total_seconds(), **fields)


def answered(channel, *, alice=None):
    """Return a conversation in which a person wrote last, at the moment."""
    alice = alice or make_agent()
    conversation = make_conversation(channel=channel)
    assignment.assign_to(conversation, person=alice, actor=SYSTEM, now=MORNING)
    actor = Actor.person(alice.pk, alice.name)
    replies.queue_reply(conversation, author=alice, body="Done.", actor=actor, now=MORNING)
    conversation.refresh_from_db()
    return conversation


def state_of(conversation):
    conversation.refresh_from_db()
    return conversation.status


class TestAnAnsweredConversation:
    def test_is_resolved_when_nobody_wrote_for_as_long_as_the_channel_allows(self):
        alice = make_agent()
        conversation = answered(quiet_channel(), alice=alice)
        settle(now=MORNING + LIMIT - timedelta(seconds=1))
        assert state_of(conversation) == Status.IN_PROGRESS

        settle(now=MORNING + LIMIT)

        assert state_of(conversation) == Status.CLOSED
        alice.refresh_from_db()
        assert alice.load == 0
        event = Event.objects.get(type="conversation.resolved")
        assert (event.actor_kind, event.data["because"]) == ("system", "inactive")
        assert not any(invariant().exists() for invariant in INVARIANTS)

    def test_counts_from_the_last_message_of_either_side(self):
        conversation = answered(quiet_channel())
        later = MORNING + timedelta(hours=1)
        make_message(
            conversation=conversation, direction=Direction.OUTBOUND, author=make_agent(), now=later
        )
        settle(now=MORNING + LIMIT)
        assert state_of(conversation) == Status.IN_PROGRESS
        settle(now=later + LIMIT)
        assert state_of(conversation) == Status.CLOSED

    def test_stays_where_the_channel_does_not_ask_for_it(self):
        conversation = answered(make_channel())
        settle(now=MORNING + timedelta(days=300))
        assert state_of(conversation) == Status.IN_PROGRESS

    def test_is_looked_at_again_after_it_was_marked(self):
        conversation = answered(quiet_channel())
        assert inactivity.resolve_next(now=MORNING + LIMIT)
        conversation.refresh_from_db()
        assert conversation.inactive_due_at == MORNING + LIMIT
        Conversation.objects.update(last_message_at=MORNING + LIMIT)

        settle(now=MORNING + LIMIT)

        assert state_of(conversation) == Status.IN_PROGRESS
        assert conversation.inactive_due_at is None


class TestAWaitingCustomer:
    def test_is_never_resolved_away(self):
        conversation = make_conversation(channel=quiet_channel(), placing_due_at=MORNING)
        settle(now=MORNING + timedelta(days=30))
        assert state_of(conversation) == Status.NEW

    def test_is_unless_the_channel_says_so(self):
        channel = quiet_channel(is_resolving_unanswered=True)
        conversation = make_conversation(channel=channel, placing_due_at=MORNING)
        settle(now=MORNING + LIMIT)
        assert state_of(conversation) == Status.CLOSED


class TestABotsConversation:
    @pytest.mark.parametrize(
        ("direction", "status"),
        [(Direction.OUTBOUND, Status.CLOSED), (Direction.INBOUND, Status.BOT)],
    )
    def test_is_resolved_where_the_bot_wrote_last(self, direction, status):
        conversation = make_conversation(channel=quiet_channel(), status=Status.BOT)
        make_message(conversation=conversation, direction=direction, author_kind="system")
        settle(now=MORNING + LIMIT)
        assert state_of(conversation) == status


class TestOtherStates:
    @pytest.mark.parametrize("status", [Status.SNOOZED, Status.CLOSED])
    def test_are_left_alone(self, status):
        conversation = make_conversation(channel=quiet_channel(), status=status)
        settle(now=MORNING + timedelta(days=30))
        assert state_of(conversation) == status


class TestTheSweep:
    def test_does_what_is_marked_before_it_marks_more(self):
        first, second = answered(quiet_channel()), answered(quiet_channel())
        Conversation.objects.filter(pk=first.pk).update(inactive_due_at=MORNING + LIMIT)
        assert inactivity.resolve_next(now=MORNING + LIMIT)
        assert state_of(first) == Status.CLOSED
        settle(now=MORNING + LIMIT)
        assert state_of(second) == Status.CLOSED
