"""Doubts that close themselves: found at the provider, or certainly not there."""

from datetime import UTC, datetime, timedelta

import pytest

from conversations.actors import Actor
from conversations.models import Event, Message
from conversations.services import delivery, lookups, replies
from tests.doors import provider_reports
from tests.factories import make_agent, make_conversation
from tests.fake_twilio import running
from tests.faults.promises import broken_promises
from tests.settle import settle

pytestmark = pytest.mark.django_db


@pytest.fixture
def twilio(settings):
    with running() as fake:
        settings.TWILIO_API_BASE_URL = fake.url
        yield fake


@pytest.fixture
def now():
    """The provider's own clock decides what is found, so time cannot be another day."""
    return datetime.now(UTC)


def queue(conversation, *, now, body="Hello"):
    alice = make_agent()
    person = Actor.person(alice.pk, alice.name)
    return replies.queue_reply(conversation, author=alice, body=body, actor=person, now=now)


def look_on(until, *, now):
    """Look up whatever is due, second by second."""
    for seconds in range(until + 1):
        while lookups.look_up_next(now=now + timedelta(seconds=seconds)):
            pass


def lose(message, *, now):
    """Let the worker that sends this die before it could ask the provider for anything."""
    Message.objects.filter(pk=message.pk).update(
        delivery_status="sending",
        send_due_at=None,
        tried_at=now,
        attempt=1,
        lease_until=now + delivery.LEASE,
    )
    delivery.settle_next_lost(now=now + delivery.LEASE)


class TestAMessageThatWasTaken:
    @pytest.mark.parametrize(
        "fault",
        [
            {"is_cut": True, "is_taken": True},
            {"status": 500, "code": 20500, "is_taken": True},
            {"text": "<html>", "is_taken": True},
        ],
    )
    def test_is_found_and_settled(self, twilio, now, fault):
        message = queue(make_conversation(last_inbound_at=now), now=now)
        twilio.fail_next(**fault)
        delivery.send_next(now=now)
        message.refresh_from_db()
        assert message.delivery_status == "unknown"

        look_on(2, now=now)

        message.refresh_from_db()
        assert message.delivery_status == "sent"
        assert message.provider_message_id == twilio.messages[0]["sid"]
        assert (message.error_code, message.lookup_due_at) == ("", None)
        assert Event.objects.filter(type="message.status_changed").last().data["status"] == "sent"

    def test_is_settled_with_what_became_of_it(self, twilio, now):
        message = queue(make_conversation(last_inbound_at=now), now=now)
        twilio.fail_next(is_cut=True, is_taken=True)
        delivery.send_next(now=now)
        twilio.messages[0].update(status="undelivered", error_code=63016)

        look_on(2, now=now)

        message.refresh_from_db()
        assert (message.delivery_status, message.error_code) == ("failed", "63016")

    def test_is_told_from_an_earlier_one_with_the_same_text(self, twilio, now):
        conversation = make_conversation(last_inbound_at=now)
        queue(conversation, now=now)
        delivery.send_next(now=now)
        second = queue(conversation, now=now)
        twilio.fail_next(is_cut=True, is_taken=True)
        delivery.send_next(now=now)

        look_on(2, now=now)

        second.refresh_from_db()
        assert second.provider_message_id == twilio.messages[1]["sid"]

    def test_is_found_among_two_doubts_when_both_were_taken(self, twilio, now):
        conversation = make_conversation(last_inbound_at=now)
        both = [queue(conversation, now=now) for _ in range(2)]
        twilio.fail_next(times=2, is_cut=True, is_taken=True)
        for _ in both:
            delivery.send_next(now=now)

        look_on(7, now=now)

        sids = [Message.objects.get(pk=each.pk).provider_message_id for each in both]
        assert sids == [each["sid"] for each in twilio.messages]

    def test_stays_in_doubt_where_one_of_two_was_taken(self, twilio, now):
        conversation = make_conversation(last_inbound_at=now)
        both = [queue(conversation, now=now) for _ in range(2)]
        twilio.fail_next(is_cut=True, is_taken=True)
        twilio.fail_next(is_cut=True)
        for _ in both:
            delivery.send_next(now=now)

        look_on(60, now=now)

        assert {Message.objects.get(pk=each.pk).delivery_status for each in both} == {"unknown"}
        assert len(twilio.messages) == 1

    def test_is_not_one_that_somebody_else_sent_another_time(self, twilio, now):
        message = queue(make_conversation(last_inbound_at=now), now=now)
        twilio.fail_next(is_cut=True, is_taken=True)
        delivery.send_next(now=now)
        twilio.messages[0]["date_created"] = "Tue, 17 Nov 2026 09:00:00 +0000"

        look_on(60, now=now)

        message.refresh_from_db()
        assert message.delivery_status == "unknown"


class TestAMessageThatWasNotTaken:
    def test_goes_out_again_when_its_worker_died(self, twilio, now):
        message = queue(make_conversation(last_inbound_at=now), now=now)
        lose(message, now=now)
        later = now + delivery.LEASE

        look_on(20, now=later)

        message.refresh_from_db()
        assert (message.delivery_status, message.error_code) == ("queued", "")
        retried = Event.objects.get(type="message.retried")
        assert (retried.actor_kind, retried.data["reason"]) == ("system", "not_taken")
        delivery.send_next(now=later + timedelta(seconds=30))
        message.refresh_from_db()
        assert (message.delivery_status, len(twilio.messages)) == ("sent", 1)

    def test_is_not_sent_again_before_the_third_look(self, twilio, now):
        message = queue(make_conversation(last_inbound_at=now), now=now)
        lose(message, now=now)

        look_on(13, now=now + delivery.LEASE)

        message.refresh_from_db()
        assert (message.delivery_status, message.misses) == ("unknown", 2)

    def test_stays_in_doubt_when_the_provider_had_a_fault(self, twilio, now):
        message = queue(make_conversation(last_inbound_at=now), now=now)
        twilio.fail_next(status=503)
        delivery.send_next(now=now)

        for hours in range(30):
            lookups.look_up_next(now=now + timedelta(hours=hours))

        message.refresh_from_db()
        assert (message.delivery_status, message.lookup_due_at) == ("unknown", None)
        assert message.lookups == 11
        assert twilio.messages == []

    def test_is_settled_by_a_report_between_two_looks(self, twilio, now):
        message = queue(make_conversation(last_inbound_at=now), now=now)
        lose(message, now=now)
        look_on(2, now=now + delivery.LEASE)

        provider_reports(message, "delivered", MessageSid="SM" + "9" * 32)

        message.refresh_from_db()
        assert (message.delivery_status, message.lookup_due_at) == ("delivered", None)
        assert not lookups.look_up_next(now=now + timedelta(days=1))


class TestAProvider:
    def test_that_cannot_be_asked_proves_nothing(self, now, settings):
        settings.TWILIO_API_BASE_URL = "http://127.0.0.1:9"
        message = queue(make_conversation(last_inbound_at=now), now=now)
        lose(message, now=now)

        look_on(60, now=now + delivery.LEASE)

        message.refresh_from_db()
        assert (message.delivery_status, message.misses) == ("unknown", 0)
        assert message.lookups == 4

    def test_keeps_every_promise_meanwhile(self, twilio, now):
        conversation = make_conversation(last_inbound_at=now)
        queue(conversation, now=now)
        twilio.fail_next(is_cut=True, is_taken=True)
        settle(now=now)
        assert not {
            name: count
            for name, count in broken_promises().items()
            if name not in ("conversations_that_nobody_will_look_at",)
        }
