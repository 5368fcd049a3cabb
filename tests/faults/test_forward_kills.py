"""Workers die by the hundred while endpoints are told: nothing is lost, ids stay, order holds."""

import os
import random
import subprocess
import sys
from datetime import timedelta

import pytest
from django.db import connection

from channels.models import Endpoint
from channels.signatures import is_genuine
from conversations.models import EndpointDelivery, Event
from conversations.states import Status
from teams.clock import database_now
from tests.factories import make_channel, make_conversation, make_endpoint, make_event
from tests.fake_receiver import running
from tests.faults.crowd import environment
from tests.faults.promises import broken_promises
from tests.processes import database_url
from tests.settle import settle

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

WANTED_KILLS = 60 if connection.vendor == "postgresql" else 20
KILLS = int(os.environ.get("RELAYDESK_TESTS_KILLS", WANTED_KILLS))
# SQLite has one writer: its workers need longer between two kills to get anything done.
PACE = 1 if connection.vendor == "postgresql" else 4
CONVERSATIONS, EVENTS_EACH = 30, 25


def write_events(channel):
    """Let much happen in many conversations at once; return the ids of each in their order."""
    conversations = [
        make_conversation(channel=channel, status=Status.CLOSED) for _ in range(CONVERSATIONS)
    ]
    order = {conversation.pk: [] for conversation in conversations}
    for _ in range(EVENTS_EACH):
        for conversation in conversations:
            event = make_event(conversation=conversation)
            order[conversation.pk].append(f"msg_{event.public_id.hex}")
    return order


def misbehave(receiver):
    """Let one call in twelve fail in some way, and the others take a little time."""
    pick = random.Random(4)
    failures = [{"status": 500}, {"raw": b""}, {"status": 200, "delay_s": 0.1}]
    for _ in range(20_000):
        is_bad = pick.random() < 1 / 12
        receiver.tell(**(pick.choice(failures) if is_bad else {"delay_s": pick.uniform(0, 0.01)}))


def test_nothing_is_lost_and_the_order_holds(settings, capsys):
    settings.EGRESS_ALLOWED_HOSTS = ["127.0.0.1"]
    channel = make_channel()
    order = write_events(channel)
    wanted = {message_id for ids in order.values() for message_id in ids}

    with running() as receiver:
        endpoint = make_endpoint(url=receiver.url, channel=channel, now=database_now())
        misbehave(receiver)
        killer = subprocess.run(
            [sys.executable, "-m", "tests.faults.forwarders", str(KILLS), str(PACE)],
            env={**environment(database_url()), "RELAYDESK_TESTS_EGRESS": "127.0.0.1"},
            timeout=300,
            check=False,
        )
        during = len(receiver.calls)
        receiver.stories.clear()
        # As late as the last of them lived, and a lease later; then whatever was to be tried again.
        now = database_now() + timedelta(seconds=91 * (KILLS + 10))
        for hours in range(12):
            settle(now=now + timedelta(hours=hours))

    with capsys.disabled():
        repeated = sum(1 for count in receiver.repeats.values() if count > 1)
        print(  # noqa: T201 - the figures are the point
            f"\n{KILLS} kills: {len(wanted)} events, {during} calls between the kills, "
            f"{len(receiver.calls)} in all, {repeated} events told more than once"
        )
    assert killer.returncode == 0
    assert during > KILLS // 2
    assert set(receiver.ids) == wanted
    for ids in order.values():
        assert [each for each in receiver.ids if each in set(ids)] == ids
    assert EndpointDelivery.objects.count() == Event.objects.count() == len(wanted)
    assert set(EndpointDelivery.objects.values_list("status", flat=True)) == {"delivered"}
    assert not broken_promises()
    secret = Endpoint.objects.get(pk=endpoint.pk).secret
    assert all(
        is_genuine(
            call.headers["webhook-signature"],
            secret=secret,
            message_id=call.id,
            timestamp=call.headers["webhook-timestamp"],
            body=call.body,
            now_s=float(call.headers["webhook-timestamp"]),
        )
        for call in receiver.calls
    )
