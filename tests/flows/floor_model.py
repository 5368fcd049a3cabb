"""A floor as anybody would describe it: who is there, who has what, whose turn it is."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

ONLINE = "online"
#: What this floor's channel is set to.
RATING_WAIT, COMMENT_WAIT = timedelta(minutes=30), timedelta(hours=1)
INACTIVE_AFTER = timedelta(hours=1)
WINDOW = REOPEN_WINDOW = timedelta(hours=24)
RATINGS = {str(rating): rating for rating in range(1, 6)}


class State(StrEnum):
    OPEN = "open"
    SNOOZED = "snoozed"
    ASKED = "asked"  # resolved: the customer may say how it was
    ASKED_WHY = "asked why"  # resolved: the rating came, and a comment may
    CLOSED = "closed"


LIVE = {State.OPEN, State.SNOOZED}
OVER = {State.ASKED, State.ASKED_WHY}


@dataclass(slots=True)
class Person:
    """`capacity` None: no limit."""

    presence: str = ONLINE
    capacity: int | None = None


@dataclass(slots=True)
class Survey:
    status: str
    rating: int | None = None
    comment: str = ""


@dataclass(slots=True)
class Talk:
    """A conversation that this customer began, and that belongs to whoever they belong to."""

    pk: int
    by: str
    #: When anybody wrote last, and when the customer did.
    said_at: datetime
    heard_at: datetime
    state: State = State.OPEN
    owner: str | None = None
    #: Whether it is the team's: only then does anybody look for somebody.
    in_team: bool = False
    is_answered: bool = False
    wakes_at: datetime | None = None
    resolved_at: datetime | None = None
    ends_at: datetime | None = None
    priority: int = 0
    tags: tuple[str, ...] = ()
    surveys: list[Survey] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        return self.state == State.OPEN


@dataclass(slots=True)
class Merge:
    into: str
    customers: list[str]
    brought_pin: str | None


@dataclass(slots=True)
class Floor:
    """One team that goes round its people in this order, and customers who write to it."""

    people: dict[str, Person]
    is_asking: bool = False
    is_asking_why: bool = False
    talks: list[Talk] = field(default_factory=list)
    #: Customer -> whose they are: their own contact, until it is merged into another.
    contacts: dict[str, str] = field(default_factory=dict)
    merges: dict[str, Merge] = field(default_factory=dict)
    pins: dict[str, str] = field(default_factory=dict)
    opted_out: set[str] = field(default_factory=set)
    #: Whom the team's turn came to last.
    last: str | None = None

    def load(self, name: str) -> int:
        return sum(talk.is_open and talk.owner == name for talk in self.talks)

    def is_able(self, name: str) -> bool:
        """Say whether the team may give this person one more."""
        person = self.people[name]
        has_room = person.capacity is None or self.load(name) < person.capacity
        return person.presence == ONLINE and has_room

    def current(self, who: str) -> Talk | None:
        """Return what this customer's next message meets: what is live, else what is not over."""
        mine = [talk for talk in self.talks if self.contacts[talk.by] == self.contacts.get(who)]

        def closeness(talk: Talk) -> tuple[int, int]:
            if talk.state in LIVE:
                return (3, talk.pk)
            if talk.state in OVER:
                return (2 if talk.by == who else 1, talk.pk)
            return (0, talk.pk)

        return max(mine, key=closeness, default=None)

    # --- What customers write

    def hear(self, who: str, text: str, *, now: datetime) -> Talk | None:
        """Take a message; return where it lands, None where it begins a conversation."""
        talk = self.current(who)
        if talk is None:
            return None
        is_awaited = talk.ends_at is not None and now < talk.ends_at
        if talk.is_open:
            talk.is_answered = False
        elif talk.state == State.ASKED and is_awaited and text in RATINGS:
            self._rate(talk, RATINGS[text], now=now)
        elif talk.state == State.ASKED_WHY and is_awaited:
            talk.surveys[-1].comment = text
            talk.state = State.CLOSED
        elif talk.state == State.SNOOZED or self._may_go_on(talk, now=now):
            self.open_again(talk)
        else:
            return None
        talk.said_at = talk.heard_at = now
        return talk

    def begin(self, who: str, pk: int, *, now: datetime) -> Talk:
        self.contacts.setdefault(who, who)
        talk = Talk(pk, by=who, said_at=now, heard_at=now)
        self.talks.append(talk)
        self._route(talk, before=None)
        return talk

    def open_again(self, talk: Talk) -> None:
        """Let it go on, with whoever had it."""
        if talk.state == State.ASKED:
            talk.surveys[-1].status = "expired"
        talk.state, talk.is_answered, talk.wakes_at = State.OPEN, False, None
        self._route(talk, before=talk.owner)

    def _may_go_on(self, talk: Talk, *, now: datetime) -> bool:
        if talk.state not in OVER or talk.resolved_at is None:
            return False
        return now < talk.resolved_at + REOPEN_WINDOW

    def _rate(self, talk: Talk, rating: int, *, now: datetime) -> None:
        talk.surveys[-1] = Survey("answered", rating)
        talk.state = State.ASKED_WHY if self.is_asking_why else State.CLOSED
        if talk.ends_at is not None:
            talk.ends_at = min(talk.ends_at, now + COMMENT_WAIT)

    # --- What becomes of a conversation

    def may_be_written_to(self, talk: Talk, *, now: datetime) -> bool:
        return talk.by not in self.opted_out and now < talk.heard_at + WINDOW

    def snooze(self, talk: Talk, *, until: datetime | None) -> None:
        talk.state, talk.wakes_at = State.SNOOZED, until

    def resolve(self, talk: Talk, *, now: datetime) -> None:
        talk.resolved_at, talk.wakes_at = now, None
        talk.state = State.CLOSED
        if not self.is_asking:
            return
        if not self.may_be_written_to(talk, now=now):
            talk.surveys.append(Survey("skipped"))
            return
        talk.surveys.append(Survey("sent"))
        talk.state, talk.ends_at = State.ASKED, now + RATING_WAIT

    def let_time_pass(self, talk: Talk, *, now: datetime) -> None:
        """Do what the clock alone does with what nobody touches."""
        if talk.state == State.SNOOZED and talk.wakes_at is not None and talk.wakes_at <= now:
            self.open_again(talk)
        elif talk.is_open and talk.is_answered and talk.said_at + INACTIVE_AFTER <= now:
            self.resolve(talk, now=now)
        elif talk.state in OVER and talk.ends_at is not None and talk.ends_at <= now:
            if talk.state == State.ASKED:
                talk.surveys[-1].status = "expired"
            talk.state = State.CLOSED

    # --- Who gets it

    def give_to_team(self, talk: Talk) -> None:
        """Give it to whoever is next and able, whoever has it now; else it waits in the team."""
        chosen = self._next_able()
        talk.owner, talk.in_team = chosen, True
        self.last = chosen or self.last

    def give_to(self, talk: Talk, name: str) -> None:
        """Give it to a person by name: nobody looks at presence or load."""
        if talk.owner != name:
            talk.owner, talk.in_team = name, False

    def take_away(self, talk: Talk) -> None:
        talk.owner, talk.in_team = None, False

    def _route(self, talk: Talk, *, before: str | None) -> None:
        """Give it to whom it belongs, else in its team to who had it `before`, else by turn."""
        pinned = self.pin_of(talk)
        talk.owner = pinned or before
        if pinned:
            talk.in_team = False
        if talk.owner is None:
            self.give_to_team(talk)

    def pin_of(self, talk: Talk) -> str | None:
        return self.pins.get(self.contacts[talk.by])

    def _next_able(self) -> str | None:
        names = list(self.people)
        start = names.index(self.last) + 1 if self.last in names else 0
        circle = names[start:] + names[:start]
        return next((name for name in circle if self.is_able(name)), None)

    # --- Who is who

    def why_not_merge(self, source: str, into: str) -> str:
        if source == into:
            return "contact.same"
        if source in self.merges or into in self.merges:
            return "contact.merged"
        live = {self.contacts[talk.by] for talk in self.talks if talk.state in LIVE}
        return "contact.both_open" if {source, into} <= live else ""

    def merge(self, source: str, into: str) -> None:
        moved = [who for who, contact in self.contacts.items() if contact == source]
        self.contacts.update(dict.fromkeys(moved, into))
        brought = None if into in self.pins else self.pins.get(source)
        if brought:
            self.pins[into] = brought
        self.merges[source] = Merge(into, moved, brought)

    def why_not_part(self, source: str) -> str:
        if source not in self.merges:
            return "contact.not_merged"
        return "contact.merged" if self.merges[source].into in self.merges else ""

    def part(self, source: str) -> None:
        """Undo a merge; what it brought goes, unless somebody has changed it since."""
        merge = self.merges.pop(source)
        self.contacts.update(dict.fromkeys(merge.customers, source))
        if merge.brought_pin and self.pins.get(merge.into) == merge.brought_pin:
            del self.pins[merge.into]
