"""Texts that nobody writes, while many messages come at once and the web is killed."""

import os
import random
import threading
from collections import Counter
from datetime import time, timedelta
from http.client import HTTPConnection, HTTPException
from multiprocessing.pool import ThreadPool
from urllib.parse import urlsplit

import psutil
import pytest
from django.db import connection
from django.utils import timezone

from channels.addresses import inbound_url
from channels.greetings import TextKind
from channels.models import Channel
from channels.providers import config_of
from channels.providers.signing import build_signed_form
from channels.providers.simulator import message_fields
from channels.services import texts
from conversations.models import AutomaticText, Conversation, Message
from teams.hours import DayException, Interval
from teams.models import BusinessHours
from teams.services import hours
from tests.factories import make_agent, make_channel, make_rule, make_team
from tests.faults.crowd import Request, ask_all, free_port, server, start_server, wait_for
from tests.faults.promises import broken_promises, deadlocks
from tests.processes import database_url

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

CONTACTS, MESSAGES, AT_ONCE = 4, 24, 24
KILLS = int(os.environ.get("RELAYDESK_TESTS_KILLS", 5 if connection.vendor == "postgresql" else 2))
GREETING, UNAVAILABLE = "Hello {contact_name}!", "Nobody is here."
ALL_DAY = Interval(time(0), time(0))


@pytest.fixture(autouse=True)
def _everything_holds():
    before = deadlocks()
    yield
    assert not broken_promises()
    assert deadlocks() == before


@pytest.fixture
def calendar() -> BusinessHours:
    """Open around the clock, but for the dates that a test closes."""
    return hours.create(code="shop", name="Shop", week=[[ALL_DAY]] * 7)


@pytest.fixture
def channel(calendar: BusinessHours) -> Channel:
    make_rule(team=make_team(members=(make_agent(), make_agent(name="Bob"))))
    channel = make_channel(
        provider="simulator", hours=calendar, has_greeting=True, has_unavailable_message=True
    )
    texts.replace(channel, kind=TextKind.GREETING, texts={"en": GREETING})
    texts.replace(channel, kind=TextKind.UNAVAILABLE, texts={"en": UNAVAILABLE})
    return channel


def close(calendar: BusinessHours, *, days_ago: int) -> None:
    """Close it since so many days, and for the days to come."""
    today = timezone.now().date()
    dates = [today + timedelta(days=n) for n in range(-days_ago, 3)]
    hours.update(calendar, exceptions=[DayException(day) for day in dates])


def messages(channel: Channel, *, start: int, contacts: int = CONTACTS) -> list[Request]:
    """Return signed messages of some contacts, each of them twice, all mixed up."""
    config, url = config_of(channel), inbound_url(channel)
    found = []
    for number in range(start, start + MESSAGES):
        fields = message_fields(
            config,
            address=f"+8190000{number % contacts:05d}",
            text=f"Message {number}",
            message_sid=f"SM{number:032x}",
            profile_name="Dora",
        )
        body, headers = build_signed_form(config, url=url, fields=fields)
        found.append((urlsplit(url).path, body, headers))
    random.Random(start).shuffle(found)
    return found * 2


def sent() -> Counter[tuple[int, str]]:
    """Count what was written by itself, by conversation."""
    rows = Message.objects.filter(direction="outbound")
    return Counter(rows.values_list("conversation_id", "body"))


class TestManyMessagesAtOnce:
    @pytest.mark.parametrize("contacts", [1, CONTACTS])
    def test_are_told_once_in_each_closure(
        self, channel: Channel, calendar: BusinessHours, contacts: int
    ) -> None:
        with server(database_url()) as port:
            for closure, days_ago in enumerate((3, 1)):
                close(calendar, days_ago=days_ago)
                burst = messages(channel, start=closure * MESSAGES, contacts=contacts)
                answers = ask_all(port, burst, at_once=AT_ONCE)
                assert {status for status, _body in answers} == {200}

                assert Conversation.objects.count() == contacts
                assert set(sent().values()) == {closure + 1}
                assert len(sent()) == contacts
                # The next closure begins later than this was told.
                AutomaticText.objects.update(created_at=timezone.now() - timedelta(days=2))

        assert {body for _conversation, body in sent()} == {UNAVAILABLE}
        told = AutomaticText.objects.filter(kind=TextKind.UNAVAILABLE)
        assert told.filter(message__isnull=False).count() == told.count() == 2 * contacts
        greetings = AutomaticText.objects.filter(kind=TextKind.GREETING)
        assert list(greetings.values_list("reason", flat=True)) == ["other_text"] * contacts
        assert Message.objects.filter(direction="inbound").count() == 2 * MESSAGES

    def test_are_greeted_once_while_it_is_open(self, channel: Channel) -> None:
        with server(database_url()) as port:
            answers = ask_all(port, messages(channel, start=0), at_once=AT_ONCE)

        assert {status for status, _body in answers} == {200}
        conversations = Conversation.objects.values_list("pk", flat=True)
        assert sent() == {(pk, "Hello Dora!"): 1 for pk in conversations}
        assert len(conversations) == CONTACTS

    def test_are_told_once_while_the_web_is_killed(
        self, channel: Channel, calendar: BusinessHours, capsys: pytest.CaptureFixture[str]
    ) -> None:
        close(calendar, days_ago=2)
        tries: list[int] = []
        start = 0

        killer = Killer()
        killer.start()
        while killer.is_alive():
            with ThreadPool(AT_ONCE) as pool:
                burst = messages(channel, start=start)
                tries += pool.map(lambda each: deliver(killer.port, each), burst, chunksize=1)
            start += MESSAGES
        killer.end()

        texts_sent = sent()
        with capsys.disabled():
            print(  # noqa: T201 - the figures are the point
                f"\n{killer.killed} kills: {start} messages, twice each, in {sum(tries)} "
                f"deliveries; {texts_sent.total()} texts in {len(texts_sent)} conversations"
            )
        assert killer.killed == KILLS
        conversations = Conversation.objects.values_list("pk", flat=True)
        assert texts_sent == {(pk, UNAVAILABLE): 1 for pk in conversations}
        assert len(conversations) == CONTACTS
        assert Message.objects.filter(direction="inbound").count() == start


class Killer(threading.Thread):
    """Runs the web, kills it while messages come in, and runs it again."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.port, self.killed = free_port(), 0
        self.address = database_url()
        self.web = start_server(self.address, port=self.port)

    def run(self) -> None:
        pick = random.Random(3)
        while self.killed < KILLS:
            wait_for(self.port)
            threading.Event().wait(pick.uniform(0.05, 0.8))
            self._kill()
            self.killed += 1
            self.web = start_server(self.address, port=self.port)

    def end(self) -> None:
        self.join()
        self._kill()

    def _kill(self) -> None:
        main = psutil.Process(self.web.pid)
        main.suspend()  # so that it starts no other while its workers are killed
        for worker in main.children(recursive=True):
            worker.kill()
        main.kill()
        self.web.wait(timeout=20)


def deliver(port: int, request: Request) -> int:
    """Deliver as a provider does, until it is acknowledged; return how many tries that took."""
    path, body, headers = request
    for tries in range(1, 600):
        http = HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            http.request("POST", path, body=body, headers=headers)
            if http.getresponse().status == 200:
                return tries
        except (OSError, HTTPException):
            pass
        finally:
            http.close()
        threading.Event().wait(0.5)
    raise TimeoutError("never acknowledged")
