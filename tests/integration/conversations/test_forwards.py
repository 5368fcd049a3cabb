"""Telling endpoints of events: each once, in order, at least once, and within three days."""

import json
from datetime import timedelta

import pytest

from channels.models import Endpoint
from channels.services import endpoints
from channels.signatures import is_genuine
from conversations.models import EndpointDelivery, Event
from conversations.services import forward_replays, forwards, outbox
from tests.factories import make_channel, make_conversation, make_endpoint, make_event, make_message
from tests.fake_receiver import running
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = pytest.mark.django_db


@pytest.fixture
def receiver(settings):
    settings.EGRESS_ALLOWED_HOSTS = ["127.0.0.1"]
    with running() as fake:
        yield fake


def publish(now=MORNING):
    while outbox.publish_next(now=now):
        pass


def deliver(now=MORNING):
    while forwards.deliver_next(now=now):
        pass


def tell(now=MORNING):
    publish(now)
    deliver(now)


def is_signed(call, secret):
    return is_genuine(
        call.headers["webhook-signature"],
        secret=secret,
        message_id=call.id,
        timestamp=call.headers["webhook-timestamp"],
        body=call.body,
        now_s=float(call.headers["webhook-timestamp"]),
    )


def ids_of(*events):
    return [f"msg_{event.public_id.hex}" for event in events]


class TestTheOutbox:
    def test_makes_one_delivery_for_each_endpoint_that_wants_the_event(self):
        channel, other = make_channel(), make_channel()
        conversation = make_conversation(channel=channel)
        house = make_endpoint(name="All")
        own = make_endpoint(name="Own", channel=channel)
        make_endpoint(name="Other", channel=other)
        make_endpoint(name="Off", is_active=False)
        some = make_endpoint(name="Some", event_types=["message.*"])
        make_endpoint(name="Few", event_types=["conversation.created"])
        event = make_event(conversation=conversation)

        publish()

        told = set(EndpointDelivery.objects.values_list("endpoint", "event"))
        assert told == {(one.pk, event.pk) for one in (house, own, some)}
        event.refresh_from_db()
        assert event.published_at == MORNING

    def test_publishes_an_event_once(self):
        make_endpoint()
        make_event(conversation=make_conversation())

        publish()
        publish()
        Event.objects.update(published_at=None)
        with pytest.raises(Exception, match=r"(?i)unique"):
            publish()

    def test_marks_what_nobody_wants_to_hear(self):
        for _ in range(3):
            make_event(conversation=make_conversation())

        assert outbox.publish_next(now=MORNING)

        assert not outbox.publish_next(now=MORNING)
        assert not Event.objects.unpublished().exists()
        assert not EndpointDelivery.objects.exists()

    def test_tells_account_wide_endpoints_of_what_belongs_to_no_channel(self):
        house, _own = make_endpoint(), make_endpoint(channel=make_channel())
        contact = make_conversation().contact
        make_event(type="contact.updated", contact=contact)

        publish()

        assert list(EndpointDelivery.objects.values_list("endpoint", flat=True)) == [house.pk]

    def test_lets_only_the_first_of_a_conversation_go(self):
        make_endpoint()
        one, other = make_conversation(), make_conversation()
        for conversation in (one, one, other, one):
            make_event(conversation=conversation)

        publish()

        due = [d.due_at is not None for d in EndpointDelivery.objects.order_by("pk")]
        assert due == [True, False, True, False]


class TestADelivery:
    def test_says_what_happened_and_how_things_are(self, receiver):
        make_endpoint(url=receiver.url)
        conversation = make_conversation(tags=["vip"])
        message = make_message(conversation=conversation)
        event = make_event(conversation=conversation, data={"message": str(message.public_id)})

        tell()

        call = receiver.calls[0]
        payload = json.loads(call.body)
        assert call.id == ids_of(event)[0]
        assert payload["type"] == "message.received"
        assert payload["timestamp"] == "2026-11-18T09:00:00Z"
        assert payload["data"]["conversation"]["id"] == str(conversation.public_id)
        assert payload["data"]["conversation"]["tags"] == ["vip"]
        assert payload["data"]["message"]["body"] == "Where is my order?"
        assert "raw" not in payload["data"]
        delivery = EndpointDelivery.objects.get()
        assert (delivery.status, delivery.tries, delivery.response_status) == ("delivered", 1, 200)
        assert (delivery.response_body, delivery.due_at, delivery.lease_until) == ("ok", None, None)

    def test_goes_out_in_the_order_of_its_conversation(self, receiver):
        make_endpoint(url=receiver.url)
        one, other = make_conversation(), make_conversation()
        events = [make_event(conversation=c) for c in (one, other, one, one, other)]

        tell()

        arrived = [call.id for call in receiver.calls]
        assert sorted(arrived) == sorted(ids_of(*events))
        assert [i for i in arrived if i in ids_of(events[0], events[2], events[3])] == ids_of(
            events[0], events[2], events[3]
        )

    def test_holds_up_its_conversation_until_it_was_taken_and_no_other(self, receiver):
        make_endpoint(url=receiver.url)
        one, other = make_conversation(), make_conversation()
        first, second = make_event(conversation=one), make_event(conversation=one)
        beside = make_event(conversation=other)
        receiver.tell(status=500)

        tell()

        assert receiver.ids == ids_of(beside)
        deliver(MORNING + timedelta(seconds=10))
        assert receiver.ids == ids_of(beside, first, second)
        assert receiver.repeats[ids_of(first)[0]] == 2

    def test_is_tried_ten_times_and_then_given_up_where_everybody_sees_it(self, receiver):
        endpoint = make_endpoint(url=receiver.url)
        make_event(conversation=make_conversation())
        receiver.tell(status=500, body=b"no", times=10)
        publish()

        tries = []
        for hour in range(80 * 4):
            now = MORNING + timedelta(minutes=15 * hour)
            before = len(receiver.calls)
            while forwards.deliver_next(now=now):
                pass
            tries += [now - MORNING] * (len(receiver.calls) - before)

        delivery = EndpointDelivery.objects.get()
        assert (delivery.status, delivery.tries, len(tries)) == ("dead", 10, 10)
        assert (delivery.error, delivery.response_status, delivery.response_body) == (
            "http",
            500,
            "no",
        )
        assert timedelta(days=2.7) < tries[-1] < timedelta(hours=76)
        assert len({call.id for call in receiver.calls}) == 1
        endpoint.refresh_from_db()
        assert endpoint.consecutive_failures == 10

    def test_behind_one_that_was_given_up_has_its_own_try(self, receiver):
        make_endpoint(url=receiver.url)
        conversation = make_conversation()
        bad, good = make_event(conversation=conversation), make_event(conversation=conversation)
        publish()
        EndpointDelivery.objects.filter(event=bad).update(tries=9)
        receiver.tell(status=500)

        deliver()

        assert receiver.ids == ids_of(good)
        assert EndpointDelivery.objects.get(event=bad).status == "dead"

    def test_waits_as_long_as_the_receiver_asks(self, receiver):
        endpoint = make_endpoint(url=receiver.url)
        make_event(conversation=make_conversation())
        make_event(conversation=make_conversation())
        receiver.tell(status=429, headers={"Retry-After": "3600"})

        tell()

        assert len(receiver.calls) == 1
        endpoint.refresh_from_db()
        assert endpoint.held_until >= MORNING + timedelta(hours=1)
        deliver(MORNING + timedelta(minutes=59))
        assert len(receiver.calls) == 1
        deliver(MORNING + timedelta(minutes=61))
        assert len(receiver.ids) == 2

    @pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 500])
    def test_was_taken_only_where_the_answer_says_so(self, receiver, status):
        make_endpoint(url=receiver.url)
        make_event(conversation=make_conversation())
        receiver.tell(status=status, headers={"Location": receiver.url})

        tell()

        delivery = EndpointDelivery.objects.get()
        assert (delivery.status, delivery.error, delivery.response_status) == (
            "pending",
            "http",
            status,
        )
        assert len(receiver.calls) == 1

    def test_that_is_answered_410_pauses_the_endpoint(self, receiver):
        endpoint = make_endpoint(url=receiver.url)
        conversation = make_conversation()
        first, second = make_event(conversation=conversation), make_event(conversation=conversation)
        receiver.tell(status=410)

        tell()
        deliver(MORNING + timedelta(days=2))

        endpoint.refresh_from_db()
        assert endpoint.pause_reason == "gone"
        assert len(receiver.calls) == 1
        forward_replays.resume(endpoint, now=MORNING + timedelta(days=4))
        deliver(MORNING + timedelta(days=4))
        assert receiver.ids == ids_of(first, second)

    def test_keeps_what_happens_while_its_endpoint_is_paused(self, receiver):
        endpoint = make_endpoint(url=receiver.url, paused_at=MORNING, pause_reason="failing")
        event = make_event(conversation=make_conversation())

        tell()

        assert EndpointDelivery.objects.get().status == "pending"
        forward_replays.resume(endpoint, now=MORNING)
        deliver()
        assert receiver.ids == ids_of(event)

    def test_pauses_an_endpoint_that_nothing_reached_for_five_days(self, receiver):
        endpoint = make_endpoint(url=receiver.url, failing_since=MORNING - timedelta(days=5))
        make_event(conversation=make_conversation())
        receiver.tell(status=500)

        tell()

        endpoint.refresh_from_db()
        assert endpoint.pause_reason == "failing"

    def test_of_a_slow_failure_keeps_the_endpoint_waiting(self, receiver):
        endpoint = make_endpoint(url=receiver.url)
        endpoints.note_failure(
            endpoint, error="timeout", took_s=15.0, retry_after_s=None, now=MORNING
        )

        make_event(conversation=make_conversation())
        tell()

        assert receiver.calls == []
        deliver(MORNING + timedelta(seconds=61))
        assert len(receiver.calls) == 1


class TestAWorker:
    def test_that_never_came_back_is_replaced_after_its_lease(self, receiver):
        make_endpoint(url=receiver.url)
        event = make_event(conversation=make_conversation())
        publish()
        lost = forwards._claim_next(now=MORNING)
        assert lost is not None

        deliver(MORNING + timedelta(seconds=89))
        assert receiver.calls == []
        deliver(MORNING + timedelta(seconds=91))

        assert receiver.ids == ids_of(event)
        assert EndpointDelivery.objects.get().attempt == 2

    def test_that_is_late_changes_nothing(self, receiver):
        make_endpoint(url=receiver.url)
        make_event(conversation=make_conversation())
        publish()
        late = forwards._claim_next(now=MORNING)
        deliver(MORNING + timedelta(seconds=91))
        delivery = EndpointDelivery.objects.get()
        forward_replays.send_again(delivery, now=MORNING + timedelta(seconds=92))

        outcome = forwards._send(late, now=MORNING)
        forwards._record(late, outcome=outcome, now=MORNING + timedelta(seconds=95))

        delivery.refresh_from_db()
        assert (delivery.status, delivery.attempt) == ("pending", 2)

    def test_that_is_lost_is_no_failure_of_the_endpoint(self, receiver):
        make_endpoint(url=receiver.url)
        make_event(conversation=make_conversation())
        publish()

        for minute in range(0, 30, 2):
            assert forwards._claim_next(now=MORNING + timedelta(minutes=minute))
        deliver(MORNING + timedelta(minutes=30))

        delivery = EndpointDelivery.objects.get()
        assert (delivery.status, delivery.tries, delivery.attempt) == ("delivered", 1, 16)

    def test_that_is_lost_again_and_again_ends_it(self, receiver):
        make_endpoint(url=receiver.url)
        make_event(conversation=make_conversation())
        publish()
        EndpointDelivery.objects.update(attempt=50, lease_until=MORNING)

        deliver()

        delivery = EndpointDelivery.objects.get()
        assert (delivery.status, delivery.error) == ("dead", "lost")
        assert receiver.calls == []

    def test_gives_every_endpoint_its_turn(self, receiver):
        hoarder, other = make_endpoint(url=receiver.url), make_endpoint(channel=make_channel())
        other.url = receiver.url + "/other"
        other.save(update_fields=["url"])
        for _ in range(5):
            make_event(conversation=make_conversation())
        make_event(conversation=make_conversation(channel=other.channel))
        publish()

        for _ in range(3):
            forwards.deliver_next(now=MORNING)

        assert "/events/other" in [call.path for call in receiver.calls]
        assert hoarder.pk < other.pk

    def test_tries_an_endpoint_that_fails_alone(self):
        make_endpoint(failing_since=MORNING)
        for _ in range(2):
            make_event(conversation=make_conversation())
        publish()

        assert forwards._claim_next(now=MORNING) is not None
        assert forwards._claim_next(now=MORNING) is None

    def test_without_the_secret_says_so_and_tries_again(self, receiver):
        endpoint = make_endpoint(url=receiver.url)
        make_event(conversation=make_conversation())
        Endpoint.objects.filter(pk=endpoint.pk).update(secret=Endpoint.objects.values("name")[:1])

        tell()

        delivery = EndpointDelivery.objects.get()
        assert (delivery.status, delivery.error) == ("pending", "secret")
        assert receiver.calls == []


class TestAReplay:
    def test_of_one_that_was_delivered_sends_it_again_under_its_id(self, receiver):
        make_endpoint(url=receiver.url)
        event = make_event(conversation=make_conversation())
        tell()

        forward_replays.send_again(EndpointDelivery.objects.get(), now=MORNING)
        deliver()

        assert receiver.repeats == {ids_of(event)[0]: 2}

    def test_of_all_dead_keeps_the_order(self, receiver):
        endpoint = make_endpoint(url=receiver.url)
        one, other = make_conversation(), make_conversation()
        events = [make_event(conversation=c) for c in (one, other, one, other, one)]
        publish()
        EndpointDelivery.objects.update(status="dead", due_at=None, tries=10)

        count = forward_replays.replay(endpoint, now=MORNING)
        deliver()

        assert count == 5
        assert [i for i in receiver.ids if i in ids_of(*events[::2])] == ids_of(*events[::2])
        assert set(receiver.ids) == set(ids_of(*events))
        assert not EndpointDelivery.objects.dead().exists()

    def test_of_a_stretch_of_time_takes_what_was_queued_then(self, receiver):
        endpoint = make_endpoint(url=receiver.url)
        for hour in range(4):
            make_event(conversation=make_conversation())
            tell(MORNING + timedelta(hours=hour))

        count = forward_replays.replay(
            endpoint,
            now=MORNING + timedelta(hours=5),
            statuses=["delivered"],
            since=MORNING + timedelta(hours=1),
            until=MORNING + timedelta(hours=3),
        )
        deliver(MORNING + timedelta(hours=5))

        assert count == 2
        assert sorted(receiver.repeats.values()) == [1, 1, 2, 2]

    def test_does_not_overtake_what_is_under_way(self, receiver):
        make_endpoint(url=receiver.url)
        conversation = make_conversation()
        make_event(conversation=conversation)
        tell()
        make_event(conversation=conversation)
        publish()
        old = EndpointDelivery.objects.order_by("pk").first()

        forward_replays.send_again(old, now=MORNING)

        old.refresh_from_db()
        assert (old.status, old.due_at) == ("pending", None)
        deliver()
        assert len(receiver.calls) == 3

    def test_of_one_that_waits_for_its_next_try_tries_it_now(self, receiver):
        make_endpoint(url=receiver.url)
        make_event(conversation=make_conversation())
        receiver.tell(status=500)
        tell()

        forward_replays.send_again(EndpointDelivery.objects.get(), now=MORNING)
        deliver()

        assert EndpointDelivery.objects.get().status == "delivered"


class TestARotatedSecret:
    def test_signs_beside_the_new_one_until_the_overlap_is_over(self, receiver):
        endpoint = make_endpoint(url=receiver.url)
        old = endpoint.secret
        rotated = endpoints.rotate_secret(endpoint, now=MORNING, overlap=timedelta(hours=1))
        for hours in (0, 1):
            make_event(conversation=make_conversation())
            tell(MORNING + timedelta(hours=hours))

        signed = [
            is_signed(call, secret) for call in receiver.calls for secret in (rotated.secret, old)
        ]
        assert signed == [True, True, True, False]

    def test_that_nobody_can_read_any_more_does_not_stop_the_new_one(self, receiver):
        endpoint = endpoints.rotate_secret(make_endpoint(url=receiver.url), now=MORNING)
        Endpoint.objects.filter(pk=endpoint.pk).update(
            previous_secret=Endpoint.objects.values("name")[:1]
        )
        make_event(conversation=make_conversation())

        tell()

        assert is_signed(receiver.calls[0], endpoint.secret)


class TestATest:
    def test_goes_to_its_endpoint_beside_everything_else(self, receiver):
        endpoint = make_endpoint(url=receiver.url, event_types=["survey.*"])

        delivery = forward_replays.send_test(endpoint, now=MORNING)
        forwards.deliver_at_once(delivery, now=MORNING)

        payload = json.loads(receiver.calls[0].body)
        assert payload["type"] == "endpoint.test"
        assert payload["data"]["test"] is True
        delivery.refresh_from_db()
        assert delivery.status == "delivered"
