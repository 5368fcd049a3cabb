"""Workers die while they send: no customer gets anything twice, nothing is lost, doubts close.

RELAYDESK_TESTS_SENDS=2000 sends as many as that, with a quarter as many kills at random and the
named points in between; without it a tenth of that.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections import Counter

import pytest
from django.db import connection

from conversations.delivery_states import DeliveryStatus
from conversations.models import Conversation, Event, Message
from conversations.models.message import AuthorKind, Direction
from conversations.services.messages import FILE_KIND
from teams.clock import database_now
from tests import pictures
from tests.factories import make_channel, make_contact, make_conversation, make_stored_file
from tests.fake_twilio import running
from tests.faults.crowd import environment, server
from tests.faults.promises import broken_promises
from tests.faults.senders import POINTS
from tests.processes import database_url

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

SENDS = int(os.environ.get("RELAYDESK_TESTS_SENDS", "200"))
# SQLite has one writer: the same with fewer, so that it takes as long.
SENDS = SENDS if connection.vendor == "postgresql" else min(SENDS, 300)
EACH = 10
#: Two of ten are a file each, without words: nothing but their time tells them apart.
WITH_FILE = (4, 8)
ROUNDS, KILLS = max(2, SENDS // 100), SENDS // 4
CLOSED_WITHIN_S, CLOSED_SHARE = 60, 0.99
_OPEN = [DeliveryStatus.QUEUED, DeliveryStatus.SENDING, DeliveryStatus.UNKNOWN]


def fill(channel, *, sends, now):
    """Queue so many answers in conversations of ten, to as many customers, some with a file."""
    for _ in range(sends // EACH):
        conversation = make_conversation(channel=channel, contact=make_contact(), now=now)
        Message.objects.bulk_create(
            Message(
                conversation=conversation,
                channel=channel,
                sequence=number,
                direction=Direction.OUTBOUND,
                author_kind=AuthorKind.SYSTEM,
                body="" if number in WITH_FILE else f"Answer {number}",
                kind=FILE_KIND if number in WITH_FILE else "text",
                delivery_status=DeliveryStatus.QUEUED,
                send_due_at=now,
                created_at=now,
            )
            for number in range(1, EACH + 1)
        )
        for message in conversation.messages.filter(sequence__in=WITH_FILE):
            make_stored_file(message=message, content=pictures.PNG)
        Conversation.objects.filter(pk=conversation.pk).update(
            message_count=EACH, placing_due_at=now
        )


def wait_until_settled(within_s):
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if not Message.objects.filter(delivery_status__in=_OPEN).exists():
            return
        time.sleep(0.5)


def doubts():
    """Return for each doubt how long it took to close, in seconds; None for one still open."""
    lasted, since = [], {}
    rows = Event.objects.filter(type__startswith="message.").order_by("pk")
    for event in rows:
        name = event.data["message"]
        if event.data.get("status") == DeliveryStatus.UNKNOWN:
            since[name] = event.occurred_at
        elif name in since:
            lasted.append((event.occurred_at - since.pop(name)).total_seconds())
    return [*lasted, *(None for _ in since)]


def test_nothing_is_sent_twice_and_nothing_is_lost(capsys):
    channel = make_channel(rate_per_s=1000.0)
    fill(channel, sends=SENDS, now=database_now())

    began = time.monotonic()
    with running() as twilio, server(database_url(), workers=1) as port:
        twilio.store.story = ("sent", "delivered")
        twilio.store.silent_share = 0.5
        twilio.store.delays = (0.0, 0.08)
        twilio.store.reach = f"http://127.0.0.1:{port}"
        killer = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.senders", str(ROUNDS), str(KILLS)],
            env={**environment(database_url()), "RELAYDESK_TESTS_TWILIO": twilio.url},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        died = Counter(json.loads(killer.stdout.readline()))
        wait_until_settled(within_s=120)
        killer.communicate(timeout=30)
        twilio.reporter.settle()
        doubled = twilio.store.doubled()
    took = time.monotonic() - began

    statuses = Counter(Message.objects.values_list("delivery_status", flat=True))
    lasted = doubts()
    closed = [each for each in lasted if each is not None and each <= CLOSED_WITHIN_S]
    with capsys.disabled():
        slowest = max(closed, default=0)
        middle = statistics.median(closed) if closed else 0
        print(  # noqa: T201 - the figures are the point
            f"\n{SENDS} sends, {died.total()} kills in {took:.0f} s: {dict(died)}; "
            f"{len(twilio.messages)} taken by the provider, {len(doubled)} doubled, "
            f"{dict(statuses)}; {len(lasted)} doubts, {len(closed)} of them closed by themselves "
            f"(median {middle:.0f} s, slowest {slowest:.0f} s)"
        )
    assert killer.returncode == 0
    assert not doubled
    fetched = [send["files"] for send in twilio.store.sends if send["media"]]
    assert len(fetched) >= SENDS * len(WITH_FILE) // EACH - statuses["unknown"]
    assert all(file.content == pictures.PNG for files in fetched for file in files)
    # Who looks something up is sometimes not the one that was to die doing it.
    looking = {name for name, place in POINTS.items() if "lookups" in place[0]}
    assert set(POINTS) - looking <= set(died)
    assert looking & set(died)
    assert len(closed) >= CLOSED_SHARE * len(lasted)
    assert set(statuses) <= {"sent", "delivered", "unknown"}
    assert len(twilio.messages) >= SENDS - statuses["unknown"]
    assert not broken_promises()
