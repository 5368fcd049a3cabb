"""One who rates, waits no longer, resolves or reopens, at the same time as others do.

`python -m tests.faults.raters ACT NUMBER FOLDER OTHERS`: does its act with one customer after the
other, with each when so many as take part have come to that customer: they meet in `FOLDER`.
"""

import random
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import django

django.setup()

from channels.models import Channel  # noqa: E402
from conversations.actors import Actor  # noqa: E402
from conversations.models import Conversation  # noqa: E402
from conversations.services import closing, lifecycle  # noqa: E402
from conversations.states import IllegalTransitionError  # noqa: E402
from teams.clock import database_now  # noqa: E402
from tests.doors import customer_writes  # noqa: E402

CUSTOMERS = [f"+8190000{number:05d}" for number in range(20)]
#: How much later than the others somebody may begin. A message takes its way through the door; the
#: sweep is there at once, and must not always be first.
SPREAD_S, SPREAD_OF_SWEEPS_S = 0.1, 0.6
REFUSALS = (IllegalTransitionError, lifecycle.ConversationMovedError)
SYSTEM = Actor.system()
MUCH_LATER = timedelta(days=2)


def rate(address: str, *, number: int) -> None:
    """Answer with this number; again, while the door says "try again"."""
    sid = f"SM{number}{address.removeprefix('+')}".ljust(34, "0")
    text, channel = str(number), Channel.objects.get()
    for _ in range(20):
        answer = customer_writes(channel, text, address=address, message_sid=sid)
        if answer.status_code == 200:
            return
    sys.exit(f"{address} was never taken: {answer.status_code}")


def expire(address: str, *, number: int) -> None:
    closing.close_next_expired(now=database_now() + MUCH_LATER)


def resolve(address: str, *, number: int) -> None:
    _each_way(address, lifecycle.resolve)


def reopen(address: str, *, number: int) -> None:
    _each_way(address, lifecycle.reopen)


def _each_way(address: str, verb: Callable[..., object]) -> None:
    for _ in range(3):
        chat = Conversation.objects.filter(identity__address=address).order_by("-pk")[0]
        with suppress(*REFUSALS):
            verb(chat, actor=SYSTEM, now=database_now())


ACTS = {"rate": rate, "expire": expire, "resolve": resolve, "reopen": reopen}


def meet(folder: Path, place: int, *, me: str, others: int) -> None:
    """Wait until everybody has come to this customer."""
    (folder / f"{place}.{me}").touch()
    while len(list(folder.glob(f"{place}.*"))) < others:
        time.sleep(0.002)


def main(name: str, number: int, folder: Path, others: int) -> None:
    pick = random.Random(f"{name} {number}")
    for place, address in enumerate(CUSTOMERS):
        meet(folder, place, me=f"{name}-{number}", others=others)
        time.sleep(pick.uniform(0, SPREAD_OF_SWEEPS_S if name == "expire" else SPREAD_S))
        ACTS[name](address, number=number)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
