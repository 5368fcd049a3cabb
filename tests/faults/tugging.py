"""Somebody who does anything at any time: transfers, answers, resolves, comes and goes, writes.

`python -m tests.faults.tugging SEED SECONDS` prints how often each error came of it, as JSON.
"""

import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import django

django.setup()

from django.utils import timezone  # noqa: E402

from channels.addresses import inbound_url  # noqa: E402
from channels.models import Channel  # noqa: E402
from channels.providers import config_of  # noqa: E402
from channels.providers.base import InboundRequest  # noqa: E402
from channels.providers.signing import build_signed_form  # noqa: E402
from channels.providers.simulator import message_fields  # noqa: E402
from config.drains import DRAINS  # noqa: E402
from conversations.actors import Actor  # noqa: E402
from conversations.models import Conversation  # noqa: E402
from conversations.services import lifecycle, replies  # noqa: E402
from conversations.services.lifecycle import ConversationMovedError  # noqa: E402
from conversations.services.replies import ReplyRefusedError  # noqa: E402
from conversations.states import IllegalTransitionError  # noqa: E402
from routing.services import assignment, intake  # noqa: E402
from routing.services.assignment import AssignmentRefusedError  # noqa: E402
from teams.models import Presence, Team, User  # noqa: E402
from teams.services import presence  # noqa: E402

#: What a person may be told: no, or: look again, it has changed.
REFUSALS = (
    AssignmentRefusedError,
    ConversationMovedError,
    IllegalTransitionError,
    ReplyRefusedError,
)
SYSTEM = Actor.system()
# Everybody's answer is overdue at once, so that the timers take part.
MUCH_LATER = timedelta(hours=3)


class Tugger:
    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.people = list(User.objects.order_by("pk"))
        self.teams = list(Team.objects.order_by("pk"))
        self.channel = Channel.objects.get()
        self.written = 0

    def acts(self) -> list[Callable[[], object]]:
        return [
            self.transfer,
            self.transfer,
            self.give_to_team,
            self.unassign,
            self.answer,
            self.resolve,
            self.reopen,
            self.write,
            self.write,
            self.come_or_go,
            self.sweep,
            self.sweep,
        ]

    def conversation(self) -> Conversation:
        return self.chance.choice(list(Conversation.objects.order_by("pk")))

    def transfer(self) -> None:
        person = self.chance.choice(self.people)
        assignment.assign_to(self.conversation(), person=person, actor=SYSTEM, now=timezone.now())

    def give_to_team(self) -> None:
        team = self.chance.choice(self.teams)
        assignment.assign_to(self.conversation(), team=team, actor=SYSTEM, now=timezone.now())

    def unassign(self) -> None:
        assignment.unassign(self.conversation(), actor=SYSTEM, now=timezone.now())

    def answer(self) -> None:
        author = self.chance.choice(self.people)
        actor = Actor.person(author.pk, author.name)
        replies.queue_reply(
            self.conversation(), author=author, body="Hello", actor=actor, now=timezone.now()
        )

    def resolve(self) -> None:
        lifecycle.resolve(self.conversation(), actor=SYSTEM, now=timezone.now())

    def reopen(self) -> None:
        lifecycle.reopen(self.conversation(), actor=SYSTEM, now=timezone.now())

    def write(self) -> None:
        """Write as one of a few customers; now and then the delivery comes twice."""
        self.written += self.chance.random() < 0.8
        config, url = config_of(self.channel), inbound_url(self.channel)
        fields = message_fields(
            config,
            address=f"+8190000{self.chance.randrange(6):05d}",
            text=self.chance.choice(["refund", "order", "5", "Hello?"]),
            message_sid=f"SM{self.chance.randrange(3):016x}{self.written:016x}",
        )
        body, headers = build_signed_form(config, url=url, fields=fields)
        request = InboundRequest(
            url=url, content_type=headers["Content-Type"], body=body, headers=headers
        )
        intake.receive(self.channel, request=request, now=timezone.now())

    def come_or_go(self) -> None:
        presence.set_presence(
            self.chance.choice(self.people),
            presence=self.chance.choice([Presence.ONLINE, Presence.ONLINE, Presence.AWAY]),
            now=timezone.now(),
        )

    def sweep(self) -> None:
        name, do_next = self.chance.choice(DRAINS)
        if name in ("route_due", "place_waiting", "reassign_overdue", "close_expired_surveys"):
            do_next(now=timezone.now() + MUCH_LATER)


def main(seed: int, seconds: float) -> None:
    tugger = Tugger(seed)
    acts = tugger.acts()
    counts: Counter[str] = Counter()
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        act = tugger.chance.choice(acts)
        counts["acts"] += 1
        try:
            act()
        except REFUSALS:
            counts["refusals"] += 1
        except Exception as error:  # noqa: BLE001 - the test wants to know of every one
            counts[f"{act.__name__}: {type(error).__name__}: {str(error)[:200]}"] += 1
    sys.stdout.write(json.dumps(counts))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
