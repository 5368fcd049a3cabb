"""A sweep whose work fails puts that one row off, and nothing else."""

from datetime import timedelta

import pytest
from django.db import connection

from conversations.delivery_states import DeliveryStatus
from conversations.models import Conversation
from conversations.models.message import Direction
from conversations.services import closing, delivery
from conversations.states import Status
from teams.services import sweeps
from tests.factories import make_agent, make_channel, make_conversation, make_message
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = pytest.mark.django_db


class TestASweepThatFails:
    def test_undoes_its_work_and_tries_again_later(self):
        channel = make_channel()
        first = make_conversation(channel=channel, routing_due_at=MORNING)
        second = make_conversation(channel=channel, routing_due_at=MORNING)
        due = Conversation.objects.filter(routing_due_at__lte=MORNING).order_by("pk")
        seen = []

        def work(conversation):
            seen.append(conversation)
            Conversation.objects.filter(pk=conversation.pk).update(priority=9, routing_due_at=None)
            if conversation == first:
                raise ValueError("no way")

        while sweeps.do_next(due, mark="routing_due_at", work=work, now=MORNING):
            pass

        first.refresh_from_db()
        second.refresh_from_db()
        assert seen == [first, second]
        assert (first.priority, first.routing_due_at) == (0, MORNING + timedelta(seconds=60))
        assert (second.priority, second.routing_due_at) == (9, None)


class TestADrainWithAPoisonedRow:
    """The row is poisoned from outside: the database refuses whatever names it."""

    def test_closes_the_other_conversations(self):
        resolved = {"status": Status.RESOLVED, "close_due_at": MORNING}
        poisoned, other = make_conversation(**resolved), make_conversation(**resolved)

        with refusing("INSERT", "conversation.closed", poisoned.pk):
            assert closing.close_next_expired(now=MORNING)
            assert closing.close_next_expired(now=MORNING)
            assert not closing.close_next_expired(now=MORNING)

        poisoned.refresh_from_db()
        other.refresh_from_db()
        assert (poisoned.status, other.status) == (Status.RESOLVED, Status.CLOSED)
        assert poisoned.close_due_at == MORNING + sweeps.FAILURE_RETRY
        assert closing.close_next_expired(now=poisoned.close_due_at)

    def test_settles_the_other_messages(self):
        poisoned, other = make_lost_message(), make_lost_message()

        with refusing("INSERT", "message.status_changed", poisoned.conversation_id):
            assert delivery.settle_next_lost(now=MORNING)
            assert delivery.settle_next_lost(now=MORNING)
            assert not delivery.settle_next_lost(now=MORNING)

        poisoned.refresh_from_db()
        other.refresh_from_db()
        assert (poisoned.delivery_status, other.delivery_status) == ("sending", "unknown")
        assert poisoned.lease_until == MORNING + sweeps.FAILURE_RETRY
        assert delivery.settle_next_lost(now=poisoned.lease_until)


def make_lost_message():
    """Make a message whose sender never came back."""
    return make_message(
        conversation=make_conversation(),
        author=make_agent(),
        direction=Direction.OUTBOUND,
        delivery_status=DeliveryStatus.SENDING,
        lease_until=MORNING,
        attempt=1,
    )


def refusing(verb, *values):
    """Let every statement fail that begins with the verb and carries the values side by side."""

    def wrapper(execute, sql, params, many, context):
        given = tuple(params or ())
        places = range(len(given) - len(values) + 1)
        if sql.startswith(verb) and any(given[n : n + len(values)] == values for n in places):
            raise ValueError("poisoned")
        return execute(sql, params, many, context)

    return connection.execute_wrapper(wrapper)
