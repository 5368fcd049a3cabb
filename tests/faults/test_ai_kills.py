"""Workers die while AI agents answer: no customer is answered twice, and none is forgotten."""

import json
import os
import random
import subprocess
import sys
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection, transaction

from conversations.models import Conversation, Message
from conversations.states import Status
from routing.models import AiRun, AiTurn
from routing.services import ai_holds
from routing.services.ai_answers import MOST_FAILURES
from teams.clock import database_now
from tests.factories import (
    make_agent,
    make_ai_agent,
    make_channel,
    make_conversation,
    make_event,
    make_message,
)
from tests.fake_receiver import running
from tests.faults.crowd import environment
from tests.faults.promises import broken_promises
from tests.processes import database_url
from tests.settle import settle

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

KILLS = int(os.environ.get("RELAYDESK_TESTS_KILLS", 30 if connection.vendor == "postgresql" else 8))
# SQLite has one writer: its workers need longer between two kills to get anything done.
PACE = 1 if connection.vendor == "postgresql" else 3
CONVERSATIONS = 60


def misbehave(model):
    """Answer at length and in haste, and fail now and then."""
    pick = random.Random(5)
    good = json.dumps({"reply_text": "We are open."}).encode()
    for _ in range(5000):
        is_bad = pick.random() < 1 / 15
        model.tell(**({"raw": b""} if is_bad else {"body": good, "delay_s": pick.random() / 8}))


def test_nobody_is_answered_twice_and_nobody_is_forgotten(settings, capsys):
    settings.EGRESS_ALLOWED_HOSTS = ["127.0.0.1"]
    alice = make_agent()
    channel = make_channel(agents=(alice,))
    with running() as model:
        url = f"http://127.0.0.1:{model.server_port}/answer"
        agent = make_ai_agent(kind="self_hosted", base_url=url, key="k", channels=(channel,))
        start = database_now()
        for _ in range(CONVERSATIONS):
            held = make_conversation(channel=channel, now=start)
            message = make_message(conversation=held, now=start)
            make_event(conversation=held, data={"message": str(message.public_id)}, now=start)
            with transaction.atomic():
                ai_holds.begin(held, agent=agent, now=start)
        misbehave(model)
        killer = subprocess.run(
            [sys.executable, "-m", "tests.faults.answerers", str(KILLS), str(PACE)],
            env={**environment(database_url()), "RELAYDESK_TESTS_EGRESS": "127.0.0.1"},
            timeout=300,
            check=False,
        )
        during = len(model.calls)
        now = database_now() + timedelta(seconds=101 * (KILLS + 10))
        Conversation.objects.update(last_inbound_at=now)
        for minutes in range(8):
            settle(now=now + timedelta(minutes=2 * minutes))
    assert killer.returncode == 0
    answers = Counter(
        Message.objects.filter(direction="outbound").values_list("conversation", flat=True)
    )
    lost = AiTurn.objects.filter(outcome="lost").count()
    with capsys.disabled():
        print(  # noqa: T201 - the figures are the point
            f"\n{KILLS} kills: {CONVERSATIONS} customers, {during} questions between the kills, "
            f"{lost} tries lost, {len(answers)} answered, "
            f"{AiRun.objects.exclude(end_reason='').count()} handed to people"
        )
    assert set(answers.values()) <= {1}
    handed = Conversation.objects.filter(status=Status.NEW, assignee=alice).count()
    answered = Conversation.objects.filter(status=Status.BOT, waiting_since=None).count()
    assert handed + answered == CONVERSATIONS
    assert answered == len(answers)
    assert not AiTurn.objects.filter(outcome="started").exists()
    assert not broken_promises()


def test_a_worker_that_dies_before_it_asks_has_had_its_try():
    """Nothing of the try is written down: still it counts, and people go on after so many."""
    alice = make_agent()
    channel = make_channel(agents=(alice,))
    fay = make_ai_agent(channels=(channel,), entries=(("Open?", "We are open.", "open"),))
    start = database_now()
    held = make_conversation(channel=channel, now=start)
    message = make_message(conversation=held, body="Open?", now=start)
    make_event(conversation=held, data={"message": str(message.public_id)}, now=start)
    with transaction.atomic():
        ai_holds.begin(held, agent=fay, now=start)
    Conversation.objects.update(waiting_since=start)

    doomed = subprocess.run(
        [sys.executable, "-m", "tests.faults.answerers", str(MOST_FAILURES + 3)],
        env=environment(database_url()),
        stdout=subprocess.PIPE,
        timeout=120,
        check=True,
    )

    assert int(doomed.stdout) == MOST_FAILURES
    held.refresh_from_db()
    assert (held.status, held.assignee) == (Status.NEW, alice)
    assert AiRun.objects.get().end_reason == "error"
    assert not AiTurn.objects.exists()
    note = Message.objects.get(direction="note").body
    assert "Something unforeseen went wrong; the log has more." in note
    assert not broken_promises()
