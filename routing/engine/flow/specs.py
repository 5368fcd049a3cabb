"""What a flow consists of: plain, frozen values. Pure.

A flow is a list of steps. It begins with the first; each goes on with the step that it names as its
next, else with the one below it; behind the last it ends.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from routing.engine.conditions import ConditionSpec

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400
#: How long a step waits for an answer unless it says otherwise.
USUAL_WAIT_S = DAY_S
#: How often a question is asked unless it says otherwise.
USUAL_ATTEMPTS = 3


class Trigger(StrEnum):
    """Which message starts a flow, if it starts or reopens a conversation and no rule took it."""

    ANY_MESSAGE = "any_message"
    FIRST_MESSAGE = "first_message"  # of a contact who never wrote before
    EQUALS = "equals"  # the whole text is one of the words
    CONTAINS = "contains"  # one of the words is in the text
    OUTSIDE_HOURS = "outside_hours"
    NONE = "none"  # only a rule, a person or another system starts it


#: Triggers that ask for words.
WITH_WORDS = frozenset({Trigger.EQUALS, Trigger.CONTAINS})


class Kind(StrEnum):
    MESSAGE = "message"
    QUESTION = "question"
    CONDITION = "condition"
    UPDATE_CONTACT = "update_contact"
    TEAM = "team"
    PERSON = "person"
    DELAY = "delay"
    AI_AGENT = "ai_agent"
    GO_TO = "go_to"
    END = "end"


class Accepts(StrEnum):
    """What counts as an answer to a question."""

    ANY = "any"
    NUMBER = "number"
    DATE = "date"
    EMAIL = "email"
    PHONE = "phone"
    CHOICE = "choice"


class TagsMode(StrEnum):
    """What becomes of the tags that are there already."""

    ADD = "add"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class Tags:
    """Tags that a step sets. An empty list leaves that kind of tag as it is, in either mode."""

    conversation: tuple[str, ...] = ()
    contact: tuple[str, ...] = ()
    mode: TagsMode = TagsMode.REPLACE


@dataclass(frozen=True, slots=True)
class Wait:
    """How long an answer is waited for, and where the flow goes on then; None: it is over."""

    timeout_s: int = USUAL_WAIT_S
    on_timeout: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """`text` by language; `""` is for everybody else. `buttons` are answers to choose from.

    A `template`, its placeholders filled with `values`, goes out where the text may not be sent
    any more, or where there is none. `file`, by its public id, goes along with the text, or alone.
    Without `wait` the flow goes on at once.
    """

    text: Mapping[str, str] = field(default_factory=dict)
    file: str = ""
    template: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    buttons: tuple[str, ...] = ()
    wait: Wait | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A text that asks; the answer is kept as `answer_as`. `choices` are for `Accepts.CHOICE`.

    After so many answers that are none it goes on at `on_failed`; None: the flow has failed.
    """

    text: Mapping[str, str] = field(default_factory=dict)
    answer_as: str = ""
    accepts: Accepts = Accepts.ANY
    choices: tuple[str, ...] = ()
    attempts: int = USUAL_ATTEMPTS
    on_failed: str | None = None
    wait: Wait = Wait()


@dataclass(frozen=True, slots=True)
class Path:
    """Where the flow goes on if all conditions hold; None: with the step below."""

    name: str = ""
    conditions: tuple[ConditionSpec, ...] = ()
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """Paths, tried in their order. If none holds it goes on at `otherwise`; None: below."""

    paths: tuple[Path, ...] = ()
    otherwise: str | None = None


@dataclass(frozen=True, slots=True)
class UpdateContact:
    """What is written about the contact; None leaves it as it is. Texts may hold placeholders.

    Of the attributes those that are named change; a blank one is taken away.
    """

    name: str | None = None
    language: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    tags_mode: TagsMode = TagsMode.REPLACE


@dataclass(frozen=True, slots=True)
class Team:
    """A team, by its public id, gets the conversation when the flow ends.

    With `respect_permanent_agent` the contact's permanent agent gets it instead, if there is one.
    """

    team: str = ""
    tags: Tags = Tags()
    respect_permanent_agent: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """A person, by their public id, gets the conversation when the flow ends."""

    person: str = ""
    tags: Tags = Tags()


@dataclass(frozen=True, slots=True)
class Delay:
    seconds: int = MINUTE_S


@dataclass(frozen=True, slots=True)
class AiAgent:
    """An AI agent, by its public id, has the conversation from here on; the flow is over.

    Where it cannot, the flow goes on.
    """

    ai_agent: str = ""


@dataclass(frozen=True, slots=True)
class GoTo:
    """Goes on with the step that it names as its next."""


@dataclass(frozen=True, slots=True)
class End:
    """The flow is over."""


Deed = Message | Question | Condition | UpdateContact | Team | Person | Delay | AiAgent | GoTo | End

KIND_OF: dict[type, Kind] = {
    Message: Kind.MESSAGE,
    Question: Kind.QUESTION,
    Condition: Kind.CONDITION,
    UpdateContact: Kind.UPDATE_CONTACT,
    Team: Kind.TEAM,
    Person: Kind.PERSON,
    Delay: Kind.DELAY,
    AiAgent: Kind.AI_AGENT,
    GoTo: Kind.GO_TO,
    End: Kind.END,
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its name, what it does, and the step behind it; None: the one below."""

    name: str
    deed: Deed
    next: str | None = None

    @property
    def kind(self) -> Kind:
        return KIND_OF[type(self.deed)]

    @property
    def wait(self) -> Wait | None:
        """How it waits for the customer; None if it does not."""
        return self.deed.wait if isinstance(self.deed, Message | Question) else None

    @property
    def exits(self) -> tuple[str | None, ...]:
        """Every way on: names of steps, and None for the step below. A step that ends has none."""
        deed, wait = self.deed, self.wait
        if isinstance(deed, End):
            return ()
        if isinstance(deed, Condition):
            return (*(path.next for path in deed.paths), deed.otherwise)
        ways: list[str | None] = [self.next]
        if isinstance(deed, Question):
            ways.append(deed.on_failed)
        if wait is not None:
            ways.append(wait.on_timeout)
        # Without a step for them, a time-out and a failure end the flow: they lead nowhere.
        return (ways[0], *(way for way in ways[1:] if way is not None))


@dataclass(frozen=True)
class FlowSpec:
    """A flow as a version has it."""

    steps: tuple[Step, ...] = ()

    @cached_property
    def places(self) -> dict[str, int]:
        """Where each step stands, by its name; of two with one name the first."""
        places: dict[str, int] = {}
        for place, step in enumerate(self.steps):
            places.setdefault(step.name, place)
        return places

    def find(self, name: str) -> Step | None:
        place = self.places.get(name)
        return None if place is None else self.steps[place]

    def behind(self, step: Step, way: str | None) -> Step | None:
        """Return the step to which a way leads; None: there is none, and the flow ends."""
        if way is not None:
            return self.find(way)
        below = self.places[step.name] + 1
        return self.steps[below] if below < len(self.steps) else None
