"""Providers come in by the short way; everybody else passes every layer."""

import pytest
from django.test import Client

from channels.addresses import inbound_url
from tests.doors import customer_writes
from tests.factories import make_channel

pytestmark = pytest.mark.django_db


class TestTheProvidersDoor:
    def test_leads_past_what_serves_browsers(self):
        response = customer_writes(make_channel(), "Hello")

        assert response.status_code == 200
        assert "Content-Security-Policy" not in response.headers
        assert response.headers["X-Request-Id"]
        assert response.headers["Content-Length"] == str(len(response.content))

    def test_asks_for_no_csrf_token(self):
        path = inbound_url(make_channel()).removeprefix("https://desk.example.test")

        assert Client(enforce_csrf_checks=True).post(path).status_code == 403  # not signed

    def test_knows_only_the_houses_names(self):
        path = inbound_url(make_channel()).removeprefix("https://desk.example.test")

        assert Client().post(path, headers={"Host": "evil.example"}).status_code == 400


class TestWhatIsNoDoor:
    def test_below_webhooks_is_not_found(self):
        assert Client().post("/webhooks/twilio/").status_code == 404

    def test_has_every_layer(self):
        response = Client().get("/admin/login/")

        assert "Content-Security-Policy" in response.headers
