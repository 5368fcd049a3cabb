"""Many promise at once: one conversation has one callback, and one number makes one contact."""

import json

import pytest

from callbacks.models import Callback
from conversations.models import Contact, Event, Identity
from tests.factories import (
    make_administrator,
    make_api_key,
    make_channel,
    make_contact,
    make_conversation,
    make_team,
)
from tests.faults.crowd import ask_all, server
from tests.faults.promises import deadlocks
from tests.processes import database_url

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
AT_ONCE = 32


def promise_all(port: int, body: dict, *, key: str) -> list[int]:
    """Ask so many times at once, each over a connection of its own; return the statuses."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = ("/api/v1/callbacks/", json.dumps(body).encode(), headers)
    answers = ask_all(port, [request] * AT_ONCE, at_once=AT_ONCE)
    return sorted(status for status, _ in answers)


@pytest.fixture(autouse=True)
def _nobody_waits_in_a_circle():
    before = deadlocks()
    yield
    assert deadlocks() == before


class TestThirtyTwoAtOnce:
    def test_for_one_conversation_make_one(self):
        chat = make_conversation(
            team=make_team(),
            contact=make_contact(address="+819012345678"),
        )
        key = make_api_key(user=make_administrator())
        body = {"conversation": str(chat.public_id), "override_reason": "Any hour will do."}

        with server(database_url()) as port:
            statuses = promise_all(port, body, key=key)

        assert statuses == [201] + [409] * (AT_ONCE - 1)
        assert Callback.objects.count() == 1
        assert Event.objects.filter(type="callback.scheduled").count() == 1

    def test_for_one_number_make_one_contact(self):
        make_channel()
        make_team(code="cs")
        key = make_api_key(user=make_administrator())
        body = {
            "phone": "+81332249999",
            "team": {"code": "cs"},
            "override_reason": "Any hour will do.",
        }

        with server(database_url()) as port:
            statuses = promise_all(port, body, key=key)

        assert statuses == [201] * AT_ONCE
        assert Callback.objects.count() == AT_ONCE
        assert (Contact.objects.count(), Identity.objects.count()) == (1, 1)
