"""Hostile addresses of the catalogue: refused when they are saved, and when they are called."""

import json
import re

import pytest
from django.utils import timezone

from channels.models import Endpoint
from conversations.models import EndpointDelivery
from conversations.services import forward_replays, forwards
from tests.factories import make_endpoint
from tests.integration.api.bad_inputs import CATALOGUE, Row

pytestmark = pytest.mark.django_db
#: Faults of receivers, and where they are played.
ELSEWHERE = {
    "WF-055": "slow: tests/integration/channels/test_egress.py",
    "WF-058": "inflating: test_egress.py asks for identity and reads to a limit",
    "WF-061": "patience: tests/unit/conversations/test_forward_schedule.py",
    "WF-063": "no HTTP: tests/integration/channels/test_egress.py",
    "WF-065": "five days: tests/integration/conversations/test_forwards.py",
    "WF-066": "a killed worker: tests/faults/test_forward_kills.py",
}
#: The catalogue says in brackets what is special about some.
NOTE = re.compile(r" \([^)]*\)$")


def read_rows():
    if not CATALOGUE.exists():
        return []
    rows = [json.loads(line) for line in CATALOGUE.read_text(encoding="utf-8").splitlines()]
    return [Row(**row) for row in rows if row["surface"] == "webhook_forward"]


ROWS = read_rows()
needs_catalogue = pytest.mark.skipif(not ROWS, reason=f"{CATALOGUE} is not here")


@needs_catalogue
@pytest.mark.parametrize("row", [pytest.param(row, id=row.id) for row in ROWS])
class TestAHostileAddress:
    def test_is_not_saved(self, api, row):
        if "url" not in row.input:
            pytest.skip(ELSEWHERE[row.id])

        answer = api.post("endpoints/", {"name": "CRM", "url": NOTE.sub("", row.input["url"])})

        assert answer.status_code in row.statuses
        assert answer.json()["code"] == row.expected["code"]
        assert set(answer.json()["fields"]) == set(row.expected["fields"])
        assert not Endpoint.objects.exists()

    def test_is_not_called_where_it_was_saved_all_the_same(self, row):
        if "url" not in row.input:
            pytest.skip(ELSEWHERE[row.id])
        endpoint = make_endpoint(url=NOTE.sub("", row.input["url"]))
        now = timezone.now()

        forwards.deliver_at_once(forward_replays.send_test(endpoint, now=now), now=now)

        delivery = EndpointDelivery.objects.get()
        assert delivery.error.startswith("blocked_")
        assert delivery.status == "pending"
