"""Somebody leaves while work keeps coming: nothing stays behind, nothing is lost, nobody waits."""

import random
from contextlib import suppress
from threading import Barrier

import pytest
from django.db import connection

from conversations.actors import Actor
from conversations.models import Conversation
from conversations.states import OPEN
from routing.services import assignment, leaving, waiting
from routing.services.assignment import AssignmentRefusedError
from routing.services.leaving import HandOver
from teams.models import Presence, User
from teams.services import presence
from tests.factories import make_agent, make_channel, make_contact, make_conversation, make_team
from tests.faults.promises import broken_promises, deadlocks, different_decisions
from tests.faults.two_sessions import Session
from tests.moments import WEDNESDAY_MORNING as MORNING

pytestmark = [
    pytest.mark.faults,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer"),
]
SYSTEM = Actor.system()
CONVERSATIONS, HANDS = 20, 3


class TestLeaving:
    @pytest.mark.parametrize("to", ["team", "person", "own"])
    def test_while_others_give_and_take(self, to: str) -> None:
        before = deadlocks()
        alice, bob, chen = (make_agent(name=name) for name in ("Alice", "Bob", "Chen"))
        team = make_team(members=(alice, bob, chen))
        channel = make_channel(agents=(alice, bob, chen))
        mine = [make_conversation(channel=channel, team=team) for _ in range(CONVERSATIONS)]
        for conversation in mine[::2]:
            assignment.assign_to(conversation, person=alice, actor=SYSTEM, now=MORNING)
        for _ in range(20):
            make_contact(permanent_agent=alice)
        start = Barrier(HANDS + 1)

        def keep_giving(seed: int) -> None:
            chance = random.Random(seed)
            start.wait()
            for conversation in chance.sample(mine, CONVERSATIONS):
                target = chance.choice([{"person": alice}, {"person": bob}, {"team": team}])
                with suppress(AssignmentRefusedError):
                    assignment.assign_to(conversation, actor=SYSTEM, now=MORNING, **target)
                waiting.place_next(now=MORNING)
                presence.set_presence(chen, presence=Presence.ONLINE, now=MORNING)

        hands = [Session(lambda seed=seed: keep_giving(seed)) for seed in range(HANDS)]
        start.wait()
        hand_over = {
            "team": HandOver(team=team),
            "person": HandOver(person=bob),
            "own": HandOver(),
        }[to]
        leaving.leave(alice, hand_over=hand_over, actor=SYSTEM, now=MORNING)
        for hand in hands:
            hand.wait()

        alice.refresh_from_db()
        assert (alice.is_active, alice.load, alice.presence) == (False, 0, Presence.OFFLINE)
        assert not Conversation.objects.filter(assignee=alice, status__in=OPEN).exists()
        assert sum(User.objects.values_list("load", flat=True)) == len(
            Conversation.objects.exclude(assignee=None)
        )
        assert deadlocks() == before
        assert not broken_promises()
        assert not different_decisions()
