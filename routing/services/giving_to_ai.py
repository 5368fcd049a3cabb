"""An AI agent gets a conversation because a person or another system says so."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from conversations.actors import Actor
from conversations.models import Conversation
from conversations.states import OPEN
from routing import ai_desks, loaders
from routing.engine.decide import decide_named
from routing.engine.facts import Answer, OpenDesk, Outcome, Situation, Target, TargetKind, Trigger
from routing.models import AiAgent, AiAgentChannel, Decision
from routing.services.assignment import AssignmentRefusedError
from routing.services.decisions import Question, decide_and_apply

#: What the explanation says of an AI agent that did not accept -> the code of the refusal.
_CODES = {"not_running": "ai_agent.not_running"}
_NOTHING_LEFT = "ai_agent.budget_spent"


def serving(conversation: Conversation) -> QuerySet[AiAgent]:
    """Return the AI agents, running or not, that its channel asks or one of the channel's rules."""
    channel_id = conversation.channel_id
    named = {
        rule.target.id
        for rule in loaders.load_rules(loaders.current_version())
        if rule.target.kind is TargetKind.AI and channel_id in (rule.channel_ids or (channel_id,))
    }
    asked = AiAgentChannel.objects.filter(channel=channel_id).values("ai_agent")
    return AiAgent.objects.filter(Q(pk__in=named) | Q(pk__in=asked)).order_by("name", "pk")


@transaction.atomic
def give_to_ai(
    conversation: Conversation, *, agent: AiAgent, actor: Actor, now: datetime, reason: str = ""
) -> Decision | None:
    """Give an open conversation to an AI agent that serves its channel; nobody else has it then.

    It answers what the customer waits for, and goes on until it hands over or somebody takes it;
    that people had the conversation before does not silence it. Raises `AssignmentRefusedError`:
    `conversation.resolved` (not open), `ai_agent.not_serving`, `ai_agent.not_running`,
    `ai_agent.budget_spent`.
    """
    conversation = (
        Conversation.objects.select_for_update(of=("self",))
        .select_related("channel", "contact")
        .get(pk=conversation.pk)
    )
    if conversation.status not in OPEN:
        raise AssignmentRefusedError("conversation.resolved")
    if not serving(conversation).filter(pk=agent.pk).exists():
        raise AssignmentRefusedError("ai_agent.not_serving")

    def pose() -> Question:
        situation = loaders.load_named_situation(conversation, actor=actor, reason=reason, now=now)
        targets = (Target(TargetKind.AI, agent.pk),)
        return Question(
            trigger=Trigger.MANUAL,
            situation=situation,
            ask=lambda open_desk: _ask(situation, targets=targets, open_desk=open_desk),
            targets=targets,
        )

    return decide_and_apply(conversation, pose=pose, actor=actor, now=now)


def obstacle(conversation: Conversation, *, agent: AiAgent, now: datetime) -> str:
    """Return the code with which it would be refused at this instant; blank if it would not."""
    situation = loaders.load_named_situation(conversation, actor=Actor.system(), reason="", now=now)
    try:
        _ask(
            situation,
            targets=(Target(TargetKind.AI, agent.pk),),
            open_desk=lambda target: ai_desks.load(target, at=now),
        )
    except AssignmentRefusedError as error:
        return error.code
    return ""


def _ask(situation: Situation, *, targets: tuple[Target, ...], open_desk: OpenDesk) -> Answer:
    """Return that it has it. One that cannot: whoever has the conversation keeps it."""
    answer = decide_named(situation, targets=targets, open_desk=open_desk)
    if answer.outcome is not Outcome.HELD:
        why = next(step.code for step in answer.steps if step.stage == "ai")
        raise AssignmentRefusedError(_CODES.get(why, _NOTHING_LEFT))
    return answer
