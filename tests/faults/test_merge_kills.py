"""Two contacts are merged, crosswise and back, while both write and everybody may die."""

import os
import subprocess
import sys
from collections import Counter
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection

from channels.models import Provider
from conversations.models import Contact, ContactMerge, Conversation, Event, Identity, Message
from teams.clock import database_now
from tests.doors import customer_writes
from tests.factories import make_agent, make_channel
from tests.faults.crowd import environment
from tests.faults.promises import deadlocks, different_decisions
from tests.faults.shufflers import ADDRESSES
from tests.processes import database_url
from tests.settle import settle

pytestmark = [
    pytest.mark.faults,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer"),
]

KILLS = int(os.environ.get("RELAYDESK_TESTS_KILLS", 50))


def test_nobody_is_lost_and_nothing_is_doubled(tmp_path, capsys):
    channel = make_channel(provider=Provider.SIMULATOR, agents=(make_agent(),), has_survey=True)
    for name, address in zip(("Dora", "Emil"), ADDRESSES, strict=True):
        customer_writes(channel, "Hello?", address=address, name=name)
    before = deadlocks()

    crowd = subprocess.run(
        [sys.executable, "-m", "tests.faults.shufflers", str(KILLS), str(tmp_path)],
        env=environment(database_url()),
        timeout=300,
        check=False,
    )

    assert crowd.returncode == 0
    acknowledged = [sid for log in tmp_path.iterdir() for sid in log.read_text().split()]
    inbound = Message.objects.filter(direction="inbound")
    stored = Counter(inbound.values_list("provider_message_id", flat=True))
    merges = ContactMerge.objects.count()
    parted = ContactMerge.objects.filter(undone_at__isnull=False).count()
    with capsys.disabled():
        sys.stdout.write(
            f"\n{KILLS} kills: {len(acknowledged)} messages acknowledged, {len(stored)} stored in "
            f"{Conversation.objects.count()} conversations; {merges} merges, {parted} undone\n"
        )
    assert set(acknowledged) <= set(stored)
    assert set(stored.values()) == {1}
    assert Counter(acknowledged).most_common(1)[0][1] == 1
    # Whoever died after the commit and before the note: at most one message for each kill.
    assert len(stored) - len(acknowledged) <= KILLS + len(list(tmp_path.iterdir())) + 2
    assert min(merges, parted) > 5
    assert deadlocks() == before
    everybody_is_somewhere(merges=merges, parted=parted)
    settle(now=database_now() + timedelta(minutes=10))
    call_command("verify")
    assert not different_decisions()


def everybody_is_somewhere(*, merges, parted):
    assert Contact.objects.count() == Identity.objects.count() == 2
    assert set(Identity.objects.values_list("address", flat=True)) == set(ADDRESSES)
    # Each is told of twice: in the history of the one and of the other.
    told = Counter(Event.objects.filter(conversation=None).values_list("type", flat=True))
    assert told["contact.merged"] == 2 * merges
    assert told["contact.unmerged"] == 2 * parted
