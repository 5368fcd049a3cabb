"""Where a run of a flow stands, what happens to it, and what comes of that: plain values. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from routing.engine.facts import Situation
from routing.engine.flow.specs import TagsMode


class Ending(StrEnum):
    """How a run ends by itself."""

    COMPLETED = "completed"
    EXPIRED = "expired"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Goal:
    """Who is to have the conversation when the flow ends: a team, a person, an AI agent by its
    public id, or the channel's own agents."""

    kind: str
    id: str = ""
    respects_permanent_agent: bool = False


#: Where people go on whom the flow did not name.
TO_CHANNEL = Goal("channel")


@dataclass(frozen=True, slots=True)
class State:
    """Where a run stands between two events. Blank `step`: it has not begun.

    `attempts` counts the answers to this step that did not fit; `warning` is a code for what went
    otherwise than it was drawn.
    """

    step: str = ""
    attempts: int = 0
    answers: Mapping[str, str] = field(default_factory=dict)
    goal: Goal | None = None
    warning: str = ""


class Happened(StrEnum):
    """What moves a run on. What the customer wrote is in the situation."""

    BEGAN = "began"
    WROTE = "wrote"
    TIME_PASSED = "time_passed"


@dataclass(frozen=True, slots=True)
class TemplateFacts:
    """A template of the channel; `refusal` is a code where it may not be sent."""

    refusal: str = ""
    variables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scene:
    """What there is to know besides the flow itself.

    `refusal` is the code why free text may not be sent now, blank if it may. `able_ai` are the AI
    agents that could answer, `files` those that the channel takes, `titles` the names of teams,
    people, AI agents and files, by public id.
    """

    situation: Situation
    contact_name: str = ""
    refusal: str = ""
    templates: Mapping[str, TemplateFacts] = field(default_factory=dict)
    able_ai: frozenset[str] = frozenset()
    files: frozenset[str] = frozenset()
    titles: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Say:
    """Send a text, a file, both, or a template with its values."""

    text: str = ""
    file: str = ""
    template: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChangeContact:
    """Write down what is known of the contact; None leaves it. An attribute of None goes."""

    name: str | None = None
    language: str | None = None
    attributes: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SetTags:
    """Add tags, or let them be the only ones. `of`: conversation or contact."""

    of: str
    tags: tuple[str, ...]
    mode: TagsMode


Effect = Say | ChangeContact | SetTags


@dataclass(frozen=True, slots=True)
class Entry:
    """What one step did: `outcome` is a code, `facts` is plain."""

    step: str
    kind: str
    outcome: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Walked:
    """How far a run got: it waits so many seconds, or it ended."""

    state: State
    effects: tuple[Effect, ...]
    log: tuple[Entry, ...]
    wait_s: int | None = None
    ending: Ending | None = None
    #: Why it failed; for one that is completed, a warning.
    problem: str = ""


def join_tags(there: tuple[str, ...], tags: tuple[str, ...], mode: TagsMode) -> tuple[str, ...]:
    """Return the tags after a step: each once, whatever its letters; the first spelling stays."""
    if not tags:
        return there
    once: dict[str, str] = {}
    for tag in (*there, *tags) if mode is TagsMode.ADD else tags:
        once.setdefault(tag.casefold(), tag)
    return tuple(once.values())
