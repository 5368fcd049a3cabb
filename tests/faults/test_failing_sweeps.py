"""A sweep passes over what somebody else has in hand, and puts off what fails."""

from datetime import timedelta

import pytest
from django.db import connection, transaction

from conversations.actors import Actor
from conversations.models import Conversation
from conversations.services import replies
from routing.services import assignment, reassignment
from tests.factories import make_agent, make_channel, make_conversation, make_team
from tests.faults.two_sessions import Session
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer"),
]
SYSTEM = Actor.system()
LATER = MORNING + timedelta(minutes=10)


class TestASweep:
    def test_passes_over_a_conversation_that_somebody_is_assigning(self):
        alice, bob = make_agent(), make_agent(name="Bob")
        channel = make_channel(agents=(alice, bob))
        conversation = make_conversation(channel=channel, routing_due_at=MORNING)

        with transaction.atomic():
            locked = Conversation.objects.select_for_update().get(pk=conversation.pk)
            found_any = Session(lambda: assignment.route_next(now=MORNING)).wait()
            assignment.assign_to(locked, person=alice, actor=SYSTEM, now=MORNING)

        assert not found_any
        assert not assignment.route_next(now=LATER)
        conversation.refresh_from_db()
        assert (conversation.assignee, conversation.routing_due_at) == (alice, None)

    def test_starts_no_timer_on_a_conversation_that_is_being_answered(self):
        alice, bob = make_agent(), make_agent(name="Bob")
        team = make_team(members=(alice, bob), is_reassigning=True, reassign_after_s=60)
        conversation = make_conversation(channel=make_channel())
        assignment.assign_to(conversation, team=team, actor=SYSTEM, now=MORNING)

        with transaction.atomic():
            locked = Conversation.objects.select_for_update().get(pk=conversation.pk)
            found_any = Session(lambda: reassignment.reassign_next(now=LATER)).wait()
            replies.queue_reply(locked, author=alice, body="Here I am", actor=SYSTEM, now=LATER)

        assert not found_any
        conversation.refresh_from_db()
        assert (conversation.assignee, conversation.reply_due_at) == (alice, None)
