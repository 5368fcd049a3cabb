"""A rating meets another one, the end of the wait, and whoever resolves or reopens: one counts."""

import subprocess
import sys
from collections import Counter

import pytest
from django.db import connection
from django.db.models import Count

from channels.models import Provider
from conversations.actors import Actor
from conversations.models import Conversation, Event, Message, Survey
from conversations.services import lifecycle
from conversations.states import Status
from teams.clock import database_now
from tests.doors import customer_writes
from tests.factories import make_agent, make_channel
from tests.faults.crowd import environment
from tests.faults.promises import broken_promises, deadlocks, different_decisions
from tests.faults.raters import CUSTOMERS
from tests.processes import database_url

pytestmark = [
    pytest.mark.faults,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer"),
]


@pytest.fixture
def channel():
    channel = make_channel(provider=Provider.SIMULATOR, agents=(make_agent(),), has_survey=True)
    for address in CUSTOMERS:
        customer_writes(channel, "Hello?", address=address)
    return channel


def resolve_all():
    for chat in Conversation.objects.order_by("pk"):
        lifecycle.resolve(chat, actor=Actor.system(), now=database_now())


def race(folder, *acts):
    """Let a process for each of these acts go from customer to customer, all of them together."""
    before = deadlocks()
    many = str(len(acts))
    runners = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.faults.raters", name, str(number), str(folder), many],
            env=environment(database_url()),
        )
        for name, number in acts
    ]
    assert [runner.wait(timeout=240) for runner in runners] == [0] * len(acts)
    assert deadlocks() == before
    assert not broken_promises()
    assert not different_decisions()


def nobody_was_asked_twice():
    per_resolution = Survey.objects.values("conversation", "resolution").annotate(n=Count("pk"))
    assert set(per_resolution.values_list("n", flat=True)) == {1}
    questions = Message.objects.filter(direction="outbound", author_kind="system").count()
    assert questions == Survey.objects.filter(question__isnull=False).count()


def rated_events():
    return Event.objects.filter(type="survey.answered").count()


class TestTwoAnswersAtOnce:
    def test_make_one_rating(self, channel, tmp_path):
        resolve_all()

        race(tmp_path, ("rate", 1), ("rate", 5))

        surveys = Survey.objects.filter(resolution=1, status="answered")
        assert surveys.count() == rated_events() == len(CUSTOMERS)
        assert set(surveys.values_list("rating", flat=True)) <= {1, 5}
        assert Message.objects.filter(direction="inbound").count() == 3 * len(CUSTOMERS)
        # The other number is a message like any other: it begins the next conversation.
        assert Conversation.objects.filter(status=Status.NEW).count() == len(CUSTOMERS)
        nobody_was_asked_twice()


class TestAnAnswerAgainstTheEndOfTheWait:
    def test_counts_or_came_too_late(self, channel, tmp_path, capsys):
        resolve_all()

        race(tmp_path, ("rate", 4), ("expire", 0))

        outcomes = Counter(Survey.objects.values_list("status", "rating"))
        with capsys.disabled():
            sys.stdout.write(f"\n{dict(outcomes)}\n")
        assert set(outcomes) <= {("answered", 4), ("expired", None)}
        assert outcomes.total() == len(CUSTOMERS)
        assert outcomes["answered", 4] == rated_events()
        assert Message.objects.filter(body="4").count() == len(CUSTOMERS)
        # Whoever came too late writes in a conversation of their own.
        begun = Conversation.objects.filter(status=Status.NEW).count()
        assert begun == outcomes["expired", None]
        nobody_was_asked_twice()


class TestResolvingAgainstReopening:
    def test_asks_once_for_each_resolution(self, channel, tmp_path, capsys):
        race(tmp_path, ("resolve", 0), ("resolve", 1), ("reopen", 0), ("reopen", 1))

        for chat in Conversation.objects.annotate(asked=Count("surveys")):
            assert chat.asked == chat.resolution_count
        with capsys.disabled():
            sys.stdout.write(f"\n{Survey.objects.count()} resolutions\n")
        assert Survey.objects.count() >= len(CUSTOMERS)
        assert Survey.objects.filter(status="sent").count() == (
            Conversation.objects.filter(status=Status.RESOLVED).count()
        )
        nobody_was_asked_twice()


class TestAnAnswerAgainstReopening:
    def test_is_a_rating_or_a_message(self, channel, tmp_path):
        resolve_all()

        race(tmp_path, ("rate", 2), ("reopen", 0))

        first = Survey.objects.filter(resolution=1)
        assert set(first.values_list("status", "rating")) <= {("answered", 2), ("expired", None)}
        assert first.filter(status="answered").count() == rated_events()
        assert Message.objects.filter(body="2").count() == len(CUSTOMERS)
        nobody_was_asked_twice()
