"""What a decision knows and what it answers: plain values, no rows, no clock.

Everything here survives a trip through JSON (see `serial.py`), because a stored decision must give
the same answer when it is computed again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any, NamedTuple

from routing.engine.conditions import ConditionSpec as ConditionSpec
from routing.engine.conditions import Parts, Prepared


class Trigger(StrEnum):
    """What asked for a decision."""

    INBOUND = "inbound"  # a customer's message started or reopened a conversation
    REOPENED = "reopened"  # a person or another system reopened it
    WAITING = "waiting"  # a conversation waits, and somebody may have become able to take it
    REASSIGN = "reassign"  # the assignee did not answer in time
    MANUAL = "manual"  # a person or another system named the team or the person
    OFFLINE = "offline"  # the assignee went offline before the first answer
    HANDOVER = "handover"  # an AI agent had it, and people are to go on
    FLOW = "flow"  # a flow had it, and says who goes on
    CALLBACK = "callback"  # the time has come to call the customer


class Outcome(StrEnum):
    ASSIGNED = "assigned"
    WAITING = "waiting"
    KEPT = "kept"
    HELD = "held"  # an AI agent or a flow has it


class TargetKind(StrEnum):
    TEAM = "team"
    PERSON = "person"
    CHANNEL = "channel"
    AI = "ai"
    FLOW = "flow"


class Strategy(StrEnum):
    MANUAL = "manual"
    ROUND_ROBIN = "round_robin"
    LEAST_BUSY = "least_busy"
    DEFAULT_USER = "default_user"
    SHIFT = "shift"  # in turn, among those whose shift covers the instant
    CONCURRENT_LOAD = "concurrent_load"
    SEQUENTIAL = "sequential"
    DIRECT = "direct"  # one person, named by a rule
    NAMED = "named"  # one person, named by a person or another system: may exceed capacity


class PassedOver(StrEnum):
    """Why somebody did not get it."""

    INACTIVE = "inactive"
    NOT_RECEIVING = "not_receiving"
    OFF_SHIFT = "off_shift"
    OFFLINE = "offline"
    AWAY = "away"
    AT_CAPACITY = "at_capacity"
    HAD_IT = "had_it"
    LAPSED = "lapsed"
    NOT_CHOSEN = "not_chosen"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a rule sends to: a team, a person, an AI agent, a flow, or the channel's own agents."""

    kind: TargetKind
    id: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """One person as they were before the decision. `load` and `capacity` are conversations."""

    user_id: int
    name: str
    presence: str
    load: int
    capacity: int | None
    is_active: bool = True
    is_receiving: bool = True
    last_assigned_at: datetime | None = None
    is_on_shift: bool = True


@dataclass(frozen=True, slots=True)
class Escalation:
    """When a team that does not answer loses the conversation, and to which team.

    After so many people who did not answer, or so many seconds of waiting on the team's clock,
    whichever comes first; None is never.
    """

    team: Target
    after_tries: int | None = None
    after_s: int | None = None


@dataclass(frozen=True, slots=True)
class AiState:
    """Whether an AI agent could answer, and what is left of its budget; None is no limit.

    `money_left` is a decimal number, as text.
    """

    is_running: bool
    messages_left: int | None = None
    tokens_left: int | None = None
    money_left: str | None = None


@dataclass(frozen=True, slots=True)
class FlowStart:
    """Which messages start a published flow. No `channel_ids`: those of every channel.

    `trigger`: see `routing.engine.flow.specs.Trigger`. `words` are for triggers that ask for some.
    """

    id: int
    name: str
    trigger: str
    words: tuple[str, ...] = ()
    channel_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Desk:
    """A target and its people, in their stored order. `capacity` serves those without their own."""

    target: Target
    name: str
    strategy: Strategy
    candidates: tuple[Candidate, ...]
    is_active: bool = True
    cursor_user_id: int | None = None
    default_user_id: int | None = None
    capacity: int | None = None
    #: The team's timer: how long the chosen person has to answer; None is no timer.
    reassign_after_s: int | None = None
    #: The team's timers run only while the team is open.
    counts_open_hours: bool = False
    escalation: Escalation | None = None
    #: Only those who come first are listed: the desk is too large to look at everybody.
    is_short: bool = False
    #: The desk of an AI agent has no people, and neither has that of a flow.
    ai: AiState | None = None
    is_flow: bool = False


#: Opens a desk when the decision gets to it, and not before: loading locks its row.
OpenDesk = Callable[[Target], Desk]


@dataclass(frozen=True)
class RuleSpec:
    """A rule as it was when the decision was made. No `channel_ids`: every channel."""

    id: int
    name: str
    target: Target
    match: str = "all"
    conditions: tuple[ConditionSpec, ...] = ()
    channel_ids: tuple[int, ...] = ()
    add_tags: tuple[str, ...] = ()
    set_priority: int | None = None
    #: The person becomes the contact's permanent agent.
    pins_contact: bool = False

    @cached_property
    def prepared(self) -> tuple[Prepared, ...]:
        """The conditions, worked out once: a version of the rules serves many decisions."""
        return tuple(condition.prepared for condition in self.conditions)

    @cached_property
    def parts(self) -> tuple[Parts, ...]:
        """The same, as they are walked."""
        return tuple((*condition,) for condition in self.prepared)

    @cached_property
    def grouped(self) -> tuple[tuple[Prepared, ...], ...]:
        """The same by groups, in the order of each one's first; none where none is named."""
        if not any(condition.group for condition in self.conditions):
            return ()
        groups: dict[str, list[Prepared]] = {}
        for place, condition in enumerate(self.conditions):
            groups.setdefault(condition.group or str(place), []).append(condition.prepared)
        return tuple(map(tuple, groups.values()))


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """A person who is tied to the contact or the conversation, whatever their presence."""

    user_id: int
    name: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class Situation:
    """What is asked: a message of a contact on a channel, at an instant. `at` is aware, in UTC."""

    at: datetime
    zone: str
    channel_id: int
    channel_name: str
    text: str = ""
    is_new_contact: bool = False
    #: By the channel's business hours; without any it is always open.
    is_open: bool = True
    #: What came: see `written.types_of`.
    message_types: tuple[str, ...] = ()
    contact_tags: tuple[str, ...] = ()
    contact_phone: str = ""
    contact_language: str = ""
    contact_attributes: Mapping[str, Any] = field(default_factory=dict)
    conversation_tags: tuple[str, ...] = ()
    conversation_priority: int = 0
    permanent_agent: KnownPerson | None = None
    #: Who had the conversation before it was reopened.
    previous_owner: KnownPerson | None = None
    previous_team_id: int | None = None
    #: Who asked for it, where a person or another system did, and what they gave as their reason.
    asked_by: str = ""
    asked_by_id: int | None = None
    reason: str = ""
    #: Who has the conversation now, and who let it lapse before.
    holder_id: int | None = None
    lapsed_ids: tuple[int, ...] = ()
    #: Who has it now, where they may keep it: the one to make a call that is due.
    holder: KnownPerson | None = None
    #: How many of the team did not answer in time, the holder included; how long the customer has
    #: waited, on the team's clock; and which teams had it before, since it was opened.
    tries: int = 0
    waited_s: int = 0
    former_team_ids: tuple[int, ...] = ()
    #: The AI agents that serve the channel, in their order; and whether people have had this
    #: conversation since one answered in it, so that all of them stay silent.
    ai_agent_ids: tuple[int, ...] = ()
    is_ai_silent: bool = False
    #: The flows that a message of the channel may start, in their order; and whether people took
    #: this conversation from one, so that none starts in it again.
    flows: tuple[FlowStart, ...] = ()
    is_flow_silent: bool = False
    #: What a flow did here before it said who goes on: for each step its name, kind, outcome and
    #: facts, as plain values.
    flow_log: tuple[Mapping[str, Any], ...] = ()
    respects_permanent_agent: bool = False


class Step(NamedTuple):
    """One line of the explanation: a code and its facts, never a sentence.

    `facts` holds only what JSON can hold. `outcome` is noted, matched, no, attention or error.
    """

    stage: str
    outcome: str
    code: str
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """Who gets it, or why nobody. `cursor` says on which desk the circle moves on to `user_id`."""

    outcome: Outcome
    steps: tuple[Step, ...]
    user_id: int | None = None
    team_id: int | None = None
    rule_id: int | None = None
    via: str = ""
    cursor: Target | None = None
    #: Capacity holds for this choice: the write must refuse to exceed it.
    is_capacity_bound: bool = False
    add_tags: tuple[str, ...] = ()
    set_priority: int | None = None
    pins_contact: bool = False
    ai_agent_id: int | None = None
    flow_id: int | None = None
