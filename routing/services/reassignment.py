"""When the assignee does not answer in time, somebody else of the team gets the conversation."""

import logging
from datetime import datetime

from django.db import transaction

from conversations.actors import Actor
from conversations.models import Conversation
from conversations.states import OPEN
from routing import loaders
from routing.engine.decide import decide_reassignment
from routing.engine.facts import Target, TargetKind, Trigger
from routing.services.assignment import FAILURE_RETRY
from routing.services.decisions import Question, decide_and_apply

logger = logging.getLogger(__name__)


def reassign_next(*, now: datetime) -> bool:
    """Move one conversation on whose time has passed; say whether there was one."""
    conversation_id = (
        Conversation.objects.filter(reply_due_at__lte=now)
        .order_by("reply_due_at", "pk")
        .values_list("pk", flat=True)
        .first()
    )
    if conversation_id is None:
        return False
    try:
        _reassign(conversation_id, now=now)
    except Exception:
        logger.exception("Reassigning conversation %s failed.", conversation_id)
        # Only what is still due: somebody else may have been faster, and then nothing is.
        still_due = Conversation.objects.filter(pk=conversation_id, reply_due_at__lte=now)
        still_due.update(reply_due_at=now + FAILURE_RETRY)
    return True


@transaction.atomic
def _reassign(conversation_id: int, *, now: datetime) -> None:
    conversation = (
        Conversation.objects.select_for_update(of=("self",))
        .select_related("channel")
        .get(pk=conversation_id)
    )
    if conversation.reply_due_at is None or conversation.reply_due_at > now:
        return
    has_owner = conversation.assignee_id is not None and conversation.team_id is not None
    if conversation.status not in OPEN or not has_owner:
        Conversation.objects.filter(pk=conversation_id).update(reply_due_at=None)
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
