"""Endpoints and deliveries over the API: secrets are shown once, and only to those who may."""

from datetime import timedelta

import pytest
from django.utils import timezone

from channels.models import Endpoint
from conversations.models import EndpointDelivery
from conversations.services import forwards, outbox
from teams.models import StoredAnswer
from tests.factories import (
    make_agent,
    make_channel,
    make_conversation,
    make_endpoint,
    make_event,
    make_supervisor,
)
from tests.fake_receiver import running
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = pytest.mark.django_db
NEW = {"name": "CRM", "url": "https://crm.example.com/events"}


@pytest.fixture(autouse=True)
def _named(settings):
    settings.EGRESS_ALLOWED_HOSTS = ["crm.example.com", "127.0.0.1"]


def queue(endpoint=None, **fields):
    """Queue one event for an endpoint."""
    endpoint = endpoint or make_endpoint()
    make_event(conversation=make_conversation(**fields))
    outbox.publish_next(now=MORNING)
    return EndpointDelivery.objects.order_by("-pk").first()


class TestCreate:
    def test_answers_with_the_secret_once(self, api):
        answer = api.post("endpoints/", NEW)

        assert answer.status_code == 201
        endpoint = Endpoint.objects.get()
        assert answer.json()["secret"] == endpoint.secret
        assert endpoint.secret.startswith("whsec_")
        later = [api.get("endpoints/"), api.get(f"endpoints/{endpoint.public_id}/")]
        assert all("secret" not in str(one.json()).replace("previous_secret", "") for one in later)

    def test_with_a_key_is_done_once_and_keeps_no_secret(self, api):
        answers = [api.post("endpoints/", NEW, Idempotency_Key="k1") for _ in range(2)]

        assert [answer.status_code for answer in answers] == [201, 201]
        endpoint = Endpoint.objects.get()
        assert {answer.json()["secret"] for answer in answers} == {endpoint.secret}
        assert endpoint.secret not in StoredAnswer.objects.get().body

    def test_takes_a_channel_and_patterns(self, api):
        channel = make_channel()
        body = NEW | {"channel_id": str(channel.public_id), "event_types": ["message.*"]}

        answer = api.post("endpoints/", body)

        assert answer.json()["channel_id"] == str(channel.public_id)
        assert Endpoint.objects.get().event_types == ["message.*"]

    @pytest.mark.parametrize(
        ("change", "code", "field"),
        [
            ({"url": "https://127.0.0.2/"}, "blocked_url", "url"),
            ({"url": "http://crm.example.org/"}, "blocked_url", "url"),
            ({"url": "https://user:pass@crm.example.com/"}, "blocked_url", "url"),
            ({"url": ""}, "validation", "url"),
            ({"event_types": ["mesage.received"]}, "validation", "event_types"),
            ({"event_types": "message.received"}, "validation", "event_types"),
            ({"channel_id": "01990000-0000-7000-8000-000000000000"}, "validation", "channel_id"),
            ({"secret": "whsec_mine"}, "unknown_field", "secret"),
        ],
    )
    def test_refuses_what_cannot_work(self, api, change, code, field):
        answer = api.post("endpoints/", NEW | change)

        assert (answer.status_code, answer.json()["code"]) == (422, code)
        assert list(answer.json()["fields"]) == [field]
        assert not Endpoint.objects.exists()

    def test_stops_at_ten_for_each_channel(self, api):
        channel = make_channel()
        for _ in range(10):
            make_endpoint(channel=channel)
        body = NEW | {"channel_id": str(channel.public_id)}

        answer = api.post("endpoints/", body)

        assert (answer.status_code, answer.json()["code"]) == (409, "endpoint.too_many")
        assert api.post("endpoints/", NEW).status_code == 201

    @pytest.mark.parametrize("make", [make_agent, make_supervisor])
    def test_is_for_administrators(self, call, make):
        endpoint = make_endpoint()
        caller = call(make())
        paths = ["endpoints/", f"endpoints/{endpoint.public_id}/", "deliveries/"]

        assert caller.post("endpoints/", NEW).status_code == 403
        assert {caller.get(path).status_code for path in paths} == {403}

    def test_needs_its_scope(self, ada, call):
        caller = call(ada, scopes=["read", "channels"])

        answer = caller.post("endpoints/", NEW)

        assert (answer.status_code, answer.json()["code"]) == (403, "auth.scope_missing")
        assert caller.get("endpoints/").status_code == 200


class TestChange:
    def test_of_the_address_clears_its_record(self, api):
        endpoint = make_endpoint(
            failing_since=MORNING, consecutive_failures=3, last_error="timeout", paused_at=MORNING
        )

        answer = api.patch(
            f"endpoints/{endpoint.public_id}/", {"url": "https://crm.example.com/new"}
        )

        assert answer.status_code == 200
        body = answer.json()
        assert (body["failing_since"], body["paused_at"], body["last_error"]) == (None, None, None)

    def test_of_the_address_is_looked_at_like_a_new_one(self, api):
        endpoint = make_endpoint()

        answer = api.patch(f"endpoints/{endpoint.public_id}/", {"url": "https://10.0.0.1/"})

        assert answer.json()["code"] == "blocked_url"

    def test_into_a_full_channel_is_refused(self, api):
        full = make_channel()
        for _ in range(10):
            make_endpoint(channel=full)
        endpoint = make_endpoint()

        answer = api.patch(f"endpoints/{endpoint.public_id}/", {"channel_id": str(full.public_id)})

        assert answer.status_code == 409

    def test_removes_it_with_what_it_was_sent(self, api):
        delivery = queue()

        answer = api.delete(f"endpoints/{delivery.endpoint.public_id}/")

        assert answer.status_code == 204
        assert not Endpoint.objects.exists()
        assert not EndpointDelivery.objects.exists()


class TestSecretRotation:
    def test_lets_both_sign_for_a_day(self, api):
        endpoint = make_endpoint()
        old = endpoint.secret

        answer = api.post(f"endpoints/{endpoint.public_id}/rotate-secret/", {})

        endpoint.refresh_from_db()
        assert answer.json()["secret"] == endpoint.secret != old
        assert endpoint.previous_secret == old
        assert endpoint.previous_secret_until == timezone.now() + timedelta(days=1)

    def test_at_once_ends_the_old_one(self, api):
        endpoint = make_endpoint()

        api.post(f"endpoints/{endpoint.public_id}/rotate-secret/", {"overlap_s": 0})

        endpoint.refresh_from_db()
        assert (endpoint.previous_secret, endpoint.previous_secret_until) == ("", None)


class TestATest:
    def test_is_queued_and_can_be_read(self, api):
        with running() as receiver:
            endpoint = make_endpoint(url=receiver.url)
            queued = api.post(f"endpoints/{endpoint.public_id}/test/", {"type": "survey.answered"})
            forwards.deliver_next(now=MORNING)

            answer = api.get(f"deliveries/{queued.json()['id']}/").json()

        assert queued.status_code == 202
        assert (answer["status"], answer["type"]) == ("delivered", "survey.answered")
        assert (answer["response_status"], answer["response_body"]) == (200, "ok")
        assert receiver.calls[0].id == answer["message_id"]


class TestDeliveries:
    def test_say_whose_they_are_and_what_went_wrong(self, api):
        delivery = queue()
        EndpointDelivery.objects.update(error="http", response_status=500, tries=1)

        answer = api.get("deliveries/").json()["data"][0]

        assert answer["endpoint_id"] == str(delivery.endpoint.public_id)
        assert answer["event_id"] == str(delivery.event.public_id)
        assert answer["conversation_id"] == str(delivery.event.conversation.public_id)
        assert answer["message_id"] == delivery.message_id
        assert answer["error_detail"] == "It answered with 500; only 2xx counts."
        assert answer["next_try_at"] == "2026-11-18T09:00:00Z"

    def test_are_filtered(self, api):
        first, second = queue(), queue(make_endpoint(name="Other", event_types=["survey.*"]))
        EndpointDelivery.objects.filter(pk=first.pk).update(status="dead", due_at=None)

        def ids(**query):
            return [one["id"] for one in api.get("deliveries/", query).json()["data"]]

        assert ids(status="dead") == [str(first.public_id)]
        assert str(first.public_id) in ids(endpoint=str(first.endpoint.public_id))
        assert ids(conversation=str(second.event.conversation.public_id)) == [str(second.public_id)]
        assert ids(type="survey.sent") == []
        assert api.get("deliveries/", {"state": "dead"}).status_code == 400

    def test_of_a_page_cost_the_same_whatever_their_number(
        self, api, django_assert_max_num_queries
    ):
        endpoint = make_endpoint()
        for _ in range(8):
            queue(endpoint)

        with django_assert_max_num_queries(8):
            api.get("deliveries/")

    def test_are_sent_again_one_by_one(self, api):
        delivery = queue()
        EndpointDelivery.objects.update(status="dead", due_at=None, tries=10)

        answer = api.post(f"deliveries/{delivery.public_id}/retry/", {})

        assert answer.status_code == 202
        assert (answer.json()["status"], answer.json()["tries"]) == ("pending", 0)

    def test_are_sent_again_by_the_stretch_of_time(self, api):
        endpoint = make_endpoint()
        for _ in range(3):
            queue(endpoint)
        EndpointDelivery.objects.update(status="dead", due_at=None)
        last = EndpointDelivery.objects.order_by("-pk").first()
        EndpointDelivery.objects.filter(pk=last.pk).update(created_at=MORNING + timedelta(hours=1))
        body = {"endpoint_id": str(endpoint.public_id), "until": "2026-11-18T10:00:00Z"}

        answer = api.post("deliveries/replay/", body)

        assert (answer.status_code, answer.json()) == (202, {"count": 2})
        assert list(EndpointDelivery.objects.dead()) == [last]

    def test_of_nobody_are_not_sent_again(self, api):
        body = {"endpoint_id": "01990000-0000-7000-8000-000000000000"}

        assert api.post("deliveries/replay/", body).status_code == 422


class TestAPausedEndpoint:
    def test_is_resumed(self, api):
        endpoint = make_endpoint(paused_at=MORNING, pause_reason="gone")

        answer = api.post(f"endpoints/{endpoint.public_id}/resume/", {})

        assert (answer.status_code, answer.json()["paused_at"]) == (200, None)
