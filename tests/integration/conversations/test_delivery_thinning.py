"""What endpoints were told long ago is let go of; what they never heard is not."""

from datetime import timedelta

import pytest

from conversations.models import EndpointDelivery, Event
from conversations.services import delivery_thinning, forward_replays
from conversations.services.delivery_thinning import forget_next_delivered
from tests.factories import make_channel, make_conversation, make_endpoint, make_event
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = pytest.mark.django_db
DAYS_90 = timedelta(days=90)


@pytest.fixture
def endpoint():
    return make_endpoint(channel=make_channel())


def told(endpoint, *, at=MORNING, status="delivered", **fields):
    event = make_event(conversation=make_conversation(channel=endpoint.channel))
    return EndpointDelivery.objects.create(
        endpoint=endpoint,
        event=event,
        event_type=event.type,
        ordering_key=str(event.public_id),
        status=status,
        created_at=at,
        queued_at=at,
        finished_at=None if status == "pending" else at,
        **fields,
    )


class TestForgettingDeliveries:
    def test_deletes_what_arrived_long_enough_ago(self, endpoint):
        old, newer = told(endpoint), told(endpoint, at=MORNING + timedelta(seconds=1))
        assert not forget_next_delivered(now=MORNING + DAYS_90 - timedelta(seconds=1))

        assert forget_next_delivered(now=MORNING + DAYS_90)

        assert list(EndpointDelivery.objects.all()) == [newer]
        assert Event.objects.filter(pk=old.event_id).exists()
        assert not forget_next_delivered(now=MORNING + DAYS_90)

    def test_leaves_what_never_arrived(self, endpoint):
        told(endpoint, status="dead")
        told(endpoint, status="pending", due_at=MORNING)
        assert not forget_next_delivered(now=MORNING + 10 * DAYS_90)
        assert EndpointDelivery.objects.count() == 2

    def test_leaves_what_was_sent_again_since(self, endpoint):
        delivery = told(endpoint)
        forward_replays.send_again(delivery, now=MORNING + DAYS_90)
        assert not forget_next_delivered(now=MORNING + DAYS_90)
        assert EndpointDelivery.objects.get().status == "pending"

    def test_goes_by_batches_the_oldest_first(self, endpoint, monkeypatch):
        monkeypatch.setattr(delivery_thinning, "BATCH", 2)
        rows = [told(endpoint, at=MORNING + timedelta(minutes=n)) for n in (3, 1, 2)]
        assert forget_next_delivered(now=MORNING + 2 * DAYS_90)
        assert list(EndpointDelivery.objects.all()) == [rows[0]]

    def test_keeps_everything_at_0(self, endpoint, settings):
        settings.DELIVERY_KEEP_DAYS = 0
        told(endpoint)
        assert not forget_next_delivered(now=MORNING + 10 * DAYS_90)
