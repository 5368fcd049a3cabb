"""When the assignee does not answer in time, somebody else of the team gets the conversation."""

import logging
from datetime import datetime

from conversations.actors import Actor
from conversations.models import Conversation
from conversations.services import sweeps
from conversations.states import OPEN
from routing import loaders
from routing.engine.decide import decide_reassignment
from routing.engine.facts import Target, TargetKind, Trigger
from routing.services.decisions import Question, decide_and_apply

logger = logging.getLogger(__name__)


def reassign_next(*, now: datetime) -> bool:
    """Move one conversation on whose time has passed; say whether there was one."""
    due = Conversation.objects.filter(reply_due_at__lte=now).select_related("channel")
    return sweeps.do_next(
        due.order_by("reply_due_at", "pk"),
        mark="reply_due_at",
        work=lambda found: _reassign(found, now=now),
        now=now,
    )


def _reassign(conversation: Conversation, *, now: datetime) -> None:
    has_owner = conversation.assignee_id is not None and conversation.team_id is not None
    if conversation.status not in OPEN or not has_owner:
        Conversation.objects.filter(pk=conversation.pk).update(reply_due_at=None)
        return
    target = Target(TargetKind.TEAM, conversation.team_id or 0)
    situation = loaders.load_holder_situation(conversation, now=now)
    question = Question(
        trigger=Trigger.REASSIGN,
        situation=situation,
        ask=lambda open_desk: decide_reassignment(situation, target=target, open_desk=open_desk),
        targets=(target,),
    )
    decide_and_apply(conversation, pose=lambda: question, actor=Actor.system(), now=now)
