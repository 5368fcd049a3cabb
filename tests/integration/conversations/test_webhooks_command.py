"""`manage.py webhooks`: hearing what endpoints hear, and letting them hear something."""

import threading
import urllib.error
import urllib.request
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import OutputWrapper
from django.utils import timezone

from channels.signatures import new_secret
from conversations.management.commands.webhooks import Listener, known_secrets
from conversations.models import EndpointDelivery
from conversations.services import forward_replays, forwards
from tests.factories import make_endpoint

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _named(settings):
    settings.EGRESS_ALLOWED_HOSTS = ["127.0.0.1"]


@pytest.fixture
def listen():
    """Listen with these secrets; yields what was printed."""
    servers = []

    def start(*secrets, **more):
        out = StringIO()
        server = Listener(0, secrets=secrets, out=OutputWrapper(out), **more)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        servers.append(server)
        return server, out

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


class TestListen:
    def test_says_of_each_delivery_what_it_is(self, listen):
        endpoint = make_endpoint()
        server, out = listen(*known_secrets())
        endpoint.url = server.url
        endpoint.save(update_fields=["url"])
        now = timezone.now()
        delivery = forward_replays.send_test(endpoint, now=now)
        forwards.deliver_at_once(delivery, now=now)
        forward_replays.send_again(delivery, now=now)
        forwards.deliver_at_once(delivery, now=now)

        first, second = out.getvalue().split("genuine")[1:]
        assert first.strip().startswith(f"new  {delivery.message_id}")
        assert second.strip().startswith("again")
        assert '"type": "endpoint.test"' in first

    def test_says_what_is_not_genuine(self, listen):
        server, out = listen(new_secret())

        urllib.request.urlopen(server.url, data=b"nonsense")

        assert "NOT GENUINE" in out.getvalue()
        assert "nonsense" in out.getvalue()

    def test_answers_as_it_is_told(self, listen):
        server, _out = listen(status=503)

        with pytest.raises(urllib.error.HTTPError, match="503"):
            urllib.request.urlopen(server.url, data=b"{}")

    def test_refuses_what_is_no_secret(self):
        with pytest.raises(CommandError, match="whsec_"):
            call_command("webhooks", "listen", "--secret", "abc")


class TestTrigger:
    def test_sends_an_example_to_those_who_want_it(self, listen):
        server, heard = listen()
        make_endpoint(name="CRM", url=server.url)
        make_endpoint(name="Ratings", url=server.url, event_types=["survey.*"])
        out = StringIO()

        call_command("webhooks", "trigger", "message.received", stdout=out)

        assert out.getvalue().startswith("CRM\tmsg_")
        assert EndpointDelivery.objects.get().status == "delivered"
        assert '"body": "Where is my order?"' in heard.getvalue()

    def test_sends_it_to_the_one_that_is_named(self, listen):
        server, _heard = listen()
        endpoint = make_endpoint(name="Ratings", url=server.url, event_types=["survey.*"])

        call_command("webhooks", "trigger", "note.added", endpoint="Ratings", stdout=StringIO())

        assert EndpointDelivery.objects.get().endpoint == endpoint

    def test_ends_with_1_if_it_did_not_arrive(self, listen):
        server, _heard = listen(status=500)
        make_endpoint(url=server.url)

        with pytest.raises(SystemExit) as ended:
            call_command("webhooks", "trigger", "note.added", stdout=StringIO())

        assert ended.value.code == 1

    @pytest.mark.parametrize("words", [["nonsense"], ["note.added", "--endpoint", "nobody"]])
    def test_refuses_what_is_not_there(self, words):
        with pytest.raises(CommandError, match="There is no"):
            call_command("webhooks", "trigger", *words)
