"""A floor as anybody would describe it: who is there, who has what, whose turn it is."""

from dataclasses import dataclass, field

ONLINE = "online"


@dataclass(slots=True)
class Person:
    """`capacity` None: no limit."""

    presence: str = ONLINE
    capacity: int | None = None


@dataclass(slots=True)
class Talk:
    """One customer's latest conversation."""

    pk: int
    is_open: bool = True
    owner: str | None = None
    #: Whether it is the team's: only then does anybody look for somebody.
    in_team: bool = False


@dataclass(slots=True)
class Floor:
    """One team that goes round its people in this order, and customers who write to it."""

    people: dict[str, Person]
    talks: dict[str, Talk] = field(default_factory=dict)
    pins: dict[str, str] = field(default_factory=dict)
    #: Whom the team's turn came to last.
    last: str | None = None

    def load(self, name: str) -> int:
        return sum(talk.is_open and talk.owner == name for talk in self.talks.values())

    def is_able(self, name: str) -> bool:
        """Say whether the team may give this person one more."""
        person = self.people[name]
        has_room = person.capacity is None or self.load(name) < person.capacity
        return person.presence == ONLINE and has_room

    def start(self, who: str, pk: int, *, before: str | None = None) -> None:
        """Give a conversation that begins, or begins again: to whom it belongs, else by turn.

        `before` is who had it until it was resolved.
        """
        talk = self.talks[who] = Talk(pk)
        talk.owner = self.pins.get(who) or before
        if talk.owner is None:
            self.give_to_team(who)

    def give_to_team(self, who: str) -> None:
        """Give it to whoever is next and able, whoever has it now; else it waits in the team."""
        talk = self.talks[who]
        chosen = self._next_able()
        talk.owner, talk.in_team = chosen, True
        self.last = chosen or self.last

    def give_to(self, who: str, name: str) -> None:
        """Give it to a person by name: nobody looks at presence or load."""
        talk = self.talks[who]
        if talk.owner != name:
            talk.owner, talk.in_team = name, False

    def take_away(self, who: str) -> None:
        talk = self.talks[who]
        talk.owner, talk.in_team = None, False

    def _next_able(self) -> str | None:
        names = list(self.people)
        start = names.index(self.last) + 1 if self.last in names else 0
        circle = names[start:] + names[:start]
        return next((name for name in circle if self.is_able(name)), None)
