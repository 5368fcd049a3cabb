"""A flow starts because a person or another system says so."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from channels.models import Channel
from conversations.actors import Actor
from conversations.models import Contact, Conversation
from conversations.services import beginnings
from conversations.states import LIVE, Status
from routing import loaders
from routing.engine.decide import decide_named
from routing.engine.facts import Answer, OpenDesk, Outcome, Situation, Target, TargetKind, Trigger
from routing.models import Flow, FlowRun
from routing.services import flow_ends
from routing.services.decisions import Question, decide_and_apply


class FlowStartRefusedError(Exception):
    """A flow that may not start here. `code` says why: `flow.off`, `conversation.open` (somebody or
    another flow has it, and the caller gave no priority), `conversation.closed`,
    `contact.no_address`."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@transaction.atomic
def start_with(
    contact: Contact,
    *,
    flow: Flow,
    channel: Channel,
    actor: Actor,
    now: datetime,
    has_priority: bool = False,
) -> FlowRun:
    """Start a flow with a contact on a channel: in a new conversation, or the live one.

    A live one is in the way unless the flow has priority; then it is the flow's, whoever had it.
    Raises `FlowStartRefusedError`, and `ConversationMovedError` if one was started this moment.
    """
    live = _locked().filter(contact=contact, channel=channel, status__in=sorted(LIVE))
    conversation = live.order_by("pk").first()
    if conversation is not None:
        return _start(conversation, flow, has_priority=has_priority, actor=actor, now=now)
    identity = contact.identities.filter(medium=channel.medium).order_by("-pk").first()
    if identity is None:
        raise FlowStartRefusedError("contact.no_address")
    conversation = beginnings.begin(
        contact, channel=channel, identity=identity, actor=actor, now=now
    )
    return _start(conversation, flow, has_priority=True, actor=actor, now=now)


@transaction.atomic
def start_in(
    conversation: Conversation,
    *,
    flow: Flow,
    actor: Actor,
    now: datetime,
    has_priority: bool = False,
) -> FlowRun:
    """Start a flow in a conversation that is not closed. Raises as `start_with` does."""
    conversation = _locked().get(pk=conversation.pk)
    if conversation.status == Status.CLOSED:
        raise FlowStartRefusedError("conversation.closed")
    is_free = has_priority or conversation.status == Status.RESOLVED
    return _start(conversation, flow, has_priority=is_free, actor=actor, now=now)


def _start(
    conversation: Conversation, flow: Flow, *, has_priority: bool, actor: Actor, now: datetime
) -> FlowRun:
    if not has_priority:
        raise FlowStartRefusedError("conversation.open")

    def pose() -> Question:
        situation = loaders.load_named_situation(conversation, actor=actor, reason="", now=now)
        targets = (Target(TargetKind.FLOW, flow.pk),)
        return Question(
            trigger=Trigger.MANUAL,
            situation=situation,
            ask=lambda open_desk: _ask(situation, targets=targets, open_desk=open_desk),
            targets=targets,
        )

    decide_and_apply(conversation, pose=pose, actor=actor, now=now)
    return flow_ends.live_in(conversation)[0]


def _ask(situation: Situation, *, targets: tuple[Target, ...], open_desk: OpenDesk) -> Answer:
    answer = decide_named(situation, targets=targets, open_desk=open_desk)
    if answer.outcome is not Outcome.HELD:
        raise FlowStartRefusedError("flow.off")
    return answer


def _locked() -> QuerySet[Conversation]:
    rows: QuerySet[Conversation] = Conversation.objects.select_for_update(of=("self",))
    return rows.select_related("channel", "contact")
