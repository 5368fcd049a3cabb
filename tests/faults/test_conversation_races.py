"""Two things that happen to one conversation, contact or message at the same moment."""

import pytest
from django.db import connection, transaction

from channels.providers.base import StatusUpdate
from conversations.actors import Actor
from conversations.delivery_states import DeliveryStatus
from conversations.models import Message
from conversations.models.message import Direction
from conversations.services import lifecycle, reports
from conversations.services.lifecycle import ConversationMovedError
from conversations.states import Status
from tests.factories import make_channel, make_contact, make_conversation, make_message
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


class TestAReport:
    def test_that_arrives_while_the_send_is_recorded_is_not_lost(self):
        conversation = make_conversation()
        message = make_message(
            conversation=conversation,
            direction=Direction.OUTBOUND,
            delivery_status=DeliveryStatus.SENDING,
        )
        update = StatusUpdate("SM1", "delivered", reference=str(message.public_id))

        with transaction.atomic():
            locked = Message.objects.select_for_update().get(pk=message.pk)
            reporting = Session(
                lambda: reports.record_report(conversation.channel, update=update, now=MORNING)
            )
            wait_until_blocked()
            locked.provider_message_id, locked.delivery_status = "SM1", DeliveryStatus.SENT
            locked.save()
            reports.join_early(locked, now=MORNING)
        reporting.wait()

        message.refresh_from_db()
        assert message.delivery_status == DeliveryStatus.DELIVERED
