"""Trying a flow: the very steps of a run, in a conversation that is nowhere. No row is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from channels.loaders import load_is_open
from channels.models import Channel, Template
from conversations.window import is_window_open
from routing import flow_files
from routing.engine.facts import Situation
from routing.engine.flow import documents
from routing.engine.flow.progress import (
    ChangeContact,
    Effect,
    Ending,
    Entry,
    Happened,
    Say,
    Scene,
    SetTags,
    State,
    TemplateFacts,
    Walked,
    join_tags,
)
from routing.engine.flow.specs import FlowSpec
from routing.engine.flow.walk import walk
from routing.flow_house import is_id, load_house, named_by, titles_of
from routing.models import RunProblem

#: A trial does not go on for longer than this.
MOST_EVENTS = 60


@dataclass(frozen=True, slots=True)
class Customer:
    """Who writes in a trial, and where. `is_open`: None is by the channel's own hours."""

    channel: Channel
    language: str = ""
    tags: tuple[str, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)
    is_new: bool = True
    is_open: bool | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """One event of a trial: what was written (None: time passed), and what came of it.

    `is_ignored`: the flow waited for something else.
    """

    text: str | None
    says: tuple[Say, ...] = ()
    log: tuple[Entry, ...] = ()
    is_ignored: bool = False


@dataclass(frozen=True, slots=True)
class Trial:
    """How far a trial got. `known` is what the flow knows by now, by name.

    `wait_s` is there while it waits, `ending` and perhaps `problem` when it is over; before the
    first message neither is.
    """

    turns: tuple[Turn, ...]
    state: State
    situation: Situation
    wait_s: int | None = None
    ending: Ending | None = None
    problem: str = ""

    @property
    def known(self) -> dict[str, Any]:
        return {**self.situation.contact_attributes, **self.state.answers}


def try_out(
    document: Any, *, customer: Customer, written: Sequence[str | None], now: datetime
) -> Trial:
    """Do these events in their order, beginning now; None lets the time pass that is waited."""
    spec, _faults = documents.read(document)
    scene = _scene(document, customer, at=now)
    trial = _Trial(spec, scene, heard_at=now)
    for text in written[:MOST_EVENTS]:
        trial.happen(text)
    return trial.result()


@dataclass(slots=True)
class _Trial:
    spec: FlowSpec
    scene: Scene
    heard_at: datetime
    state: State = field(default_factory=State)
    turns: list[Turn] = field(default_factory=list)
    last: Walked | None = None

    def happen(self, text: str | None) -> None:
        if self.last is not None and self.last.ending is not None:
            return
        self._move_on(text)
        happened = Happened.BEGAN if self.last is None else Happened.WROTE
        if text is None:
            happened = Happened.TIME_PASSED
        walked = walk(self.spec, state=self.state, happened=happened, scene=self.scene)
        if walked is None:
            self.turns.append(Turn(text, is_ignored=True))
            return
        self.state, self.last = walked.state, walked
        for effect in walked.effects:
            self._apply(effect)
        says = tuple(effect for effect in walked.effects if isinstance(effect, Say))
        self.turns.append(Turn(text, says, walked.log))

    def _move_on(self, text: str | None) -> None:
        """Let the time pass, or the customer write; 24 hours later only a template may be sent."""
        at = self.scene.situation.at
        if text is None and self.last is not None:
            at += timedelta(seconds=self.last.wait_s or 0)
        else:
            self.heard_at = at
        situation = replace(self.scene.situation, at=at)
        if text is not None:
            situation = replace(situation, text=text, message_types=("text",))
        is_late = not is_window_open(self.heard_at, now=at)
        refusal = RunProblem.TEMPLATE_REQUIRED.value if is_late else ""
        self.scene = replace(self.scene, situation=situation, refusal=refusal)

    def _apply(self, effect: Effect) -> None:
        """Remember what the flow changed, as a contact and a conversation would."""
        situation = self.scene.situation
        if isinstance(effect, ChangeContact):
            known = {**situation.contact_attributes, **effect.attributes}
            name = effect.name or self.scene.contact_name
            self.scene = replace(self.scene, contact_name=name)
            situation = replace(
                situation,
                contact_language=effect.language or situation.contact_language,
                contact_attributes={k: v for k, v in known.items() if v is not None},
            )
        elif isinstance(effect, SetTags):
            key = f"{effect.of}_tags"
            tags = join_tags(getattr(situation, key), effect.tags, effect.mode)
            changes: dict[str, Any] = {key: tags}
            situation = replace(situation, **changes)
        self.scene = replace(self.scene, situation=situation)

    def result(self) -> Trial:
        last, situation = self.last, self.scene.situation
        if last is None:
            return Trial(tuple(self.turns), self.state, situation)
        return Trial(
            tuple(self.turns), self.state, situation, last.wait_s, last.ending, last.problem
        )


def _scene(document: Any, customer: Customer, *, at: datetime) -> Scene:
    channel, named = customer.channel, named_by(document)
    is_open = customer.is_open
    situation = Situation(
        at=at,
        zone=channel.time_zone,
        channel_id=channel.pk,
        channel_name=channel.name,
        is_new_contact=customer.is_new,
        is_open=load_is_open(channel, at=at) if is_open is None else is_open,
        contact_tags=customer.tags,
        contact_language=customer.language,
        contact_attributes=customer.attributes,
    )
    house = load_house(document)
    return Scene(
        situation=situation,
        templates=_templates(named["template"], channel, usable=house.template),
        able_ai=frozenset(each for each, is_usable in house.ai_agent.items() if is_usable),
        files=flow_files.sendable(flow_files.named_by(document), channel=channel),
        titles=titles_of(document),
    )


def _templates(
    named: set[str], channel: Channel, *, usable: Mapping[str, bool]
) -> dict[str, TemplateFacts]:
    rows = Template.objects.filter(public_id__in=filter(is_id, named), channel=channel)
    return {
        str(row.public_id): TemplateFacts(
            "" if usable.get(str(row.public_id)) else RunProblem.NOT_APPROVED.value,
            tuple(row.variables),
        )
        for row in rows
    }
