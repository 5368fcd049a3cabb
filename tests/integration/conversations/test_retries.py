"""Sending a message once more: by a person, once, and only where it is safe."""

from datetime import timedelta

import pytest
from django.db import connection, transaction

from conversations.actors import Actor
from conversations.delivery_states import DeliveryStatus
from conversations.models import DeliveryReport, Identity, Message
from conversations.models.message import Direction
from conversations.services import delivery, retries
from conversations.services.replies import ReplyRefusedError
from conversations.services.retries import RetryRefusedError
from tests.doors import provider_reports
from tests.factories import make_agent, make_channel, make_conversation, make_message
from tests.fake_twilio import running
from tests.faults.two_sessions import Session, wait_until_blocked
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = pytest.mark.django_db
SOON = MORNING + timedelta(minutes=5)
OLD_SID, NEW_SID = "SM" + "0" * 32, "SM" + "9" * 32
SYSTEM = Actor.system()


@pytest.fixture
def twilio(settings):
    with running() as fake:
        settings.TWILIO_API_BASE_URL = fake.url
        yield fake


def make_answer(*, status=DeliveryStatus.FAILED, conversation=None, **fields):
    return make_message(
        conversation=conversation or make_conversation(),
        author=make_agent(),
        direction=Direction.OUTBOUND,
        body="On its way.",
        delivery_status=status,
        **fields,
    )


def retry(message, *, verb=retries.retry, actor=SYSTEM, now=SOON):
    return verb(message, actor=actor, now=now)


class TestAFailedMessage:
    def test_is_sent_once_more(self, twilio):
        message = make_answer(error_code="30008", error_detail="No reason.", attempt=1)

        retry(message)
        while delivery.send_next(now=SOON):
            pass

        message.refresh_from_db()
        assert (message.delivery_status, message.error_code, message.attempt) == ("sent", "", 2)
        assert [send["message"]["body"] for send in twilio.store.sends] == ["On its way."]

    def test_is_written_down_with_who_did_it(self):
        alice = make_agent()
        message = make_answer(error_code="30008")

        retry(message, actor=Actor.person(alice.pk, alice.name))

        event = message.conversation.events.get(type="message.retried")
        assert (event.actor, event.occurred_at) == (alice, SOON)
        assert event.data == {
            "message": str(message.public_id),
            "was": "failed",
            "error_code": "30008",
        }

    def test_is_sent_once_more_once(self):
        message = make_answer()
        retry(message)

        with pytest.raises(RetryRefusedError, match=r"message\.not_failed"):
            retry(message)

    def test_is_not_sent_when_the_window_is_over(self):
        message = make_answer()

        with pytest.raises(ReplyRefusedError, match=r"message\.template_required"):
            retry(message, now=MORNING + timedelta(hours=24))

        message.refresh_from_db()
        assert message.delivery_status == "failed"

    def test_is_not_sent_to_somebody_who_opted_out(self):
        message = make_answer()
        Identity.objects.update(opted_out_at=MORNING)

        with pytest.raises(ReplyRefusedError, match=r"contact\.opted_out"):
            retry(message)

    @pytest.mark.parametrize(
        ("fields", "code"),
        [({"status": "closed"}, "conversation.closed"), ({}, "channel.inactive")],
    )
    def test_is_not_sent_where_nothing_is(self, fields, code):
        channel = make_channel(is_active=bool(fields))
        message = make_answer(conversation=make_conversation(channel=channel, **fields))

        with pytest.raises(ReplyRefusedError, match=code.replace(".", r"\.")):
            retry(message)

    def test_is_not_taken_for_its_earlier_try(self, twilio):
        """A late report about the try that failed says nothing about this one."""
        message = make_answer(provider_message_id=OLD_SID, status=DeliveryStatus.SENT)
        provider_reports(message, "undelivered", ErrorCode="30008")
        retry(message)

        provider_reports(message, "sent")
        while delivery.send_next(now=SOON):
            pass

        old = DeliveryReport.objects.filter(provider_message_id=OLD_SID)
        assert set(old.values_list("status", flat=True)) == {"undelivered", "sent"}
        message.refresh_from_db()
        assert message.provider_message_id == twilio.messages[0]["sid"]
        provider_reports(message, "delivered")
        message.refresh_from_db()
        assert message.delivery_status == "delivered"


class TestAMessageInDoubt:
    def test_is_sent_only_by_somebody_who_accepts_the_doubt(self):
        message = make_answer(status=DeliveryStatus.UNKNOWN)

        with pytest.raises(RetryRefusedError, match=r"message\.in_doubt"):
            retry(message)

        assert retry(message, verb=retries.retry_despite_doubt).delivery_status == "queued"

    def test_is_not_sent_again_if_a_report_comes_in_time(self, twilio):
        message = make_answer(status=DeliveryStatus.UNKNOWN)
        retry(message, verb=retries.retry_despite_doubt)
        message.provider_message_id = OLD_SID

        provider_reports(message, "delivered")

        assert not delivery.send_next(now=SOON)
        message.refresh_from_db()
        assert (message.delivery_status, message.send_due_at) == ("delivered", None)
        assert twilio.messages == []


class TestAnyOther:
    @pytest.mark.parametrize("verb", [retries.retry, retries.retry_despite_doubt])
    @pytest.mark.parametrize(
        "status", ["queued", "sending", "sent", "delivered", "read", ""], ids=str
    )
    def test_is_refused(self, status, verb):
        message = make_answer(status=status)

        with pytest.raises(RetryRefusedError, match=r"message\.not_failed"):
            retry(message, verb=verb)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer")
@pytest.mark.django_db(transaction=True)
class TestTwoWhoPressAtOnce:
    def test_send_it_once(self):
        message = make_answer()

        with transaction.atomic():
            retry(message)
            second = Session(lambda: retry(message))
            wait_until_blocked()

        with pytest.raises(RetryRefusedError, match=r"message\.not_failed"):
            second.wait()
        assert Message.objects.get().conversation.events.filter(type="message.retried").count() == 1
