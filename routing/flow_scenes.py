"""What a flow is to know at one event, from rows, in a fixed number of queries."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from channels.models import Template
from conversations.models import Conversation, Message
from conversations.models.message import Direction
from conversations.services import replies
from routing import ai_desks, flow_files, loaders
from routing.engine import desks
from routing.engine.facts import Situation, Target, TargetKind
from routing.engine.flow import specs
from routing.engine.flow.progress import Goal, Scene, State, TemplateFacts
from routing.engine.flow.specs import FlowSpec
from routing.engine.written import Written, types_of
from routing.models import AiAgent, FlowRun
from teams.models import Team, User


class Named(NamedTuple):
    """The public ids that a flow names, by what they are."""

    teams: list[UUID]
    people: list[UUID]
    ai_agents: list[UUID]
    templates: list[UUID]
    files: list[UUID]


def named_in(spec: FlowSpec) -> Named:
    """Return what a flow names; what is no public id cannot be there."""
    deeds = [step.deed for step in spec.steps]
    return Named(
        _ids(deed.team for deed in deeds if isinstance(deed, specs.Team)),
        _ids(deed.person for deed in deeds if isinstance(deed, specs.Person)),
        _ids(deed.ai_agent for deed in deeds if isinstance(deed, specs.AiAgent)),
        _ids(deed.template for deed in deeds if isinstance(deed, specs.Message)),
        _ids(deed.file for deed in deeds if isinstance(deed, specs.Message)),
    )


def load(
    run: FlowRun, *, spec: FlowSpec, conversation: Conversation, up_to: int, now: datetime
) -> Scene:
    """Return the scene of a run after the conversation's message of a number.

    `conversation` has its channel, contact and identity loaded.
    """
    named = named_in(spec)
    situation = loaders.load_situation(
        conversation, message=_written(conversation, up_to), is_new_contact=False, now=now
    )
    is_new = bool(run.memory.get("is_new_contact"))
    situation = replace(situation, is_new_contact=is_new)
    return Scene(
        situation=situation,
        contact_name=conversation.contact.name,
        refusal=replies.reason_not_to_reply(conversation, now=now),
        templates=_templates(conversation, named.templates),
        able_ai=_able_ai(conversation, situation, named.ai_agents),
        files=flow_files.sendable(named.files, channel=conversation.channel),
        titles=_titles(named),
    )


def state_of(run: FlowRun) -> State:
    goal = run.memory.get("goal")
    return State(
        step=run.step,
        attempts=run.attempts,
        answers=run.answers,
        goal=None if goal is None else Goal(**goal),
        warning=run.memory.get("warning", ""),
    )


def _ids(written: Iterable[str]) -> list[UUID]:
    found = []
    for each in written:
        try:
            found.append(UUID(each))
        except ValueError:
            continue
    return found


def _written(conversation: Conversation, up_to: int) -> Written:
    """Return what the customer wrote last, as far as the flow has read."""
    theirs = Message.objects.filter(
        conversation=conversation, direction=Direction.INBOUND, sequence__lte=up_to
    )
    last = theirs.order_by("-sequence").values_list("body", "kind", "media").first()
    if last is None:
        return Written()
    text, kind, media = last
    return Written(text, types_of(kind, media))


def _templates(conversation: Conversation, ids: list[UUID]) -> dict[str, TemplateFacts]:
    found = Template.objects.filter(public_id__in=ids) if ids else ()
    facts = {}
    for template in found:
        variables = tuple(template.variables)
        whole = dict.fromkeys(variables, "x")  # the real values are checked when they are known
        refusal = replies.reason_not_to_use(template, conversation=conversation, values=whole)
        facts[str(template.public_id)] = TemplateFacts(refusal, variables)
    return facts


def _able_ai(conversation: Conversation, situation: Situation, ids: list[UUID]) -> frozenset[str]:
    """Return which AI agents would accept the conversation now."""
    agents = list(AiAgent.objects.filter(public_id__in=ids)) if ids else []
    keys = tuple(agent.pk for agent in agents)
    asked = loaders.add_ai_agents(situation, conversation=conversation, rules=(), ai_agent_ids=keys)
    able = (
        agent for agent in agents if desks.ask(_desk(agent, at=situation.at), asked, []) is not None
    )
    return frozenset(str(agent.public_id) for agent in able)


def _desk(agent: AiAgent, *, at: datetime) -> Any:
    return ai_desks.load(Target(TargetKind.AI, agent.pk), at=at)


def _titles(named: Named) -> dict[str, str]:
    titles: dict[str, str] = {}
    for model, ids in (
        (Team, named.teams),
        (User, named.people),
        (AiAgent, named.ai_agents),
    ):
        if ids:
            rows = model._default_manager.filter(public_id__in=ids)
            titles |= {str(key): name for key, name in rows.values_list("public_id", "name")}
    return titles
