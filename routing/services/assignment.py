"""Who gets a conversation: asked by a message, by a sweep, by a person or by another system."""

import logging
from datetime import datetime

from django.db import transaction

from conversations.actors import Actor
from conversations.models import Contact, Conversation, Message
from conversations.models.assignment import EndReason
from conversations.models.message import Direction
from conversations.services import assignments, contacts, lifecycle
from conversations.states import ASSIGNABLE, OPEN, Status
from routing import flow_facts, loaders
from routing.engine.decide import decide, decide_handover, decide_named, decide_reopened
from routing.engine.facts import Target, TargetKind, Trigger
from routing.engine.handovers import HandoverReason
from routing.engine.written import Written, types_of
from routing.models import Decision, FlowRun, RunEnd, RunProblem
from routing.services import ai_holds, decisions, flow_ends, flow_handovers
from routing.services.decisions import Question, decide_and_apply
from teams.models import Team, User
from teams.services import sweeps

logger = logging.getLogger(__name__)


class AssignmentRefusedError(Exception):
    """An assignment that may not be made. `code` says why: `conversation.resolved`,
    `member.inactive`, `member.not_in_team`, `team.inactive`, `assignment.target_required`."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


def route(
    conversation: Conversation,
    *,
    message: Written,
    now: datetime,
    is_new_contact: bool = False,
    reopener: Actor | None = None,
) -> Decision | None:
    """Decide for a conversation that was started or reopened, and apply it.

    `reopener` is who reopened it, where that was not the customer. The row must be locked by the
    caller (or not be visible to anybody else yet).
    """
    trigger, answer = (Trigger.INBOUND, decide)
    if reopener is not None:
        trigger, answer = (Trigger.REOPENED, decide_reopened)

    def pose() -> Question:
        situation = loaders.load_situation(
            conversation,
            message=message,
            is_new_contact=is_new_contact,
            reopener=reopener,
            now=now,
        )
        version = getattr(conversation.channel, "rule_set_version", None)
        version = version or loaders.current_version()
        rules = loaders.load_rules(version)
        situation = loaders.add_ai_agents(
            situation,
            conversation=conversation,
            rules=rules,
            ai_agent_ids=loaders.load_ai_agent_ids(version, channel_id=situation.channel_id),
        )
        situation = flow_facts.add_flows(
            situation,
            conversation=conversation,
            rules=rules,
            starts=loaders.load_flow_starts(version, channel_id=situation.channel_id),
        )
        return Question(
            trigger=trigger,
            situation=situation,
            ask=lambda open_desk: answer(situation, rules=rules, open_desk=open_desk),
            rule_set_version=version,
        )

    return decide_and_apply(conversation, pose=pose, actor=Actor.system(), now=now)


def route_to_people(
    conversation: Conversation, *, name: str, reason: str, now: datetime
) -> Decision | None:
    """Decide which person goes on where an AI agent ended; rules are not asked again.

    `name` is the AI agent's, `reason` a `HandoverReason`. The row must be locked by the caller.
    """

    def pose() -> Question:
        situation = loaders.load_handover_situation(conversation, name=name, reason=reason, now=now)
        return Question(
            trigger=Trigger.HANDOVER,
            situation=situation,
            ask=lambda open_desk: decide_handover(situation, open_desk=open_desk),
        )

    return decide_and_apply(conversation, pose=pose, actor=Actor.system(), now=now)


def route_next(*, now: datetime) -> bool:
    """Decide for one conversation that has no decision yet; say whether there was one.

    It is there because routing failed when its message came, or because somebody reopened it.
    """
    due = Conversation.objects.filter(routing_due_at__lte=now).select_related("channel")
    return sweeps.do_next(
        due.order_by("routing_due_at", "pk"),
        mark="routing_due_at",
        work=lambda found: _route_due(found, now=now),
        now=now,
    )


def _route_due(conversation: Conversation, *, now: datetime) -> None:
    if conversation.status in OPEN and lifecycle.was_handed_to_people(conversation):
        _route_to_people_due(conversation, now=now)
    elif conversation.status in OPEN:
        reopener = lifecycle.reopened_by(conversation)
        route(conversation, message=last_written(conversation), reopener=reopener, now=now)
    else:
        Conversation.objects.filter(pk=conversation.pk).update(routing_due_at=None)


def _route_to_people_due(conversation: Conversation, *, now: datetime) -> None:
    """Decide for what a bot had, and nobody has yet."""
    last = FlowRun.objects.filter(conversation=conversation).select_related("flow")
    flow_run = last.order_by("-pk").first()
    run = ai_holds.last_run(conversation)
    if flow_run is not None and (run is None or run.started_at < flow_run.started_at):
        flow_handovers.decide_for(
            flow_run, conversation=conversation, status=flow_run.status, now=now
        )
        return
    name = run.ai_agent.name if run else ""
    reason = run.end_reason if run else ""
    route_to_people(conversation, name=name, reason=reason or HandoverReason.TAKEN, now=now)


def last_written(conversation: Conversation) -> Written:
    """Return what the customer wrote last: rules are matched against it."""
    last = (
        Message.objects.filter(conversation=conversation, direction=Direction.INBOUND)
        .order_by("-sequence")
        .values_list("body", "kind", "media")
        .first()
    )
    if last is None:
        return Written()
    text, kind, media = last
    return Written(text, types_of(kind, media))


@transaction.atomic
def assign_to(
    conversation: Conversation,
    *,
    actor: Actor,
    now: datetime,
    team: Team | None = None,
    person: User | None = None,
    reason: str = "",
) -> Decision | None:
    """Assign to a team (whose strategy picks), to a person, or to a person within a team.

    Returns the decision; None if it is exactly theirs already. A person named here is given it
    whatever their presence and load. Raises `AssignmentRefusedError`.
    """
    return assign_held(
        _lock(conversation.pk), team=team, person=person, actor=actor, reason=reason, now=now
    )


def assign_held(
    conversation: Conversation,
    *,
    actor: Actor,
    now: datetime,
    team: Team | None = None,
    person: User | None = None,
    reason: str = "",
) -> Decision | None:
    """Do what `assign_to` does, for a caller whose transaction holds the conversation's row.

    The row was read under that lock, with its channel and contact.
    """
    refuse_named(conversation, team=team, person=person)
    conversation = take_from_bot(conversation, actor=actor, now=now)
    question = pose_named(
        conversation, team=team, person=person, actor=actor, reason=reason, now=now
    )
    return _decide(conversation, question=question, actor=actor, now=now)


@transaction.atomic
def claim(
    conversation: Conversation, *, user: User, actor: Actor, now: datetime
) -> Decision | None:
    """Let a person take a conversation; it stays with its team, whoever is in that."""
    conversation = _lock(conversation.pk)
    refuse_named(conversation, team=None, person=user)
    conversation = take_from_bot(conversation, actor=actor, now=now)
    question = pose_named(conversation, team=conversation.team, person=user, actor=actor, now=now)
    return _decide(conversation, question=question, actor=actor, now=now)


def pose_named(
    conversation: Conversation,
    *,
    team: Team | None,
    person: User | None,
    actor: Actor,
    now: datetime,
    reason: str = "",
) -> Question | None:
    """Return what the engine is asked when a team or a person is named; None if it is theirs."""
    if _is_theirs(conversation, team=team, person=person):
        return None
    named = [(TargetKind.TEAM, team), (TargetKind.PERSON, person)]
    targets = tuple(Target(kind, row.pk) for kind, row in named if row is not None)
    situation = loaders.load_named_situation(conversation, actor=actor, reason=reason, now=now)
    return Question(
        trigger=Trigger.MANUAL,
        situation=situation,
        ask=lambda open_desk: decide_named(situation, targets=targets, open_desk=open_desk),
        targets=targets,
    )


def _decide(
    conversation: Conversation, *, question: Question | None, actor: Actor, now: datetime
) -> Decision | None:
    if question is None:
        return None
    posed = question
    return decide_and_apply(conversation, pose=lambda: posed, actor=actor, now=now)


@transaction.atomic
def unassign(
    conversation: Conversation, *, actor: Actor, now: datetime, reason: str = ""
) -> Conversation:
    """Take a conversation from its person and team; its state and tags stay. Again is no change.

    Whoever took it away has a minute to say whose it is; then it is offered to the channel's
    agents like anything else that waits, so that no customer is forgotten.
    """
    conversation = _lock(conversation.pk)
    conversation = assignments.take_back(
        conversation, reason=EndReason.UNASSIGNED, note=reason, actor=actor, now=now
    )
    if conversation.status in OPEN and conversation.routing_due_at is None:
        decisions.look_again_later(conversation, now=now)
    return conversation


@transaction.atomic
def pin(
    contact: Contact,
    *,
    person: User,
    actor: Actor,
    now: datetime,
    conversation: Conversation | None = None,
    reason: str = "",
) -> Decision | None:
    """Make a person the contact's permanent agent, and give them the current conversation."""
    if not person.is_active:
        raise AssignmentRefusedError("member.inactive")
    decision = None
    conversation = conversation and _lock(conversation.pk)
    if conversation is not None and conversation.status in ASSIGNABLE:
        decision = assign_to(conversation, person=person, actor=actor, reason=reason, now=now)
    contacts.set_permanent_agent(
        contact, person=person, conversation=conversation, actor=actor, reason=reason, now=now
    )
    return decision


@transaction.atomic
def unpin(
    contact: Contact,
    *,
    actor: Actor,
    now: datetime,
    conversation: Conversation | None = None,
    reason: str = "",
) -> bool:
    """Lift the permanent agent; say whether there was one. No conversation is moved by it."""
    return contacts.release_permanent_agent(
        contact, conversation=conversation, actor=actor, reason=reason, now=now
    )


def refuse_named(conversation: Conversation, *, team: Team | None, person: User | None) -> None:
    """Refuse what nobody may do, whoever asks. Raises `AssignmentRefusedError`."""
    if team is None and person is None:
        raise AssignmentRefusedError("assignment.target_required")
    if conversation.status not in ASSIGNABLE:
        raise AssignmentRefusedError("conversation.resolved")
    if person is not None and not person.is_active:
        raise AssignmentRefusedError("member.inactive")
    if team is not None and not team.is_active:
        raise AssignmentRefusedError("team.inactive")
    if team and person and not team.memberships.filter(user=person).exists():
        raise AssignmentRefusedError("member.not_in_team")


def take_from_bot(conversation: Conversation, *, actor: Actor, now: datetime) -> Conversation:
    """Open what a bot has, for whoever was named; the bot is silent from here on."""
    if conversation.status != Status.BOT:
        return conversation
    lifecycle.hand_to_people(conversation, actor=actor, now=now)
    conversation = _lock(conversation.pk)
    ai_holds.end_all(conversation, reason=RunEnd.TAKEN, now=now)
    flow_ends.cancel_all(conversation, reason=RunProblem.TAKEN, actor=actor, now=now)
    return conversation


def _is_theirs(conversation: Conversation, *, team: Team | None, person: User | None) -> bool:
    if person is None:
        return False
    same_team = team is None or conversation.team_id == team.pk
    return conversation.assignee_id == person.pk and same_team


def _lock(conversation_id: int) -> Conversation:
    locked: Conversation = (
        Conversation.objects.select_for_update(of=("self",))
        .select_related("channel", "contact")
        .get(pk=conversation_id)
    )
    return locked
