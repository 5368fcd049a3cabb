"""Locks are taken in one order: conversation, then team or channel, then people by id."""

import pytest
from django.db import connection, transaction

from conversations.actors import Actor
from conversations.models import Conversation
from conversations.services import assignments
from routing.services import assignment, waiting
from teams.models import User
from tests.factories import make_agent, make_channel, make_conversation
from tests.faults.two_sessions import Session, wait_until_blocked
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer"),
]
SYSTEM = Actor.system()


class TestAMarkOnAPerson:
    def test_is_spread_without_holding_the_person_while_it_waits_for_a_conversation(self):
        alice = make_agent(offer_due_at=MORNING)
        conversation = make_conversation(channel=make_channel(agents=(alice,)))

        with transaction.atomic():
            Conversation.objects.select_for_update().get(pk=conversation.pk)
            spreading = Session(lambda: waiting.place_next(now=MORNING))
            wait_until_blocked()
            # Whoever places the conversation goes on to the person.
            assignments.lock_people([alice.pk])

        assert spreading.wait() is True
        conversation.refresh_from_db()
        assert conversation.placing_due_at == MORNING


class TestATransferToAPerson:
    def test_locks_both_people_in_the_order_of_their_ids(self):
        alice, bob = make_agent(), make_agent(name="Bob")
        conversation = make_conversation(channel=make_channel())
        assignment.assign_to(conversation, person=alice, actor=SYSTEM, now=MORNING)

        with transaction.atomic():
            assignments.lock_people([alice.pk])
            giving = Session(
                lambda: assignment.assign_to(conversation, person=bob, actor=SYSTEM, now=MORNING)
            )
            wait_until_blocked()
            # A transfer the other way round comes to the second person.
            assignments.lock_people([alice.pk, bob.pk])

        assert giving.wait() is not None
        conversation.refresh_from_db()
        assert conversation.assignee == bob
        assert list(User.objects.order_by("pk").values_list("load", flat=True)) == [0, 1]
