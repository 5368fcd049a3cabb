"""Sending through the official SDK: at most once, with every doubt kept as a doubt."""

from datetime import timedelta

import pytest
from django.db import connection

from conversations.actors import Actor
from conversations.models import Message
from conversations.services import delivery, replies
from conversations.services.replies import ReplyRefusedError
from tests.factories import make_agent, make_channel, make_conversation
from tests.fake_twilio import running
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = pytest.mark.django_db


@pytest.fixture
def twilio(settings):
    with running() as fake:
        settings.TWILIO_API_BASE_URL = fake.url
        yield fake


def queue(conversation=None, *, body="Hello", alice=None):
    alice = alice or make_agent()
    conversation = conversation or make_conversation()
    person = Actor.person(alice.pk, alice.name)
    return replies.queue_reply(conversation, author=alice, body=body, actor=person, now=MORNING)


def drain(now=MORNING):
    while delivery.send_next(now=now):
        pass


class TestSending:
    def test_records_the_providers_id(self, twilio):
        message = queue()

        drain()

        message.refresh_from_db()
        assert message.delivery_status == "sent"
        assert message.provider_message_id == twilio.messages[0]["sid"]
        assert (message.attempt, message.lease_until) == (1, None)

    def test_keeps_the_order_of_a_conversation(self, twilio):
        alice, conversation = make_agent(), make_conversation()
        for body in ("one", "two", "three"):
            queue(conversation, body=body, alice=alice)

        drain()

        bodies = [send["message"]["body"] for send in twilio.store.sends]
        assert bodies == ["one", "two", "three"]
        sent = Message.objects.order_by("sequence").values_list("body", "delivery_status")
        assert list(sent) == [("one", "sent"), ("two", "sent"), ("three", "sent")]

    def test_holds_the_second_message_while_the_first_is_tried_again(self, twilio):
        alice, conversation = make_agent(), make_conversation()
        queue(conversation, body="one", alice=alice)
        queue(conversation, body="two", alice=alice)
        twilio.fail_next(code=20429, status=429)

        drain()

        assert twilio.messages == []
        drain(now=MORNING + timedelta(minutes=1))
        assert [send["message"]["body"] for send in twilio.store.sends] == ["one", "two"]

    def test_is_tried_again_when_the_provider_did_not_take_it(self, twilio):
        message = queue()
        twilio.fail_next(code=20429, status=429, retry_after="30")

        drain()

        message.refresh_from_db()
        assert message.delivery_status == "queued"
        assert message.send_due_at == MORNING + timedelta(seconds=30)
        drain(now=MORNING + timedelta(seconds=30))
        message.refresh_from_db()
        assert (message.delivery_status, message.attempt) == ("sent", 2)

    def test_fails_for_good_with_a_sentence(self, twilio):
        message = queue()
        twilio.fail_next(code=21211, status=400)

        drain()

        message.refresh_from_db()
        assert (message.delivery_status, message.error_code) == ("failed", "21211")
        assert message.error_detail
        assert not delivery.send_next(now=MORNING + timedelta(days=1))

    def test_marks_the_channel_when_its_credentials_are_refused(self, twilio):
        message = queue()
        twilio.fail_next(code=20003, status=401)

        drain()

        message.channel.refresh_from_db()
        assert message.channel.broken_at == MORNING
        assert message.channel.broken_reason

    def test_goes_on_beside_a_channel_whose_token_cannot_be_read(self, twilio):
        lost, message = queue(make_conversation(channel=make_channel(name="Old"))), queue()
        # As a database looks whose key is gone: the field would encrypt whatever we give it.
        with connection.cursor() as cursor:
            statement = "UPDATE channels_channel SET auth_token = 'gone' WHERE id = %s"
            cursor.execute(statement, [lost.channel_id])

        drain()

        message.refresh_from_db()
        assert message.delivery_status == "sent"
        lost = Message.objects.get(pk=lost.pk)
        assert (lost.delivery_status, lost.error_code) == ("queued", "key_missing")
        assert lost.send_due_at > MORNING

    def test_remembers_that_the_contact_opted_out(self, twilio):
        message = queue()
        twilio.fail_next(code=21610, status=400)

        drain()

        contact = message.conversation.contact
        contact.refresh_from_db()
        assert contact.opted_out_at == MORNING
        with pytest.raises(ReplyRefusedError, match=r"contact\.opted_out"):
            queue(message.conversation)


class TestDoubt:
    @pytest.mark.parametrize(
        "fault",
        [
            {"is_taken": True, "is_cut": True},
            {"is_taken": True, "status": 503},
            {"is_taken": True, "text": "<html>Bad gateway</html>", "status": 502},
        ],
    )
    def test_is_kept_as_doubt_and_never_sent_again(self, twilio, fault):
        message = queue()
        twilio.fail_next(**fault)

        drain()
        drain(now=MORNING + timedelta(days=1))

        message.refresh_from_db()
        assert message.delivery_status == "unknown"
        assert len(twilio.messages) == 1

    def test_of_a_worker_that_never_came_back_is_settled_by_the_sweep(self):
        message = queue()
        claim = delivery._claim_next(now=MORNING)
        assert claim is not None

        assert not delivery.settle_next_lost(now=MORNING + timedelta(seconds=79))
        assert delivery.settle_next_lost(now=MORNING + timedelta(seconds=81))

        message.refresh_from_db()
        assert (message.delivery_status, message.error_code) == ("unknown", "lease_expired")
        assert not delivery.send_next(now=MORNING + timedelta(days=1))

    def test_ends_when_the_late_worker_has_its_answer_after_all(self, twilio):
        message = queue()
        claim = delivery._claim_next(now=MORNING)
        delivery.settle_next_lost(now=MORNING + timedelta(seconds=81))

        outcome = delivery._send(claim.message)
        delivery._record_receipt(claim, receipt=outcome, now=MORNING + timedelta(seconds=90))

        message.refresh_from_db()
        assert (message.delivery_status, message.error_code) == ("sent", "")


class TestWhatMayNotBeSent:
    def test_free_text_after_the_window(self):
        conversation = make_conversation(last_inbound_at=MORNING - timedelta(hours=25))

        with pytest.raises(ReplyRefusedError, match=r"message\.template_required"):
            queue(conversation)

    def test_anything_on_a_channel_that_is_off(self):
        with pytest.raises(ReplyRefusedError, match=r"channel\.inactive"):
            queue(make_conversation(channel=make_channel(is_active=False)))
