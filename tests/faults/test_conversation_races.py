"""Two things that happen to one conversation, contact or message at the same moment."""

import pytest
from django.db import connection, transaction

from conversations.actors import Actor
from conversations.services import lifecycle
from conversations.services.lifecycle import ConversationMovedError
from conversations.states import Status
from tests.factories import make_channel, make_contact, make_conversation
from tests.faults.two_sessions import Session, wait_until_blocked
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer"),
]
SYSTEM = Actor.system()


class TestReopening:
    def test_is_refused_when_the_customer_starts_another_at_the_same_moment(self):
        channel, dora = make_channel(), make_contact()
        closed = make_conversation(channel=channel, contact=dora, status=Status.CLOSED)

        with transaction.atomic():
            make_conversation(channel=channel, contact=dora)
            reopening = Session(lambda: lifecycle.reopen(closed, actor=SYSTEM, now=MORNING))
            wait_until_blocked()

        with pytest.raises(ConversationMovedError):
            reopening.wait()
