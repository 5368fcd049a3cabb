"""Customers who want no more messages: heard at the door, recorded, obeyed, and taken back."""

import pytest

from channels.addresses import inbound_url
from channels.providers import config_of
from channels.providers.signing import build_signed_form
from channels.providers.simulator import message_fields, new_message_sid
from conversations.actors import Actor
from conversations.models import Conversation, Event, Identity, Message
from conversations.services import delivery, lifecycle, merging, replies
from conversations.services.replies import ReplyRefusedError
from teams.clock import database_now
from tests.doors import customer_writes, knock, provider_reports
from tests.factories import make_agent, make_channel, make_conversation, make_message

pytestmark = pytest.mark.django_db


def events():
    return list(
        Event.objects.filter(type__startswith="contact.opted").values_list("type", flat=True)
    )


def answer(conversation, body="Hello"):
    alice = make_agent()
    person = Actor.person(alice.pk, alice.name)
    now = database_now()
    return replies.queue_reply(conversation, author=alice, body=body, actor=person, now=now)


class TestAWord:
    def test_is_recorded_with_the_message_that_said_it(self):
        channel = make_channel()

        customer_writes(channel, "Stop")

        identity = Identity.objects.get()
        assert identity.opted_out_at is not None
        assert identity.opted_out_reason == "word"
        event = Event.objects.get(type="contact.opted_out")
        assert event.actor_kind == "contact"
        assert event.data == {"medium": "whatsapp", "reason": "word", "said": "Stop"}
        assert Message.objects.get().body == "Stop"

    def test_is_obeyed_by_answers(self):
        customer_writes(make_channel(), "STOP")

        with pytest.raises(ReplyRefusedError, match=r"contact\.opted_out"):
            answer(Conversation.objects.get())

    def test_is_obeyed_by_what_was_queued_before(self):
        channel = make_channel(provider="simulator")
        customer_writes(channel, "Hi")
        queued = answer(Conversation.objects.get())
        customer_writes(channel, "STOP")

        delivery.send_next(now=database_now())

        queued.refresh_from_db()
        assert (queued.delivery_status, queued.error_code) == ("failed", "opted_out")

    def test_is_taken_back_by_another(self):
        channel = make_channel()
        for text in ("Hi", "STOP", "stop", "start", "START"):
            customer_writes(channel, text)

        assert events() == ["contact.opted_out", "contact.opted_in"]
        assert Identity.objects.get().opted_out_at is None
        answer(Conversation.objects.get())

    def test_of_a_customer_with_two_numbers_is_about_the_one_that_wrote_and_the_one_answered(self):
        channel = make_channel()
        customer_writes(channel, "Hi", address="+819000000001")
        customer_writes(channel, "Hi", address="+819000000002")
        older, newer = Conversation.objects.order_by("pk")
        system, now = Actor.system(), database_now()
        lifecycle.resolve(newer, actor=system, now=now)
        merging.merge(newer.contact, into=older.contact, actor=system, now=now)

        customer_writes(channel, "STOP", address="+819000000002")

        assert Identity.objects.filter(opted_out_at__isnull=False).count() == 2
        assert events() == ["contact.opted_out"]
        customer_writes(channel, "START", address="+819000000002")
        assert not Identity.objects.filter(opted_out_at__isnull=False).exists()

    def test_counts_once_however_often_it_is_delivered(self):
        channel = make_channel()
        for _ in range(3):
            customer_writes(channel, "STOP", message_sid="SM" + "1" * 32)

        assert events() == ["contact.opted_out"]

    def test_is_the_channels_own(self):
        customer_writes(make_channel(stop_words="basta"), "stop")
        assert events() == []
        customer_writes(make_channel(stop_words="basta"), "Basta!")
        assert events() == ["contact.opted_out"]

    def test_on_sms_is_also_what_twilio_obeys(self):
        channel = make_channel(medium="sms", stop_words="", start_words="")
        customer_writes(channel, "quit")
        assert events() == ["contact.opted_out"]
        customer_writes(channel, "unstop")
        assert events() == ["contact.opted_out", "contact.opted_in"]


class TestTheProvider:
    @pytest.mark.parametrize(("word", "expected"), [("STOP", True), ("HELP", False)])
    def test_says_what_it_read(self, word, expected):
        channel = make_channel(medium="sms")
        config = config_of(channel)
        fields = message_fields(
            config,
            address="+819000000001",
            text="Genug jetzt",
            message_sid=new_message_sid(),
        )
        url = inbound_url(channel)
        knock(url, *build_signed_form(config, url=url, fields={**fields, "OptOutType": word}))

        identity = Identity.objects.get()
        assert (identity.opted_out_at is not None) is expected
        assert identity.opted_out_reason == ("provider" if expected else "")

    @pytest.mark.parametrize("code", ["21610", "63014"])
    def test_reports_it_about_a_message(self, code):
        message = make_message(
            conversation=make_conversation(),
            delivery_status="sent",
            provider_message_id="SM" + "2" * 32,
            direction="outbound",
        )

        provider_reports(message, "failed", ErrorCode=code)

        identity = Identity.objects.get()
        assert identity.opted_out_reason == "refused"
        assert Event.objects.get(type="contact.opted_out").data["said"] == code
