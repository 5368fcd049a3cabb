"""The rate of a channel: kept by one worker, and waited for without spinning."""

from datetime import timedelta

import pytest

from channels.models import Pace
from conversations.delivery_states import DeliveryStatus
from conversations.models import Message
from conversations.models.message import Direction
from conversations.services import delivery
from tests.factories import make_channel, make_contact, make_conversation, make_message
from tests.fake_twilio import running
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = pytest.mark.django_db


@pytest.fixture
def twilio(settings):
    with running() as fake:
        settings.TWILIO_API_BASE_URL = fake.url
        yield fake


def fill(channel, count):
    for _ in range(count):
        make_message(
            conversation=make_conversation(channel=channel, contact=make_contact()),
            direction=Direction.OUTBOUND,
            delivery_status=DeliveryStatus.QUEUED,
            send_due_at=MORNING,
        )


def drain(now):
    count = 0
    while delivery.send_next(now=now):
        count += 1
    return count


class TestAChannel:
    def test_sends_no_faster_than_its_rate(self, twilio):
        fill(make_channel(rate_per_s=2.0), 9)

        taken = [drain(MORNING + timedelta(seconds=0.5 * tick)) for tick in range(8)]

        assert taken == [2, 1, 1, 1, 1, 1, 1, 1]

    def test_sends_by_sms_once_a_second_unless_it_may_do_more(self, twilio):
        fill(make_channel(medium="sms"), 3)

        assert drain(MORNING) == 1
        assert delivery.next_ready_at(now=MORNING) == MORNING + timedelta(seconds=1)

    def test_does_not_hold_up_another(self, twilio):
        slow, fast = make_channel(rate_per_s=1.0), make_channel(name="Other")
        fill(slow, 5)
        fill(fast, 5)

        assert drain(MORNING) == 6

    def test_is_held_when_the_provider_asks_for_it(self, twilio):
        channel = make_channel()
        fill(channel, 3)
        twilio.fail_next(code=20429, status=429, retry_after="30")

        drain(MORNING)

        assert len(twilio.messages) == 0
        assert Pace.objects.get().ready_at == MORNING + timedelta(seconds=30)
        assert drain(MORNING + timedelta(seconds=29)) == 0
        assert drain(MORNING + timedelta(seconds=30)) == 1  # slowly at first
        assert drain(MORNING + timedelta(seconds=31)) == 2

    def test_has_nothing_to_wait_for_when_nothing_is_due(self, twilio):
        fill(make_channel(), 1)
        drain(MORNING)

        assert delivery.next_ready_at(now=MORNING) is None
        assert Message.objects.get().delivery_status == "sent"
