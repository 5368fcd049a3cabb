"""The fictional shop's customers, and when they write. Pure: everything comes from one seed."""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from routing.demo.talk import VOICES, Script, Voice

#: How likely an hour of the day is, by the customer's wall clock.
HOURLY = (1, 0, 0, 0, 0, 1, 2, 5, 9, 13, 15, 14, 10, 11, 13, 14, 13, 12, 10, 8, 7, 5, 3, 2)
SATURDAY = 5
WEEKEND_SHARE = 0.28
RETURNING_SHARE = 0.3
VIP_SHARE = 0.06
#: Prepared people and channels use the numbers below this.
FIRST_FREE_NUMBER = 20
TRIES = 1000


@dataclass(eq=False, slots=True)
class Customer:
    """Somebody who writes. `free_at`: nothing of theirs is open or resolved any more."""

    name: str
    number: str
    voice: Voice
    is_vip: bool
    free_at: datetime


@dataclass(slots=True)
class Talk:
    """One conversation as its customer sees it. `rounds` are answers still to be waited for."""

    customer: Customer
    line: str
    script: Script
    rounds: int
    conversation_id: int = 0
    answers: int = 0
    is_unattended: bool = False


@dataclass(slots=True)
class Crowd:
    """Everybody who ever wrote, and the numbers that are taken."""

    rng: random.Random
    known: dict[str, list[Customer]] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    #: Per channel. Not everybody can be new: the numbers that are reserved for fiction run out.
    most_known: int = 600

    def start_talk(self, line: str, *, now: datetime) -> Talk:
        """Let somebody have a reason to write."""
        customer = self._pick(line, now=now)
        script = self.rng.choice(customer.voice.scripts)
        return Talk(customer, line, script, rounds=self.rng.choices((0, 1, 2), (6, 3, 1))[0])

    def start_talk_about(self, subject: str, *, line: str, now: datetime) -> Talk:
        """Let somebody new write about this."""
        customer = self._invent(line, now=now)
        script = next(s for s in customer.voice.scripts if s.subject == subject)
        return Talk(customer, line, script, rounds=0)

    def _pick(self, line: str, *, now: datetime) -> Customer:
        """Return somebody who has nothing running: known to this channel, or new."""
        known = self.known.setdefault(line, [])
        is_full = len(known) >= self.most_known
        if is_full or (known and self.rng.random() < RETURNING_SHARE):
            customer = self.rng.choice(known)
            if is_full or customer.free_at <= now:
                return customer
        customer = self._invent(line, now=now)
        known.append(customer)
        return customer

    def _invent(self, line: str, *, now: datetime) -> Customer:
        rng = self.rng
        languages, weights = LANGUAGES[line]
        voice = VOICES[rng.choices(languages, weights)[0]]
        name = voice.name.format(
            given=rng.choice(voice.givens.split()), family=rng.choice(voice.families.split())
        )
        return Customer(name, self._number(voice), voice, rng.random() < VIP_SHARE, now)

    def _number(self, voice: Voice) -> str:
        for _ in range(TRIES):
            digits = self.rng.randrange(FIRST_FREE_NUMBER, NUMBERS_END[voice.digits])
            number = f"{voice.prefix}{digits:0{voice.digits}d}"
            if number not in self.taken:
                self.taken.add(number)
                return number
        raise LookupError(f"Nearly every number behind {voice.prefix} is taken.")


#: Which languages write to which channel, and how often.
LANGUAGES = {
    "tokyo": (("ja", "zh-hans", "en"), (7, 2, 1)),
    "paris": (("fr", "en", "zh-hans"), (8, 2, 0)),
}
#: Behind these lie the channels' own numbers, and another language's.
NUMBERS_END = {3: 900, 4: 5000}


def plan_arrivals(
    *, start: datetime, now: datetime, zone: str, per_day: float, rng: random.Random
) -> list[datetime]:
    """Return when customers write: a curve over the day, and quiet weekends."""
    here = ZoneInfo(zone)
    day = start.astimezone(here).date()
    arrivals: list[datetime] = []
    while day <= now.astimezone(here).date():
        share = WEEKEND_SHARE if day.weekday() >= SATURDAY else 1.0
        for _ in range(max(1, round(rng.gauss(per_day, per_day / 7) * share))):
            hour = rng.choices(range(24), HOURLY)[0]
            second = timedelta(seconds=rng.randrange(3600))
            arrivals.append(datetime.combine(day, time(hour), here).astimezone(UTC) + second)
        day += timedelta(days=1)
    return sorted(at for at in arrivals if start <= at < now)
