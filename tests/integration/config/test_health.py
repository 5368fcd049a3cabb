"""The two questions that load balancers and monitors ask."""

import time
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from config import health
from teams.models import User
from tests.factories import lose_key, make_channel

pytestmark = pytest.mark.django_db


class TestHealthz:
    def test_answers_whoever_asks(self, client: Client) -> None:
        answer = client.get("/healthz", headers={"host": "10.0.0.7"})
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})

    def test_asks_the_database_nothing(
        self, client: Client, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        with django_assert_num_queries(0):
            client.get("/healthz")

    def test_is_not_sent_elsewhere(self, client: Client, settings: Settings) -> None:
        settings.SECURE_SSL_REDIRECT = True
        assert client.get("/healthz").status_code == 200


class TestReadyz:
    def test_names_its_checks(self, client: Client) -> None:
        answer = client.get("/readyz")
        assert answer.status_code == 200
        assert set(answer.json()["checks"]) == {"database", "broker", "due_rows", "secrets"}

    def test_counts_channels_whose_secret_cannot_be_read(self, client: Client) -> None:
        lose_key(make_channel())
        lose_key(make_channel(is_active=False))
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["checks"]["secrets"] == {"ok": False, "unreadable_channels": 1}

    def test_is_late_when_nobody_does_what_is_due(self, client: Client) -> None:
        User.objects.create_user(
            "alice@example.test", offer_due_at=timezone.now() - timedelta(minutes=5)
        )
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["checks"]["due_rows"]["late_s"] > 290

    def test_does_not_mind_what_is_due_tomorrow(self, client: Client) -> None:
        User.objects.create_user(
            "alice@example.test", offer_due_at=timezone.now() + timedelta(days=1)
        )
        assert client.get("/readyz").status_code == 200


class TestADeadBroker:
    @pytest.mark.parametrize(
        "url",
        ["redis+socket:///nowhere/broker.sock", "redis://127.0.0.1:9/0", "amqp://127.0.0.1:9//"],
    )
    def test_is_noticed_at_once(self, url: str) -> None:
        # The first time loads the client library; a busy machine may stop any one.
        tries = [self.time_probe(url) for _ in range(4)]
        assert min(tries) < 0.5

    def time_probe(self, url: str) -> float:
        started = time.monotonic()
        assert health.probe_broker(url)["ok"] is False
        return time.monotonic() - started
