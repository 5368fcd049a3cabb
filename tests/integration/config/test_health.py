"""The two questions that load balancers and monitors ask."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


class TestHealthz:
    def test_answers_whoever_asks(self, client: Client) -> None:
        answer = client.get("/healthz", headers={"host": "10.0.0.7"})
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
