"""Sending through the official SDK: at most once, with every doubt kept as a doubt."""

from datetime import timedelta

import pytest

from channels.models import Channel, Medium
from channels.providers.base import StatusUpdate
from conversations.actors import Actor
from conversations.backoff import MAX_ATTEMPTS
from conversations.models import Identity, Message
from conversations.models.message import Direction
from conversations.services import delivery, lifecycle, replies, reports
from conversations.services.replies import ReplyRefusedError
from tests.factories import (
    lose_key,
    make_agent,
    make_channel,
    make_contact,
    make_conversation,
    make_message,
)
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
        lose_key(lost.channel)

        drain()

        message.refresh_from_db()
        assert message.delivery_status == "sent"
        lost.refresh_from_db()
        assert (lost.delivery_status, lost.error_code) == ("failed", "key_missing")
        assert "Enter it anew" in lost.error_detail
        assert lost.send_due_at is None
        assert Channel.objects.get(pk=lost.channel_id).broken_reason == lost.error_detail

    def test_remembers_that_the_contact_opted_out(self, twilio):
        message = queue()
        twilio.fail_next(code=21610, status=400)

        drain()

        identity = message.conversation.identity
        identity.refresh_from_db()
        assert (identity.opted_out_at, identity.opted_out_reason) == (MORNING, "refused")
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


class TestWhatIsTooLateWhenItLeaves:
    def test_is_free_text_whose_window_closed_in_the_queue(self, twilio):
        message = queue()

        drain(now=MORNING + timedelta(hours=24))

        message.refresh_from_db()
        assert twilio.messages == []
        assert (message.delivery_status, message.error_code) == ("failed", "window_closed")
        assert "24 hours" in message.error_detail
        failed = message.conversation.events.get(type="message.status_changed")
        assert (failed.data["status"], failed.data["error_code"]) == ("failed", "window_closed")

    def test_is_a_message_to_somebody_who_opted_out_meanwhile(self, twilio):
        message = queue()
        Identity.objects.update(opted_out_at=MORNING)

        drain()

        message.refresh_from_db()
        assert twilio.messages == []
        assert (message.delivery_status, message.error_code) == ("failed", "opted_out")

    def test_is_no_text_message(self, twilio):
        """An SMS has no window."""
        contact = make_contact()
        contact.identities.update(medium=Medium.SMS)
        message = queue(make_conversation(channel=make_channel(medium=Medium.SMS), contact=contact))

        drain(now=MORNING + timedelta(days=2))

        message.refresh_from_db()
        assert message.delivery_status == "sent"

    def test_is_not_the_thanks_for_a_rating_that_closed_the_conversation(self, twilio):
        message = queue()
        lifecycle.resolve(message.conversation, actor=Actor.system(), now=MORNING)

        drain()

        message.refresh_from_db()
        assert (message.conversation.status, message.delivery_status) == ("closed", "sent")


class TestALimitThatTheProviderReportsLater:
    def sent(self):
        return make_message(
            conversation=make_conversation(),
            author=make_agent(),
            direction=Direction.OUTBOUND,
            delivery_status="sent",
            provider_message_id="SM" + "7" * 32,
            attempt=1,
        )

    def report(self, message, status, *, code, now=MORNING):
        update = StatusUpdate("SM" + "7" * 32, status, code, str(message.public_id))
        reports.record_report(message.channel, update=update, now=now)
        message.refresh_from_db()

    def test_lets_it_go_out_again_after_a_pause(self, twilio):
        message = self.sent()

        self.report(message, "failed", code="63018")

        assert (message.delivery_status, message.error_code) == ("queued", "63018")
        assert message.send_due_at == MORNING + timedelta(seconds=2)
        drain(now=message.send_due_at)
        message.refresh_from_db()
        assert (message.delivery_status, message.error_code) == ("sent", "")
        assert message.provider_message_id == twilio.messages[0]["sid"]

    def test_queues_it_once_though_it_is_reported_twice(self, twilio):
        message = self.sent()
        self.report(message, "undelivered", code="63018")
        drain(now=MORNING + timedelta(seconds=2))

        self.report(message, "failed", code="63018", now=MORNING + timedelta(seconds=3))

        assert message.delivery_status == "sent"
        assert len(twilio.messages) == 1

    def test_is_the_end_after_so_many_tries(self):
        message = self.sent()
        Message.objects.update(attempt=MAX_ATTEMPTS)

        self.report(message, "failed", code="63018")

        assert (message.delivery_status, message.send_due_at) == ("failed", None)

    def test_is_no_other_failure(self):
        message = self.sent()

        self.report(message, "undelivered", code="63016")

        assert (message.delivery_status, message.error_code) == ("failed", "63016")
