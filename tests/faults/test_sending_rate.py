"""Four workers send on one channel: never above its rate, and nothing is lost or doubled."""

import subprocess
import sys

import pytest

from conversations.models import Message
from teams.clock import database_now
from tests.factories import make_channel
from tests.fake_twilio import running
from tests.faults.crowd import environment
from tests.faults.test_sending_kills import fill
from tests.processes import database_url, eventually

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

RATE, SENDS = 30.0, 150


def test_no_window_has_more_than_the_rate_and_the_burst(capsys):
    channel = make_channel(rate_per_s=RATE)
    fill(channel, sends=SENDS, now=database_now())

    with running() as twilio:
        workers = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.senders", "0", "0"],
            env={**environment(database_url()), "RELAYDESK_TESTS_TWILIO": twilio.url},
            stdin=subprocess.PIPE,
        )
        eventually(
            lambda: not Message.objects.exclude(delivery_status="sent").exists(), within_s=60
        )
        workers.communicate(timeout=30)
        messages, doubled = len(twilio.messages), twilio.store.doubled()

    at = sorted(tried.timestamp() for tried in Message.objects.values_list("tried_at", flat=True))
    for first, start in enumerate(at):
        for count, end in enumerate(at[first:], start=1):
            assert count <= RATE * (end - start) + RATE + 0.01
    with capsys.disabled():
        rate = (SENDS - RATE) / (at[-1] - at[0])
        print(f"\n{SENDS} sends by 4 workers at {RATE:.0f} a second: {rate:.1f} a second")  # noqa: T201
    assert (messages, doubled) == (SENDS, [])
    # Nobody waits without need; how fast that is, the machine decides.
    assert rate > RATE / 6
