"""Workers die while they place calls: nobody is rung twice for one call, and none is forgotten.

RELAYDESK_TESTS_CALLS=500 places as many as that, with a quarter as many kills at random and the
named points in between; without it a tenth of that.
"""

import json
import os
import subprocess
import sys
import time
from collections import Counter

import pytest
from django.db import connection
from django.db.models import Q

from callbacks.models import CallAttempt, Leg
from callbacks.states import CallbackStatus
from conversations.models import Conversation
from teams.clock import database_now
from tests.calls import make_callback
from tests.factories import make_agent, make_channel, make_contact, make_conversation, make_team
from tests.fake_twilio import running
from tests.faults.callers import POINTS
from tests.faults.crowd import environment, server
from tests.faults.promises import broken_promises
from tests.processes import database_url

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

CALLS = int(os.environ.get("RELAYDESK_TESTS_CALLS", "50"))
# SQLite has one writer: the same with fewer, so that it takes as long.
CALLS = CALLS if connection.vendor == "postgresql" else min(CALLS, 100)
#: Each phone is rung for so many callbacks: calls that look alike.
EACH = 2
#: After so many looks at it a doubt stays one: several calls look alike, and not all of them are.
LOOKS = 4
ROUNDS, KILLS = max(1, CALLS // 100), CALLS // 4


def fill(account, *, calls, now):
    """Offer so many callbacks to as many people as there are phones, with a call planned each."""
    team = make_team()
    for number in range(calls):
        if number % EACH == 0:
            agent = make_agent(name=f"Agent {number}", phone=f"+8135550{number:04d}")
        conversation = make_conversation(contact=make_contact(), channel=account, now=now)
        Conversation.objects.filter(pk=conversation.pk).update(placing_due_at=now)
        callback = make_callback(
            conversation=conversation,
            team=team,
            due_at=now,
            status=CallbackStatus.OFFERED,
            offered_to=agent,
            offered_at=now,
            due_since=now,
        )
        CallAttempt.objects.create(
            callback=callback,
            position=1,
            first_leg=Leg.AGENT,
            channel=account,
            agent=agent,
            agent_number=agent.phone,
            number="+819012345678",
            caller_id="+81355500100",
            planned_at=now,
            place_due_at=now,
        )


def wait_until_settled(within_s):
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        doubts = Q(status="unknown", looks__gte=LOOKS)
        if not CallAttempt.objects.filter(~doubts, ended_at=None).exists():
            return
        # What Twilio says nothing of is asked for after a minute; here it is soon.
        now = database_now()
        CallAttempt.objects.filter(look_due_at__gt=now, call_sid__gt="").update(look_due_at=now)
        time.sleep(0.5)


def test_nobody_is_rung_twice_for_one_call(capsys):
    account = make_channel(medium="sms")
    fill(account, calls=CALLS, now=database_now())

    began = time.monotonic()
    with running() as twilio, server(database_url(), workers=1) as port:
        twilio.store.silent_share = 0.5
        twilio.store.delays = (0.0, 0.08)
        twilio.store.reach = f"http://127.0.0.1:{port}"
        phones = CallAttempt.objects.values_list("agent_number", flat=True)
        twilio.calls.outcomes = dict.fromkeys(phones, "no-answer")
        killer = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.callers", str(ROUNDS), str(KILLS)],
            env={**environment(database_url()), "RELAYDESK_TESTS_TWILIO": twilio.url},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        died = Counter(json.loads(killer.stdout.readline()))
        wait_until_settled(within_s=120)
        killer.communicate(timeout=30)
        twilio.calls.settle()
        doubled, taken = twilio.calls.doubled(), len(twilio.calls.made)
    took = time.monotonic() - began

    statuses = Counter(CallAttempt.objects.values_list("status", flat=True))
    with capsys.disabled():
        print(  # noqa: T201 - the figures are the point
            f"\n{CALLS} calls, {died.total()} kills in {took:.0f} s: {dict(died)}; "
            f"{taken} taken by Twilio, {len(doubled)} doubled, {dict(statuses)}"
        )
    assert killer.returncode == 0
    assert not doubled
    looking = {name for name, place in POINTS.items() if "lookups" in place[0]}
    assert set(POINTS) - looking <= set(died)
    assert set(statuses) <= {"no_answer", "unknown"}
    assert statuses["unknown"] <= CALLS // 10
    assert taken >= CALLS - statuses["unknown"]
    assert not CallAttempt.objects.filter(ended_at=None).exclude(status="unknown").exists()
    assert not broken_promises()
