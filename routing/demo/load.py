"""As many finished conversations as a speed test wants."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

from conversations.models import Identity
from routing.demo import access, founding, guard, roster, shop
from routing.demo.archive import Archivist
from routing.demo.crowd import LANGUAGES, Crowd, Talk
from routing.demo.history import LIVED

#: The conversations are spread over so many days before the demo's own present.
DAYS = 90
#: Per channel: the numbers that are reserved for fiction run out.
MOST_KNOWN = 2000


def fill(*, conversations: int, seed: int, now: datetime) -> int:
    """Store so many finished conversations, with a shop around them if there is none yet.

    Batch by batch: whoever stops it in between has fewer conversations, and all of them whole.
    """
    rng = random.Random(seed)  # noqa: S311 - a story, no secret
    end = now - LIVED
    start = end - timedelta(days=DAYS)
    if guard.is_open():
        opened = founding.find()
    else:
        opened = founding.found(passwords=access.passwords(), language="en", now=start)
    answering = [person for person in shop.PEOPLE if person.is_answering]
    plan = roster.plan(answering, start=start, now=now, rng=rng)
    archivist = Archivist(opened, roster=plan, rng=rng)
    return archivist.file(_talks(conversations, start=start, end=end, rng=rng))


def _talks(
    number: int, *, start: datetime, end: datetime, rng: random.Random
) -> Iterator[tuple[datetime, Talk]]:
    taken = set(Identity.objects.values_list("address", flat=True))
    crowd = Crowd(rng, taken=taken, most_known=MOST_KNOWN)
    instants = sorted(start + (end - start) * rng.random() for _ in range(number))
    for at in instants:
        yield at, crowd.start_talk(rng.choice(list(LANGUAGES)), now=at)
