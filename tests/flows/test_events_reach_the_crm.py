"""Another system hears of a new conversation and gives it to a team of its choice.

The way of the "webhook forward": it is told, sees that nobody has it, and calls the Assignment API.
"""

import json
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from standardwebhooks import Webhook

from conversations.models import Conversation, EndpointDelivery
from conversations.services import forwards, outbox
from tests.doors import customer_writes
from tests.factories import (
    make_administrator,
    make_agent,
    make_api_key,
    make_channel,
    make_endpoint,
    make_team,
)
from tests.fake_receiver import running
from tests.moments import WEDNESDAY_MORNING as MORNING
from tests.settle import settle

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock_stands(db):
    with time_machine.travel(MORNING, tick=False):
        yield


@pytest.fixture
def crm(settings):
    settings.EGRESS_ALLOWED_HOSTS = ["127.0.0.1"]
    with running() as fake:
        yield fake


def payloads(crm):
    return [json.loads(call.body) for call in crm.taken]


def test_a_new_conversation_is_assigned_from_outside(crm):
    alice = make_agent()
    vip = make_team(name="VIP", members=(alice,))
    channel = make_channel(provider="simulator")
    endpoint = make_endpoint(url=crm.url, channel=channel, has_raw_payload=True)
    customer_writes(channel, "I want to speak to somebody.")
    crm.tell(status=502)
    crm.tell(raw=b"")

    settle(now=MORNING)
    settle(now=MORNING + timedelta(seconds=10))
    assert crm.taken == []
    settle(now=MORNING + timedelta(minutes=10))

    created, received, *_ = payloads(crm)
    assert (created["type"], received["type"]) == ("conversation.created", "message.received")
    assert crm.repeats[crm.taken[0].id] == 3
    assert received["data"]["conversation"]["assignee"] is None
    assert received["data"]["message"]["body"] == "I want to speak to somebody."
    assert "Body=I+want+to+speak" in received["data"]["raw"]["body"]
    with time_machine.travel(MORNING + timedelta(minutes=10), tick=False):
        Webhook(endpoint.secret).verify(crm.taken[0].body, crm.taken[0].headers)

    key = make_api_key(user=make_administrator(), name="CRM")
    answer = Client().post(
        "/api/v1/assignments/manual/",
        {
            "conversation_id": received["data"]["conversation"]["id"],
            "team_code": vip.code,
            "only_if_unassigned": True,
        },
        content_type="application/json",
        headers={"Authorization": f"Bearer {key}"},
    )
    assert answer.status_code == 200
    settle(now=MORNING + timedelta(minutes=11))

    assigned = payloads(crm)[-1]
    assert assigned["type"] == "conversation.assigned"
    assert assigned["data"]["actor"] == {
        "kind": "api",
        "id": assigned["data"]["actor"]["id"],
        "label": "CRM",
    }
    assert assigned["data"]["conversation"]["assignee"]["name"] == "Alice"
    assert assigned["data"]["changes"]["user_id"] == str(alice.public_id)
    assert assigned["data"]["cause"]["decision"]
    assert Conversation.objects.get().assignee == alice


def test_a_worker_that_dies_in_between_costs_a_repetition_and_no_order(crm):
    channel = make_channel(provider="simulator")
    make_endpoint(url=crm.url)
    customer_writes(channel, "Hello")
    settle(now=MORNING)
    crm.calls.clear()
    for text in ("one", "two", "three"):
        customer_writes(channel, text)
    before = EndpointDelivery.objects.count()
    outbox.publish_next(now=MORNING)
    claim = forwards._claim_next(now=MORNING)
    forwards._send(claim, now=MORNING)  # told, and then it is gone

    settle(now=MORNING + timedelta(seconds=80))
    assert len(crm.calls) == 1
    settle(now=MORNING + timedelta(seconds=100))

    bodies = [payload["data"]["message"]["body"] for payload in payloads(crm)]
    assert bodies == ["one", "one", "two", "three"]
    assert crm.calls[0].id == crm.calls[1].id
    assert EndpointDelivery.objects.count() == before + 3


def test_a_slow_receiver_does_not_keep_the_others_waiting(crm, settings):
    channel = make_channel(provider="simulator")
    make_endpoint(
        name="Slow", url=crm.url, failing_since=MORNING, held_until=MORNING + timedelta(hours=1)
    )
    with running() as quick:
        make_endpoint(name="Quick", url=quick.url)
        customer_writes(channel, "Hello")
        settle(now=MORNING)

    assert len(quick.taken) >= 2
    assert crm.calls == []
