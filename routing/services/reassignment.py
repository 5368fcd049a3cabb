"""When nobody answers in time, somebody else of the team gets the conversation, or another team.

And when somebody goes offline, what they did not answer yet goes back to the queue.
"""

import logging
from dataclasses import replace
from datetime import datetime

from conversations.actors import Actor
from conversations.models import Conversation
from conversations.states import OPEN, Status
from routing import loaders
from routing.engine.decide import decide_offline, decide_reassignment
from routing.engine.facts import Target, TargetKind, Trigger
from routing.histories import load_history
from routing.services.decisions import Question, decide_and_apply
from teams.models import User
from teams.services import sweeps

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
    if conversation.status not in OPEN or conversation.team_id is None:
        Conversation.objects.filter(pk=conversation.pk).update(reply_due_at=None)
        return
    target = Target(TargetKind.TEAM, conversation.team_id)
    situation = loaders.load_holder_situation(
        conversation, history=load_history(conversation), now=now
    )
    question = Question(
        trigger=Trigger.REASSIGN,
        situation=situation,
        ask=lambda open_desk: decide_reassignment(situation, target=target, open_desk=open_desk),
        targets=(target,),
    )
    decide_and_apply(conversation, pose=lambda: question, actor=Actor.system(), now=now)


def give_back(user: User, *, now: datetime) -> None:
    """Take from somebody who went offline what waits for a first answer, where teams want it so."""
    theirs = Conversation.objects.filter(
        assignee=user, status=Status.NEW, team__is_returning_when_offline=True
    )
    for pk in list(theirs.order_by("pk").values_list("pk", flat=True)):
        sweeps.do_next(
            theirs.filter(pk=pk),
            mark="reply_due_at",
            work=lambda found: _give_back(found, user=user, now=now),
            now=now,
        )


def _give_back(conversation: Conversation, *, user: User, now: datetime) -> None:
    target = Target(TargetKind.TEAM, conversation.team_id or 0)
    situation = loaders.load_holder_situation(
        conversation, history=load_history(conversation), now=now
    )
    situation = replace(situation, asked_by=user.name)
    question = Question(
        trigger=Trigger.OFFLINE,
        situation=situation,
        ask=lambda open_desk: decide_offline(situation, target=target, open_desk=open_desk),
        targets=(target,),
    )
    decide_and_apply(conversation, pose=lambda: question, actor=Actor.system(), now=now)
