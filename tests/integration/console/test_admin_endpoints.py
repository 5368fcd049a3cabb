"""Webhooks in the console: set up, looked after, and their dead letters sent again."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from channels.models import Endpoint
from conversations.models import EndpointDelivery
from conversations.services import forwards, outbox
from tests.console import sign_in
from tests.factories import (
    make_administrator,
    make_channel,
    make_conversation,
    make_endpoint,
    make_event,
    make_supervisor,
)
from tests.fake_receiver import running

pytestmark = pytest.mark.django_db
LIST = "/admin/channels/endpoint/"
DELIVERIES = "/admin/conversations/endpointdelivery/"


@pytest.fixture(autouse=True)
def _named(settings):
    settings.EGRESS_ALLOWED_HOSTS = ["127.0.0.1", "crm.example.com"]


@pytest.fixture
def client() -> Client:
    return sign_in(make_administrator())


@pytest.fixture
def receiver():
    with running() as fake:
        yield fake


def page(endpoint, name="change"):
    return reverse(f"admin:channels_endpoint_{name}", args=[endpoint.pk])


def queue(endpoint):
    make_event(conversation=make_conversation())
    outbox.publish_next(now=timezone.now())
    return EndpointDelivery.objects.get(endpoint=endpoint)


FORM = {
    "name": "CRM",
    "url": "https://crm.example.com/events",
    "channel": "",
    "event_types": ["message.*", "conversation.created"],
    "description": "",
    "is_active": "on",
}


class TestAnEndpoint:
    def test_is_made_and_shows_its_secret_once(self, client):
        answer = client.post(f"{LIST}add/", FORM)

        endpoint = Endpoint.objects.get()
        assert answer.headers["Location"] == page(endpoint, "secret")
        assert endpoint.event_types == ["message.*", "conversation.created"]
        shown = client.get(page(endpoint, "secret"))
        assert endpoint.secret in shown.content.decode()
        assert "no-store" in shown.headers["Cache-Control"]
        again = client.get(page(endpoint, "secret"))
        assert again.headers["Location"] == page(endpoint)
        assert endpoint.secret not in client.get(page(endpoint)).content.decode()

    @pytest.mark.parametrize(
        ("url", "sentence"),
        [
            ("https://127.0.0.2/", "private or reserved network"),
            ("http://crm.example.org/", "must begin with https://"),
            ("https://a:b@crm.example.com/", "user name or a password"),
            ("https://nobody.invalid/", "does not exist"),
        ],
    )
    def test_with_an_address_that_is_not_called_says_why(self, client, url, sentence):
        answer = client.post(f"{LIST}add/", FORM | {"url": url})

        assert sentence in answer.content.decode()
        assert not Endpoint.objects.exists()

    def test_is_changed(self, client):
        endpoint = make_endpoint(event_types=["*"])

        client.post(page(endpoint), FORM | {"name": "New CRM", "has_raw_payload": "on"})

        endpoint.refresh_from_db()
        assert (endpoint.name, endpoint.has_raw_payload) == ("New CRM", True)

    def test_is_the_tenth_of_its_channel_and_no_more(self, client):
        channel = make_channel()
        for _ in range(10):
            make_endpoint(channel=channel)

        answer = client.post(f"{LIST}add/", FORM | {"channel": channel.pk})

        assert "which is the most" in answer.content.decode()
        assert Endpoint.objects.count() == 10

    def test_is_for_administrators(self):
        endpoint = make_endpoint()
        client = sign_in(make_supervisor())

        assert client.get(LIST).status_code == 403
        for name in ("test", "resume", "rotate", "replay", "remove"):
            assert client.post(page(endpoint, name)).status_code == 403
        assert Endpoint.objects.exists()

    @pytest.mark.parametrize("name", ["test", "resume"])
    def test_changes_nothing_by_a_link(self, client, name):
        assert client.get(page(make_endpoint(), name)).status_code == 405

    def test_gets_a_new_secret_after_asking(self, client):
        endpoint = make_endpoint()
        old = endpoint.secret

        assert "both secrets sign" in client.get(page(endpoint, "rotate")).content.decode()
        answer = client.post(page(endpoint, "rotate"))

        endpoint.refresh_from_db()
        assert answer.headers["Location"] == page(endpoint, "secret")
        assert endpoint.secret != old == endpoint.previous_secret
        assert endpoint.secret in client.get(page(endpoint, "secret")).content.decode()

    def test_is_removed_after_asking(self, client):
        endpoint = make_endpoint()
        queue(endpoint)

        assert "cannot be undone" in client.get(page(endpoint, "remove")).content.decode()
        client.post(page(endpoint, "remove"))

        assert not Endpoint.objects.exists()

    def test_says_how_it_does(self, client):
        now = timezone.now()
        endpoint = make_endpoint(failing_since=now, last_error="timeout", consecutive_failures=3)
        delivery = queue(endpoint)
        EndpointDelivery.objects.update(
            status="dead", due_at=None, error="http", response_status=503, last_tried_at=now
        )

        text = client.get(page(endpoint)).content.decode()
        listed = client.get(LIST).content.decode()

        assert "Failing" in text
        assert "It answered with 503; only 2xx counts." in text
        assert "1 was given up." in text
        assert delivery.event_type in text
        assert "It did not answer in time." in listed
        assert "in trouble" in listed


class TestATest:
    def test_arrives_and_says_so(self, client, receiver):
        endpoint = make_endpoint(url=receiver.url)

        answer = client.post(page(endpoint, "test"), follow=True)

        assert "The test arrived. It answered 200 in" in answer.content.decode()
        assert len(receiver.calls) == 1

    def test_that_does_not_arrive_says_why(self, client, receiver):
        endpoint = make_endpoint(url=receiver.url)
        receiver.tell(status=404, body=b"<b>no such page</b>")

        text = client.post(page(endpoint, "test"), follow=True).content.decode()

        assert "The test did not arrive. It answered with 404; only 2xx counts." in text
        assert "&lt;b&gt;no such page&lt;/b&gt;" in text


class TestDeadLetters:
    def test_are_sent_again_in_one_go(self, client, receiver):
        endpoint = make_endpoint(url=receiver.url)
        queue(endpoint)
        EndpointDelivery.objects.update(status="dead", due_at=None, tries=10)

        answer = client.post(page(endpoint, "replay"), {"what": "dead"}, follow=True)
        forwards.deliver_next(now=timezone.now())

        assert "1 delivery goes out again." in answer.content.decode()
        assert len(receiver.calls) == 1

    def test_of_another_day_stay(self, client):
        endpoint = make_endpoint()
        queue(endpoint)
        EndpointDelivery.objects.update(status="dead", due_at=None)
        tomorrow = (timezone.now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")

        client.post(page(endpoint, "replay"), {"what": "all", "since": tomorrow})

        assert EndpointDelivery.objects.dead().count() == 1

    def test_are_sent_again_one_by_one(self, client, receiver):
        delivery = queue(make_endpoint(url=receiver.url))
        EndpointDelivery.objects.update(status="dead", due_at=None, tries=10)
        address = f"{DELIVERIES}{delivery.pk}/"

        assert "Send again" in client.get(f"{address}change/").content.decode()
        answer = client.post(f"{address}again/", follow=True)

        assert "It arrived." in answer.content.decode()
        assert client.get(f"{address}again/").status_code == 405


class TestAPausedEndpoint:
    def test_is_resumed_by_a_button(self, client):
        endpoint = make_endpoint(paused_at=timezone.now(), pause_reason="gone")
        assert "Gone" in client.get(page(endpoint)).content.decode()

        client.post(page(endpoint, "resume"))

        endpoint.refresh_from_db()
        assert endpoint.paused_at is None


class TestTheListOfDeliveries:
    def test_finds_by_the_ids_that_people_have(self, client):
        delivery = queue(make_endpoint())
        other = make_conversation()
        wanted = [
            delivery.message_id,
            str(delivery.event.public_id),
            str(delivery.public_id),
            str(delivery.event.conversation.public_id),
        ]

        for text in wanted:
            found = client.get(DELIVERIES, {"q": text}).context["cl"].result_list
            assert list(found) == [delivery]
        for text in (str(other.public_id), "msg_x", "Dora"):
            assert not client.get(DELIVERIES, {"q": text}).context["cl"].result_list

    def test_shows_what_is_sent_and_never_the_secret(self, client):
        delivery = queue(make_endpoint())

        text = client.get(f"{DELIVERIES}{delivery.pk}/change/").content.decode()

        assert "message.received" in text
        assert delivery.message_id in text
        assert delivery.endpoint.secret not in text
