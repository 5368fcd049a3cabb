"""A floor at its busiest: conversations are offered, people go on and off, work is done.

`python -m tests.faults.offering PROCESSES OFFERS` shares so many offers among as many processes,
and prints how often each thing happened, as JSON. An offer is one conversation for which the house
looks for somebody.
"""

import json
import multiprocessing
import random
import sys
import time
from collections import Counter
from collections.abc import Callable

import django

django.setup()

from django.db import OperationalError, connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from conversations.actors import Actor  # noqa: E402
from conversations.models import Conversation  # noqa: E402
from conversations.services import lifecycle  # noqa: E402
from conversations.services.lifecycle import ConversationMovedError  # noqa: E402
from conversations.states import OPEN, IllegalTransitionError  # noqa: E402
from routing.services import assignment, waiting  # noqa: E402
from teams.models import Presence, User  # noqa: E402
from teams.services import presence  # noqa: E402

SYSTEM = Actor.system()
#: Somebody else was faster: what a person would be told, and would shrug at.
REFUSALS = (ConversationMovedError, IllegalTransitionError)


class Floor:
    """One process of the many: it offers its share, and lets people come, go and finish."""

    def __init__(self, seed: int, *, offers: int) -> None:
        self.chance = random.Random(seed)
        self.left = offers
        self.counts: Counter[str] = Counter()
        self.people = list(User.objects.order_by("pk"))

    def work(self) -> Counter[str]:
        while self.left > 0:
            self.do(self.chance.choices(*self.acts())[0])
        return self.counts

    def acts(self) -> tuple[list[Callable[[], None]], list[int]]:
        return [self.offer, self.come_or_go, self.finish, self.place], [10, 2, 5, 3]

    def do(self, act: Callable[[], None]) -> None:
        started = time.monotonic()
        try:
            act()
        except REFUSALS:
            self.counts["refused"] += 1
        except OperationalError as error:
            self.counts[f"{act.__name__}: {str(error)[:200]}"] += 1
        took = int((time.monotonic() - started) * 1000)
        self.counts["slowest_ms"] = max(self.counts["slowest_ms"], took)

    def offer(self) -> None:
        if assignment.route_next(now=timezone.now()):
            self.counts["offers"] += 1
            self.left -= 1
        else:
            self.left = 0

    def come_or_go(self) -> None:
        states = [Presence.ONLINE, Presence.ONLINE, Presence.AWAY, Presence.OFFLINE]
        presence.set_presence(
            self.chance.choice(self.people),
            presence=self.chance.choice(states),
            now=timezone.now(),
        )
        self.counts["changes of presence"] += 1

    def finish(self) -> None:
        """Let somebody be done with something, which frees a place."""
        held = Conversation.objects.filter(
            assignee=self.chance.choice(self.people), status__in=sorted(OPEN)
        )
        conversation = held.order_by("pk").first()
        if conversation is not None:
            lifecycle.resolve(conversation, actor=SYSTEM, now=timezone.now())
            self.counts["finished"] += 1

    def place(self) -> None:
        self.counts["placings"] += waiting.place_next(now=timezone.now())


def _share(seed: int, offers: int) -> Counter[str]:
    connection.close()
    return Floor(seed, offers=offers).work()


def main(processes: int, offers: int) -> None:
    """Fork, so that Django is loaded once; each process has a connection of its own."""
    shares = [(seed, len(range(seed, offers, processes))) for seed in range(processes)]
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        found = pool.starmap(_share, shares, chunksize=1)
    total = sum(found, Counter())
    total["slowest_ms"] = max(counts["slowest_ms"] for counts in found)
    sys.stdout.write(json.dumps(total))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
