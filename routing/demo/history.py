"""Makes the shop and its two weeks of history, ending now: the same seed, the same story."""

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import translation

from conversations.actors import Actor
from conversations.models import Contact, Conversation, Event, Message
from conversations.wake import without_waking
from routing.demo import founding, menu_talks, roster, shop
from routing.demo.archive import Archivist
from routing.demo.crowd import Crowd, Talk, plan_arrivals
from routing.demo.founding import Shop
from routing.demo.life import Life
from routing.models import AiAgent, Rule
from routing.services import ai_agents, assignment
from teams.models import Team, User


@dataclass(frozen=True, slots=True)
class Size:
    """How many days the story goes back, and how many conversations a weekday has on a channel."""

    days: int
    per_day: Mapping[str, float]


SIZES = {
    "small": Size(4, {"tokyo": 5, "paris": 4}),
    "normal": Size(14, {"tokyo": 20, "paris": 16}),
}
#: So much is lived through the services; what is older is written from the archive.
LIVED = timedelta(hours=60)
PINNED = 2
#: What the last hour adds on each channel, whatever time of the day it is.
LATELY = 8
LAST_HOUR = timedelta(minutes=50)
#: Somebody is always waiting when the demo is opened.
WAITING_ON = ("tokyo", "tokyo", "paris")
UNATTENDED = timedelta(minutes=25)


@dataclass(frozen=True, slots=True)
class Tally:
    """What was made."""

    people: int
    teams: int
    rules: int
    conversations: int
    messages: int
    waiting: int


@transaction.atomic
def make(
    *, seed: int, size: Size, language: str, passwords: dict[str, str], now: datetime
) -> Tally:
    """Open the shop and fill the days until `now`. All of it or nothing is stored."""
    rng = random.Random(seed)  # noqa: S311 - a story, no secret
    start = now - timedelta(days=size.days)
    with without_waking(), translation.override(language):
        opened = founding.found(passwords=passwords, language=language, now=start)
        answering = [person for person in shop.PEOPLE if person.is_answering]
        plan = roster.plan(answering, start=start, now=now, rng=rng)
        crowd = Crowd(rng)
        arrivals = _arrivals(opened, size=size, start=start, now=now, rng=rng)
        dawn = now - LIVED
        archivist = Archivist(opened, roster=plan, rng=rng)
        archivist.file(_talks(crowd, [(at, line) for at, line in arrivals if at < dawn]))
        _pin_best_customers(opened, crowd, now=dawn)
        recent = [(at, line) for at, line in arrivals if at >= dawn]
        life = Life(opened, roster=plan.since(dawn), crowd=crowd, rng=rng)
        unattended = [(now - UNATTENDED * rng.random(), line) for line in WAITING_ON]
        menu_talks.plan(life, now=now)
        life.live(recent, unattended=unattended, until=now)
        for agent in AiAgent.objects.all():
            ai_agents.start(agent, now=now)
    # Nobody listened then: the outbox begins empty.
    Event.objects.unpublished().update(published_at=now)
    return count()


def _pin_best_customers(opened: Shop, crowd: Crowd, *, now: datetime) -> None:
    """Give two VIPs a person of their own, whoever is there when they write."""
    grace, ana = opened.people["grace"], opened.people["ana"]
    known = [customer for customers in crowd.known.values() for customer in customers]
    numbers = [customer.number for customer in known if customer.is_vip][:PINNED]
    for contact in Contact.objects.filter(identities__address__in=numbers).order_by("pk"):
        assignment.pin(contact, person=grace, actor=Actor.person(ana.pk, ana.name), now=now)


def _talks(
    crowd: Crowd, arrivals: Iterable[tuple[datetime, str]]
) -> Iterator[tuple[datetime, Talk]]:
    for at, line in arrivals:
        yield at, crowd.start_talk(line, now=at)


def _arrivals(
    opened: Shop, *, size: Size, start: datetime, now: datetime, rng: random.Random
) -> list[tuple[datetime, str]]:
    """Return when somebody writes, and on which line, in the order of time."""
    arrivals: list[tuple[datetime, str]] = []
    for key, per_day in size.per_day.items():
        zone = opened.channels[key].time_zone
        days = plan_arrivals(start=start, now=now, zone=zone, per_day=per_day, rng=rng)
        lately = [now - LAST_HOUR * rng.random() for _ in range(LATELY)]
        arrivals += [(at, key) for at in (*days, *lately)]
    return sorted(arrivals)


def count() -> Tally:
    """Count what there is."""
    return Tally(
        people=User.objects.count(),
        teams=Team.objects.count(),
        rules=Rule.objects.count(),
        conversations=Conversation.objects.count(),
        messages=Message.objects.count(),
        waiting=Conversation.objects.waiting().count(),
    )
