"""Races, run and not reasoned about: real processes on a real server and a real database."""

import random
from collections import Counter
from urllib.parse import urlsplit

import pytest

from channels.addresses import inbound_url
from channels.providers import config_of
from channels.providers.signing import build_signed_form
from channels.providers.simulator import message_fields
from conversations.actors import Actor
from conversations.models import Assignment, Contact, Conversation, Message
from conversations.services import replies
from routing.models import Decision
from teams.models import User
from tests.factories import make_agent, make_channel, make_conversation, make_rule, make_team
from tests.fake_twilio import running
from tests.faults.crowd import knock_all, run_drain, server
from tests.faults.promises import broken_promises, deadlocks, different_decisions
from tests.moments import WEDNESDAY_MORNING as MORNING
from tests.processes import database_url

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

IDS, REPEATS, CONTACTS, CLIENTS = 250, 20, 50, 8
WORKERS = 8


@pytest.fixture(autouse=True)
def _everything_holds():
    before = deadlocks()
    yield
    assert not broken_promises()
    assert deadlocks() == before
    assert not different_decisions()


def signed_deliveries(channel):
    config, url = config_of(channel), inbound_url(channel)
    requests = []
    for number in range(IDS):
        fields = message_fields(
            config,
            address=f"+8190000{number % CONTACTS:05d}",
            text=f"Message {number}",
            message_sid=f"SM{number:032x}",
            profile_name="Dora",
        )
        body, headers = build_signed_form(config, url=url, fields=fields)
        requests.append((urlsplit(url).path, body, headers))
    deliveries = requests * REPEATS
    random.Random(7).shuffle(deliveries)
    return deliveries


class TestFiveThousandDeliveries:
    def test_of_250_ids_are_250_messages_in_one_conversation_per_contact(self):
        make_rule(team=make_team(members=(make_agent(), make_agent(name="Bob"))))
        channel = make_channel()
        deliveries = signed_deliveries(channel)

        with server(database_url()) as port:
            statuses = knock_all(port, deliveries, clients=CLIENTS)

        assert statuses == {200: IDS * REPEATS}
        assert Message.objects.count() == IDS
        assert Contact.objects.count() == CONTACTS
        assert Conversation.objects.count() == CONTACTS
        assert Conversation.objects.filter(assignee=None).count() == 0


class TestThreeHundredConversations:
    def test_over_twenty_people_with_five_places_each(self):
        people = [make_agent(name=f"Agent {n}", capacity=5) for n in range(20)]
        make_rule(team=make_team(members=tuple(people), strategy="least_busy"))
        channel = make_channel()
        for _ in range(300):
            make_conversation(channel=channel, routing_due_at=MORNING)

        run_drain(
            "route_due", instant=MORNING.isoformat(), database_url=database_url(), workers=WORKERS
        )

        assert Conversation.objects.filter(assignee__isnull=False).count() == 100
        assert set(User.objects.values_list("load", flat=True)) == {5}
        assert Assignment.objects.filter(user__isnull=False, ended_at=None).count() == 100
        assert Decision.objects.count() == 300

    def test_go_round_four_people_exactly(self):
        people = tuple(make_agent(name=name) for name in ("Alice", "Bob", "Chen", "Dai"))
        make_rule(team=make_team(members=people))
        channel = make_channel()
        for _ in range(200):
            make_conversation(channel=channel, routing_due_at=MORNING)

        run_drain(
            "route_due", instant=MORNING.isoformat(), database_url=database_url(), workers=WORKERS
        )

        held = Counter(Conversation.objects.values_list("assignee__name", flat=True))
        assert held == {"Alice": 50, "Bob": 50, "Chen": 50, "Dai": 50}


class TestTwoHundredAnswers:
    def test_go_out_once_and_in_order(self):
        alice, channel = make_agent(), make_channel(rate_per_s=500)
        conversations = [make_conversation(channel=channel) for _ in range(40)]
        for number in range(5):
            for conversation in conversations:
                replies.queue_reply(
                    conversation,
                    author=alice,
                    body=f"{number}",
                    actor=Actor.person(alice.pk, "Alice"),
                    now=MORNING,
                )

        with running() as twilio, pytest.MonkeyPatch.context() as patch:
            patch.setenv("RELAYDESK_TESTS_TWILIO", twilio.url)
            run_drain(
                "send_queued",
                instant=MORNING.isoformat(),
                database_url=database_url(),
                workers=WORKERS,
            )
            sends = [send["message"] for send in twilio.store.sends]
            assert not twilio.store.doubled()

        assert len(sends) == 200
        by_address: dict[str, list[str]] = {}
        for message in sends:
            by_address.setdefault(message["to"], []).append(message["body"])
        assert all(bodies == ["0", "1", "2", "3", "4"] for bodies in by_address.values())
        assert set(Message.objects.values_list("delivery_status", flat=True)) == {"sent"}
