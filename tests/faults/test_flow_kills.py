"""Flows under many workers, some of which die: every step once, and everybody an equal share."""

import os
import subprocess
import sys
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection, transaction

from conversations.actors import Actor
from conversations.models import Conversation, Message
from conversations.states import Status
from routing.models import FlowRun, FlowRunStep, RunProblem, RunStatus
from routing.services import assignment, flow_holds
from teams.clock import database_now
from tests.factories import (
    make_agent,
    make_channel,
    make_conversation,
    make_event,
    make_flow,
    make_message,
    make_team,
)
from tests.faults.crowd import environment, run_drain
from tests.faults.promises import broken_promises
from tests.processes import database_url
from tests.settle import settle

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

IS_POSTGRESQL = connection.vendor == "postgresql"
KILLS = int(os.environ.get("RELAYDESK_TESTS_KILLS", 30 if IS_POSTGRESQL else 10))
PACE = 1 if IS_POSTGRESQL else 3
HELLO = {"name": "Hello", "kind": "message", "text": "Hello!"}
WAIT = {"name": "Wait", "kind": "delay", "seconds": 1}


def start(flow, *, count):
    """Let a flow have so many conversations, each with a message that it has not answered."""
    channel = make_channel(provider="simulator")
    now = database_now()
    runs = []
    for _ in range(count):
        held = make_conversation(channel=channel, now=now)
        message = make_message(conversation=held, now=now)
        make_event(conversation=held, data={"message": str(message.public_id)}, now=now)
        with transaction.atomic():
            runs.append(flow_holds.begin(held, flow=flow, actor=Actor.system(), now=now))
    return runs


@pytest.fixture
def members():
    return tuple(make_agent(name=f"Agent {number}") for number in range(4))


def to_team(members):
    team = make_team(members=members)
    return {
        "name": "Support",
        "kind": "team",
        "team": str(team.public_id),
        "conversation_tags": ["done"],
        "tags_mode": "add",
    }


class TestTwelveTeamSteps:
    def test_over_four_members_are_three_each(self, members):
        start(make_flow(steps=[to_team(members)]), count=12)
        run_drain(
            "run_flows",
            instant=database_now().isoformat(),
            database_url=database_url(),
            workers=4 if IS_POSTGRESQL else 2,
        )
        shares = Counter(Conversation.objects.values_list("assignee", flat=True))
        assert shares == {member.pk: 3 for member in members}
        assert not broken_promises()


class TestDyingWorkers:
    def test_do_every_step_once(self, members, capsys):
        flow = make_flow(steps=[HELLO, WAIT, {**HELLO, "name": "Again"}, to_team(members)])
        start(flow, count=40)
        killer = subprocess.run(
            [sys.executable, "-m", "tests.faults.flow_runners", str(KILLS), str(PACE)],
            env=environment(database_url()),
            timeout=200,
            check=False,
        )
        during = FlowRunStep.objects.count()
        for minutes in range(1, 4):  # what broke off is tried again later
            settle(now=database_now() + timedelta(minutes=minutes))
        assert killer.returncode == 0
        with capsys.disabled():
            print(f"\n{KILLS} kills: {during} of 200 lines of the log between them")  # noqa: T201
        said = Counter(
            Message.objects.filter(direction="outbound").values_list("conversation", flat=True)
        )
        assert set(said.values()) == {2}
        assert len(said) == 40
        logged = Counter(FlowRunStep.objects.values_list("run", flat=True))
        assert set(logged.values()) == {5}
        assert set(FlowRun.objects.values_list("status", flat=True)) == {RunStatus.COMPLETED}
        shares = Counter(Conversation.objects.values_list("assignee", flat=True))
        assert shares == {member.pk: 10 for member in members}
        assert not broken_promises()


class TestTakingOverAtTheLastMoment:
    def test_leaves_each_conversation_to_one_side(self, members):
        ask = {**HELLO, "kind": "question", "answer_as": "x", "timeout_s": 10}
        runs = start(make_flow(steps=[ask, HELLO | {"name": "Late"}]), count=12)
        settle(now=database_now())
        late = database_now() + timedelta(seconds=11)
        sweep = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.crowd", "run_flows", late.isoformat()],
            env=environment(database_url()),
        )
        for run in runs:
            person = members[0]
            actor = Actor.person(person.pk, person.name)
            try:
                assignment.claim(run.conversation, user=person, actor=actor, now=late)
            except assignment.AssignmentRefusedError:
                continue
        assert sweep.wait(timeout=120) == 0
        settle(now=late)
        for run in FlowRun.objects.select_related("conversation"):
            taken = run.conversation.assignee_id is not None
            assert run.status == (RunStatus.CANCELED if taken else RunStatus.EXPIRED)
            assert run.problem == (RunProblem.TAKEN if taken else "")
            assert run.conversation.status == (Status.NEW if taken else Status.CLOSED)
        assert Message.objects.filter(direction="outbound").count() == 12
        assert not broken_promises()
