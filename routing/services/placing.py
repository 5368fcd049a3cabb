"""What is asked again for a conversation that waits: where it may go, and what is known of it."""

from datetime import datetime

from conversations.models import Conversation
from routing import loaders
from routing.engine.decide import decide_waiting
from routing.engine.facts import Target, TargetKind, Trigger
from routing.histories import History
from routing.services.decisions import Question


def ask_again(conversation: Conversation, *, history: History, now: datetime) -> Question:
    """Return the question for a waiting conversation. Its channel must be loaded."""
    targets = targets_of(conversation, history=history)
    situation = loaders.load_holder_situation(conversation, history=history, now=now)
    return Question(
        trigger=Trigger.WAITING,
        situation=situation,
        ask=lambda open_desk: decide_waiting(situation, targets=targets, open_desk=open_desk),
        targets=targets,
    )


def targets_of(conversation: Conversation, *, history: History) -> tuple[Target, ...]:
    """Return where it may go: its team, and the channel's agents unless somebody chose the team."""
    channel = Target(TargetKind.CHANNEL, conversation.channel_id)
    if conversation.team_id is None:
        return (channel,)
    team = Target(TargetKind.TEAM, conversation.team_id)
    return (team, channel) if history.is_sent_by_rule else (team,)
