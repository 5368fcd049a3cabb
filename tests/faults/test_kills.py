"""Web, worker and beat are killed under traffic: what was acknowledged is stored once."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from django.conf import settings as house_settings
from django.db import connection, connections

from channels.addresses import inbound_url
from channels.providers import config_of
from channels.providers.signing import build_signed_form
from channels.providers.simulator import message_fields
from conversations.actors import Actor
from conversations.invariants import INVARIANTS as CONVERSATION_INVARIANTS
from conversations.models import Conversation, Message
from conversations.services import replies
from routing.invariants import INVARIANTS as ROUTING_INVARIANTS
from teams.clock import database_now
from tests.factories import make_agent, make_channel, make_rule, make_team
from tests.fake_twilio import running
from tests.faults.crowd import free_port
from tests.processes import database_url, eventually
from tests.settle import settle

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

# The whole number where the database is the one of production; a taste of it on SQLite.
WANTED_KILLS = 200 if connection.vendor == "postgresql" else 20
KILLS = int(os.environ.get("RELAYDESK_TESTS_KILLS", WANTED_KILLS))
KILL_EVERY_S = 1.5
MESSAGES_PER_S = 8
REPLY_EVERY_S = 1.0


class House:
    """`manage.py serve` on the test's database, with Twilio's stand-in to send to."""

    def __init__(self, *, twilio_url: str, folder: Path) -> None:
        self.port = free_port()
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "ENVIRONMENT": "test",
            "SECRET_KEY": house_settings.SECRET_KEY,
            "FIELD_ENCRYPTION_KEYS": ",".join(house_settings.FIELD_ENCRYPTION_KEYS),
            "DATABASE_URL": database_url(),
            "DATA_DIR": str(folder),
            "PORT": str(self.port),
            "PUBLIC_BASE_URL": house_settings.PUBLIC_BASE_URL,
            "ALLOWED_HOSTS": "127.0.0.1,desk.example.test",
            "TWILIO_API_BASE_URL": twilio_url,
        }
        if environment.get("BROKER_URL", "memory://") == "memory://":
            environment.pop("BROKER_URL", None)
        self.log = (folder / "serve.log").open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "serve"],
            env=environment,
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )

    def wait(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                http = HTTPConnection("127.0.0.1", self.port, timeout=2)
                http.request("GET", "/healthz")
                if http.getresponse().status == 200:
                    return
            except (OSError, HTTPException):
                time.sleep(0.2)
        raise TimeoutError("the house did not open")

    def victims(self) -> dict[str, psutil.Process]:
        """Return the running processes of web, worker and beat, each under its name."""
        found = {}
        for process in psutil.Process(self.process.pid).children(recursive=True):
            try:
                words = process.cmdline()
            except psutil.Error:
                continue
            if "granian" in words:
                found[f"web {len(found)}"] = process
            elif "beat" in words:
                found["beat"] = process
            elif "worker" in words:
                found["worker"] = process
        return found

    def close(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=40)
        self.log.close()


class Customers(threading.Thread):
    """Deliver messages as a provider does: again and again, until each is acknowledged."""

    def __init__(self, channel, port: int) -> None:
        super().__init__(daemon=True)
        self.channel, self.port = channel, port
        self.config, self.url = config_of(channel), inbound_url(channel)
        self.acknowledged: list[str] = []
        self.refused: Counter[int] = Counter()
        self.stopping = threading.Event()

    def run(self) -> None:
        number = 0
        while not self.stopping.is_set():
            self._deliver(number)
            number += 1
            time.sleep(1 / MESSAGES_PER_S)

    def _deliver(self, number: int) -> None:
        sid = f"SM{number:032x}"
        fields = message_fields(
            self.config,
            address=f"+8190001{number % 40:05d}",
            text=f"Message {number}",
            message_sid=sid,
        )
        body, headers = build_signed_form(self.config, url=self.url, fields=fields)
        while True:
            try:
                http = HTTPConnection("127.0.0.1", self.port, timeout=10)
                http.request("POST", urlsplit(self.url).path, body=body, headers=headers)
                status = http.getresponse().status
            except (OSError, HTTPException):
                time.sleep(0.1)
                continue
            if status == 200:
                self.acknowledged.append(sid)
                return
            self.refused[status] += 1
            time.sleep(0.1)


class Agents(threading.Thread):
    """Answer some open conversation now and then."""

    def __init__(self, alice) -> None:
        super().__init__(daemon=True)
        self.alice = alice
        self.stopping = threading.Event()

    def run(self) -> None:
        pick = random.Random(11)
        while not self.stopping.wait(REPLY_EVERY_S):
            conversations = list(Conversation.objects.open()[:40])
            if conversations:
                replies.queue_reply(
                    pick.choice(conversations),
                    author=self.alice,
                    body="We are on it.",
                    actor=Actor.person(self.alice.pk, "Alice"),
                    now=database_now(),
                )
        connections.close_all()


def kill_at_random(house: House) -> Counter[str]:
    pick, killed = random.Random(5), Counter()
    while killed.total() < KILLS:
        time.sleep(KILL_EVERY_S)
        victims = house.victims()
        if not victims:
            continue
        name = pick.choice(sorted(victims))
        try:
            victims[name].kill()
        except psutil.Error:
            continue
        killed[name.split()[0]] += 1
    return killed


def test_nothing_acknowledged_is_lost_or_doubled(tmp_path, capsys, settings):
    alice = make_agent()
    make_rule(team=make_team(members=(alice, make_agent(name="Bob"))))
    channel = make_channel()

    with running() as twilio:
        twilio.store.story = ("sent", "delivered", "read")
        settings.TWILIO_API_BASE_URL = twilio.url
        house = House(twilio_url=twilio.url, folder=tmp_path)
        twilio.store.reach = f"http://127.0.0.1:{house.port}"
        house.wait()
        customers, agents = Customers(channel, house.port), Agents(alice)
        customers.start()
        agents.start()
        killed = kill_at_random(house)
        house.wait()
        # However slow the machine: traffic before, between and after the kills.
        eventually(lambda: len(customers.acknowledged) >= KILLS // 2, within_s=180)
        agents.stopping.set()
        customers.stopping.set()
        agents.join(timeout=30)
        customers.join(timeout=60)
        time.sleep(10)  # the reports of what was sent last
        house.close()
        # At one instant a channel sends no more than its rate: the rest goes a minute later.
        for minutes in range(10, 15):
            settle(now=database_now() + timedelta(minutes=minutes))
        taken = [send["message"]["sid"] for send in twilio.store.sends]
        doubled = twilio.store.doubled()

    inbound = Message.objects.filter(direction="inbound")
    stored = set(inbound.values_list("provider_message_id", flat=True))
    outbound = Message.objects.filter(direction="outbound")
    statuses = Counter(outbound.values_list("delivery_status", flat=True))
    with capsys.disabled():
        print(  # noqa: T201 - the figures are the point
            f"\n{killed.total()} kills {dict(killed)}: {len(customers.acknowledged)} messages "
            f"acknowledged, {inbound.count()} stored; {outbound.count()} answers {dict(statuses)}, "
            f"{len(taken)} taken by the provider, {len(doubled)} doubled; "
            f"refused {dict(customers.refused)}"
        )
    assert killed.total() == KILLS
    assert set(customers.acknowledged) <= stored
    assert inbound.count() == len(stored)
    assert not doubled
    assert set(statuses) <= {"sent", "delivered", "read", "unknown"}
    known = set(
        outbound.exclude(provider_message_id=None).values_list("provider_message_id", flat=True)
    )
    assert known <= set(taken)
    for invariant in [*CONVERSATION_INVARIANTS, *ROUTING_INVARIANTS]:
        assert not list(invariant()), invariant.__name__
