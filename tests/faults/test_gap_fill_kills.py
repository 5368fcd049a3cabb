"""Workers die while they fetch what never came: everything is here, once, in its order."""

import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection

from channels.models import Channel
from conversations.models import Event, Message
from teams.clock import database_now
from tests.doors import customer_writes
from tests.factories import ACCOUNT_SID, AUTH_TOKEN, make_agent, make_channel
from tests.fake_twilio import inbound, running
from tests.faults.crowd import environment
from tests.faults.promises import broken_promises
from tests.processes import database_url

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
# SQLite has one writer: less, so that it takes as long.
CHANNELS, EACH, KILLS = (3, 100, 60) if connection.vendor == "postgresql" else (2, 40, 15)
PEOPLE = 10
#: The channels' own lists, some of which came in by the door as well.
CAME_TOO = 5


def write_all(twilio, channel, *, now):
    """Let customers write for an hour; return the SIDs."""
    return [
        inbound.write(
            twilio.store,
            account_sid=ACCOUNT_SID,
            to=f"whatsapp:{channel.phone_number}",
            sender=f"whatsapp:+8190{channel.pk:04d}{number % PEOPLE:04d}",
            text=f"Text {number}",
            at=now - timedelta(seconds=30 * (EACH - number)),
        )
        for number in range(EACH)
    ]


def wait_until_compared(*, since, within_s):
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if not Channel.objects.filter(fetched_until__lt=since).exists():
            return
        time.sleep(0.2)


def test_nothing_is_lost_and_nothing_comes_twice(capsys):
    now = database_now()
    channels = [make_channel(agents=(make_agent(),)) for _ in range(CHANNELS)]
    Channel.objects.update(
        created_at=now - timedelta(hours=3),
        fetched_until=now - timedelta(hours=2),
        fetch_due_at=now,
    )
    began = time.monotonic()
    with running() as twilio:
        twilio.store.accounts[ACCOUNT_SID] = AUTH_TOKEN
        twilio.store.largest_page = 20
        sids = [sid for channel in channels for sid in write_all(twilio, channel, now=now)]
        for number in range(CAME_TOO):
            customer_writes(channels[0], f"Text {number}", message_sid=sids[number])
        killer = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.gap_fillers", str(KILLS)],
            env={**environment(database_url()), "RELAYDESK_TESTS_TWILIO": twilio.url},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        killed = int(killer.stdout.readline())
        wait_until_compared(since=now, within_s=60)
        killer.communicate(timeout=30)
        lists = twilio.store.lists

    stored = Counter(Message.objects.values_list("provider_message_id", flat=True))
    fetched = Event.objects.filter(type="message.fetched").count()
    with capsys.disabled():
        print(  # noqa: T201 - the figures are the point
            f"\n{len(sids)} messages, {killed} kills in {time.monotonic() - began:.0f} s: "
            f"{len(stored)} stored, {fetched} of them fetched, in {lists} pages of lists"
        )
    assert killer.returncode == 0
    assert set(stored) == set(sids)
    assert set(stored.values()) == {1}
    assert fetched == len(sids) - CAME_TOO
    assert not Channel.objects.filter(fetched_until__lt=now).exists()
    assert not broken_promises()
