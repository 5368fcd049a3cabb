"""Answers that are too long for one message: several rows, one message to whoever reads it."""

from datetime import timedelta

import pytest

from conversations.actors import Actor
from conversations.models import Event, Message
from conversations.services import delivery, replies, retries
from conversations.services.retries import RetryRefusedError
from tests.doors import provider_reports
from tests.factories import make_agent, make_conversation
from tests.fake_twilio import running
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = pytest.mark.django_db

LONG = "\n\n".join(f"Paragraph {n}. " + "word " * 150 for n in range(5))


@pytest.fixture
def twilio(settings):
    with running() as fake:
        settings.TWILIO_API_BASE_URL = fake.url
        yield fake


def queue(body=LONG):
    alice = make_agent()
    person = Actor.person(alice.pk, alice.name)
    return replies.queue_reply(
        make_conversation(), author=alice, body=body, actor=person, now=MORNING
    )


def drain(now=MORNING):
    while delivery.send_next(now=now):
        pass


def statuses():
    return list(Message.objects.order_by("sequence").values_list("delivery_status", flat=True))


class TestALongAnswer:
    def test_goes_out_in_its_order_and_whole(self, twilio):
        message = queue()

        drain()

        sent = [each["body"] for each in twilio.messages]
        assert len(sent) == 3
        assert all(len(body) <= 1600 for body in sent)
        assert " ".join(sent).split() == LONG.split()
        assert message.whole_body == LONG
        assert [part.sequence for part in message.whole] == [1, 2, 3]

    def test_is_noted_once_when_it_is_written(self):
        message = queue()

        event = Event.objects.get(type="message.queued")
        assert event.data["message"] == str(message.public_id)

    def test_reports_each_part_by_the_name_of_the_whole(self, twilio):
        message = queue()
        drain()

        changed = Event.objects.filter(type="message.status_changed").order_by("pk")
        assert [event.data["message"] for event in changed] == [str(message.public_id)] * 3
        assert [event.data.get("part") for event in changed] == [None, 2, 3]

    def test_is_delivered_when_every_part_is(self, twilio):
        message = queue()
        drain()
        for part in message.whole[:2]:
            part.refresh_from_db()
            provider_reports(part, "delivered")
        assert Message.objects.get(pk=message.pk).whole_status == "sent"

        last = Message.objects.get(sequence=3)
        provider_reports(last, "delivered")

        assert Message.objects.get(pk=message.pk).whole_status == "delivered"

    def test_waits_behind_a_part_that_is_tried_again(self, twilio):
        queue()
        twilio.fail_next(code=20429, status=429)
        drain()
        assert statuses() == ["queued"] * 3

        drain(now=MORNING + timedelta(seconds=2))

        assert statuses() == ["sent"] * 3

    def test_does_not_go_on_behind_a_part_that_failed(self, twilio):
        message = queue()
        delivery.send_next(now=MORNING)
        twilio.fail_next(code=30007)
        drain()

        assert statuses() == ["sent", "failed", "failed"]
        codes = Message.objects.order_by("sequence").values_list("error_code", flat=True)
        assert list(codes) == ["", "30007", "part_before"]
        assert message.whole[0].whole_status == "failed"

    def test_is_sent_again_from_where_it_failed(self, twilio):
        message = queue()
        delivery.send_next(now=MORNING)
        twilio.fail_next(code=30007)
        drain()

        retries.retry(message, actor=Actor.system(), now=MORNING)
        drain()

        assert statuses() == ["sent"] * 3
        assert len(twilio.messages) == 3

    def test_is_not_sent_again_while_nothing_failed(self, twilio):
        message = queue()
        drain()

        with pytest.raises(RetryRefusedError, match="not_failed"):
            retries.retry(message, actor=Actor.system(), now=MORNING)


class TestAShortAnswer:
    def test_is_one_message(self, twilio):
        message = queue("  Hello\n")
        drain()

        assert [each["body"] for each in twilio.messages] == ["Hello"]
        assert message.whole == [message]
