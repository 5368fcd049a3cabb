"""Two people who are one and are not: they write, are merged, parted and served, under kills.

`python -m tests.faults.shufflers KILLS FOLDER`: every process of the crowd may die at any moment,
and another one goes on in its place. A writer notes in `FOLDER` what was acknowledged, and delivers
again what was not, as a provider does.
"""

import random
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path

import django

django.setup()

from channels.models import Channel  # noqa: E402
from config import urls  # noqa: E402, F401 - once, for every child
from conversations.actors import Actor  # noqa: E402
from conversations.models import Contact, Conversation  # noqa: E402
from conversations.services import lifecycle, merging, replies  # noqa: E402
from conversations.states import IllegalTransitionError  # noqa: E402
from teams.clock import database_now  # noqa: E402
from teams.models import User  # noqa: E402
from tests.doors import customer_writes  # noqa: E402
from tests.faults.killing import Crowd  # noqa: E402

#: What a person may be told: no, or: look again, it has changed.
REFUSALS = (
    IllegalTransitionError,
    lifecycle.ConversationMovedError,
    merging.MergeRefusedError,
    replies.ReplyRefusedError,
)
PAUSES_S = 0.02, 0.3
ADDRESSES = ("+819000000001", "+819000000002")
#: In the order in which they are started; each is a process of its own.
ROLES = ("write 0", "write 1", "write 0 again", "merge", "merge", "serve")


class Writer:
    """Delivers one message after the other, each until it is acknowledged."""

    def __init__(self, role: str, folder: Path) -> None:
        self.address = ADDRESSES[int(role.split()[1])]
        self.name, self.log = role.replace(" ", "-"), folder / role.replace(" ", "-")

    def act(self, pick: random.Random) -> None:
        number = self.log.stat().st_size // 33 if self.log.exists() else 0
        sid = f"SM{self.name}-{number:06d}".ljust(32, "0")
        text = pick.choice(["Hello?", "5", "Is anybody there?"])
        answer = customer_writes(
            Channel.objects.get(), text, address=self.address, name="", message_sid=sid
        )
        if answer.status_code == 200:
            with self.log.open("a") as log:
                log.write(sid + "\n")


def merge_or_part(pick: random.Random) -> None:
    """Merge them one way, the other way, or undo it."""
    one, other = pick.sample(list(Contact.objects.order_by("pk")), 2)
    if pick.random() < 0.5:
        merging.merge(one, into=other, actor=Actor.system(), now=database_now())
    else:
        merging.unmerge(one, actor=Actor.system(), now=database_now())


def serve(pick: random.Random) -> None:
    """Resolve, set aside, answer or reopen anything."""
    now, system = database_now(), Actor.system()
    alice = User.objects.get()
    recent = list(Conversation.objects.order_by("-pk")[:4])
    acts: list[Callable[[Conversation], object]] = [
        lambda chat: lifecycle.resolve(chat, actor=system, now=now),
        lambda chat: lifecycle.resolve(chat, actor=system, now=now),
        lambda chat: lifecycle.reopen(chat, actor=system, now=now),
        lambda chat: lifecycle.snooze(chat, until=now + timedelta(hours=1), actor=system, now=now),
        lambda chat: replies.queue_reply(
            chat, author=alice, body="Hello.", actor=Actor.person(alice.pk, alice.name), now=now
        ),
    ]
    pick.choice(acts)(pick.choice(recent))


def work(role: str, folder: Path, born: int) -> None:
    pick = random.Random(born)
    acts = {"merge": merge_or_part, "serve": serve}
    act = acts.get(role) or Writer(role, folder).act
    while True:
        with suppress(*REFUSALS):
            act(pick)
        time.sleep(pick.uniform(0, 0.02))


def main(kills: int, folder: Path) -> None:
    crowd = Crowd([partial(work, role, folder) for role in ROLES])
    crowd.kill(kills, pauses_s=PAUSES_S, seed=7)
    crowd.end()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
