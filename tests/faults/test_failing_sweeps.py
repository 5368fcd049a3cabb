"""A sweep that fails tries again later, and only what is still due by then."""

from datetime import timedelta

import pytest
from django.db import connection, transaction

from conversations.actors import Actor
from conversations.models import Conversation
from conversations.services import replies
from routing.services import assignment, reassignment
from tests.factories import make_agent, make_channel, make_conversation, make_team
from tests.faults.two_sessions import Session, cancel, wait_until_blocked
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer"),
]
SYSTEM = Actor.system()
LATER = MORNING + timedelta(minutes=10)


class TestASweepThatFails:
    def test_leaves_a_conversation_alone_that_was_routed_meanwhile(self):
        alice, bob = make_agent(), make_agent(name="Bob")
        channel = make_channel(agents=(alice, bob))
        conversation = make_conversation(channel=channel, routing_due_at=MORNING)

        with transaction.atomic():
            locked = Conversation.objects.select_for_update().get(pk=conversation.pk)
            failing = Session(lambda: assignment.route_next(now=MORNING))
            cancel(wait_until_blocked())
            wait_until_blocked()  # it failed, and comes to write down when to try again
            assignment.assign_to(locked, person=alice, actor=SYSTEM, now=MORNING)
        failing.wait()

        assert not assignment.route_next(now=LATER)
        conversation.refresh_from_db()
        assert (conversation.assignee, conversation.routing_due_at) == (alice, None)

    def test_starts_no_timer_on_a_conversation_that_was_answered_meanwhile(self):
        alice, bob = make_agent(), make_agent(name="Bob")
        team = make_team(members=(alice, bob), is_reassigning=True, reassign_after_s=60)
        conversation = make_conversation(channel=make_channel())
        assignment.assign_to(conversation, team=team, actor=SYSTEM, now=MORNING)

        with transaction.atomic():
            locked = Conversation.objects.select_for_update().get(pk=conversation.pk)
            failing = Session(lambda: reassignment.reassign_next(now=LATER))
            cancel(wait_until_blocked())
            wait_until_blocked()
            replies.queue_reply(locked, author=alice, body="Here I am", actor=SYSTEM, now=LATER)
        failing.wait()

        conversation.refresh_from_db()
        assert (conversation.assignee, conversation.reply_due_at) == (alice, None)
