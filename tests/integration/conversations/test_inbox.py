"""Customers' messages are stored exactly once, in the right conversation."""

from dataclasses import replace
from datetime import timedelta

import pytest

from channels.models import Envelope
from conversations.actors import Actor
from conversations.models import Contact, Conversation, Event, Message, Survey
from conversations.services import inbox, lifecycle
from conversations.services.inbox import Arrived
from conversations.states import Status
from tests.factories import make_channel, make_incoming
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = pytest.mark.django_db


class TestAFirstMessage:
    def test_makes_contact_conversation_message_envelope_and_events(self):
        channel = make_channel()

        arrival = inbox.record_inbound(make_incoming(channel))

        assert arrival.arrived == Arrived.STARTED
        assert arrival.is_new_contact
        conversation = Conversation.objects.get()
        assert conversation.pk == arrival.conversation_id
        assert conversation.status == Status.NEW
        assert conversation.routing_due_at == MORNING
        assert conversation.waiting_since == MORNING
        assert conversation.contact.name == "Dora"
        assert conversation.contact.phone == "+819000000001"
        message = Message.objects.get()
        assert (message.sequence, message.body) == (1, "Hello")
        assert bytes(Envelope.objects.get().raw_body) == b"Body=Hello"
        types = list(Event.objects.values_list("type", flat=True))
        assert types == ["conversation.created", "message.received"]

    def test_delivered_again_changes_nothing(self):
        channel = make_channel()
        inbox.record_inbound(make_incoming(channel))

        arrival = inbox.record_inbound(make_incoming(channel, text="something else"))

        assert arrival.arrived == Arrived.DUPLICATE
        assert Message.objects.get().body == "Hello"
        assert Event.objects.count() == 2

    def test_with_a_signature_that_was_used_is_a_duplicate(self):
        channel = make_channel()
        first = make_incoming(channel)
        inbox.record_inbound(first)

        arrival = inbox.record_inbound(replace(first, provider_message_id="SM2"))

        assert arrival.arrived == Arrived.DUPLICATE
        assert Message.objects.count() == 1


class TestALaterMessage:
    def test_is_appended_to_the_open_conversation(self):
        channel = make_channel()
        inbox.record_inbound(make_incoming(channel))

        arrival = inbox.record_inbound(make_incoming(channel, sid="SM2", text="Still there?"))

        assert arrival.arrived == Arrived.APPENDED
        conversation = Conversation.objects.get()
        assert conversation.message_count == 2
        assert list(conversation.messages.values_list("sequence", "body")) == [
            (1, "Hello"),
            (2, "Still there?"),
        ]
        assert Contact.objects.count() == 1

    def test_keeps_the_time_since_when_the_customer_waits(self):
        channel = make_channel()
        inbox.record_inbound(make_incoming(channel))

        inbox.record_inbound(make_incoming(channel, sid="SM2", now=MORNING + timedelta(minutes=5)))

        conversation = Conversation.objects.get()
        assert conversation.waiting_since == MORNING
        assert conversation.last_inbound_at == MORNING + timedelta(minutes=5)

    def test_on_another_channel_is_the_same_contact_in_another_conversation(self):
        tokyo, paris = make_channel(), make_channel(name="WhatsApp Paris")
        inbox.record_inbound(make_incoming(tokyo))

        arrival = inbox.record_inbound(make_incoming(paris, sid="SM2"))

        assert arrival.arrived == Arrived.STARTED
        assert not arrival.is_new_contact
        assert Conversation.objects.count() == 2
        assert Contact.objects.count() == 1


class TestAMessageAfterTheEnd:
    def resolved(self, channel):
        arrival = inbox.record_inbound(make_incoming(channel))
        conversation = Conversation.objects.get(pk=arrival.conversation_id)
        return lifecycle.resolve(conversation, actor=Actor.system(), now=MORNING)

    def test_within_the_window_reopens(self):
        channel = make_channel(has_survey=True)
        self.resolved(channel)

        arrival = inbox.record_inbound(
            make_incoming(
                channel, sid="SM2", text="One more thing", now=MORNING + timedelta(hours=1)
            )
        )

        assert arrival.arrived == Arrived.REOPENED
        conversation = Conversation.objects.get()
        assert conversation.status == Status.NEW
        assert conversation.routing_due_at is not None
        assert Survey.objects.get().status == "expired"

    def test_goes_to_the_one_that_was_set_aside_though_a_later_one_is_over(self):
        channel = make_channel(has_survey=True)
        earlier = self.resolved(channel)
        lifecycle.close(earlier, actor=Actor.system(), now=MORNING)
        inbox.record_inbound(make_incoming(channel, sid="SM2", now=MORNING + timedelta(days=2)))
        later = Conversation.objects.latest("pk")
        lifecycle.resolve(later, actor=Actor.system(), now=MORNING + timedelta(days=2))
        Conversation.objects.filter(pk=earlier.pk).update(status=Status.SNOOZED)

        arrival = inbox.record_inbound(
            make_incoming(channel, sid="SM3", now=MORNING + timedelta(days=2, hours=1))
        )

        assert later.pk != earlier.pk
        assert (arrival.arrived, arrival.conversation_id) == (Arrived.REOPENED, earlier.pk)

    def test_later_starts_a_new_conversation(self):
        channel = make_channel(has_survey=True)
        self.resolved(channel)

        arrival = inbox.record_inbound(
            make_incoming(channel, sid="SM2", now=MORNING + timedelta(hours=25))
        )

        assert arrival.arrived == Arrived.STARTED
        assert Conversation.objects.count() == 2

    def test_on_a_closed_one_starts_a_new_conversation(self):
        channel = make_channel()
        assert self.resolved(channel).status == Status.CLOSED

        arrival = inbox.record_inbound(make_incoming(channel, sid="SM2"))

        assert arrival.arrived == Arrived.STARTED

    @pytest.mark.parametrize("text", ["5", " 5 ", "５"])
    def test_that_is_a_rating_is_kept_and_closes(self, text):
        channel = make_channel(has_survey=True, texts={"survey_thanks": "Thank you!"})
        self.resolved(channel)

        arrival = inbox.record_inbound(make_incoming(channel, sid="SM2", text=text))

        assert arrival.arrived == Arrived.RATED
        assert Survey.objects.get().rating == 5
        assert Conversation.objects.get().status == Status.CLOSED
        bodies = list(Message.objects.values_list("body", flat=True))
        assert bodies[0] == "Hello"
        assert bodies[2:] == [text, "Thank you!"]

    def test_that_is_a_rating_is_kept_for_as_long_as_the_survey_waits(self):
        channel = make_channel(has_survey=True, reopen_window_s=0)
        self.resolved(channel)

        arrival = inbox.record_inbound(
            make_incoming(channel, sid="SM2", text="4", now=MORNING + timedelta(hours=2))
        )

        assert arrival.arrived == Arrived.RATED
        assert Survey.objects.get().rating == 4
        assert Conversation.objects.get().status == Status.CLOSED

    def test_that_is_a_rating_is_kept_only_once(self):
        channel = make_channel(has_survey=True)
        self.resolved(channel)
        inbox.record_inbound(make_incoming(channel, sid="SM2", text="5"))

        arrival = inbox.record_inbound(make_incoming(channel, sid="SM3", text="1"))

        assert arrival.arrived == Arrived.STARTED
        assert Survey.objects.get().rating == 5


class TestQueries:
    def test_a_follow_up_needs_few_statements(self, django_assert_max_num_queries):
        channel = make_channel()
        inbox.record_inbound(make_incoming(channel))

        with django_assert_max_num_queries(12):
            inbox.record_inbound(make_incoming(channel, sid="SM2"))
