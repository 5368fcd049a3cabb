"""What the engine would answer now: asked without a lock, and nothing is written."""

from dataclasses import replace
from datetime import datetime

from conversations.models import Conversation
from conversations.states import OPEN
from routing import loaders
from routing.desk_book import ReadOnlyDesks
from routing.engine.decide import decide_waiting
from routing.engine.facts import Answer, Situation, Target, TargetKind
from routing.histories import load_history
from routing.services.placing import targets_of
from teams.models import Team


def why_waiting(conversation: Conversation, *, now: datetime) -> Answer | None:
    """Return why nobody has an open conversation at this instant; None if somebody does.

    The answer may name a person: then it is about to be placed.
    """
    if conversation.status not in OPEN or conversation.assignee_id is not None:
        return None
    history = load_history(conversation)
    situation = loaders.load_holder_situation(conversation, history=history, now=now)
    return _look(situation, targets_of(conversation, history=history))


def next_person(team: Team, *, now: datetime) -> Answer:
    """Return whom of a team the next conversation would be given to, and why the others not."""
    situation = Situation(at=now, zone="UTC", channel_id=0, channel_name=team.name)
    return _look(situation, (Target(TargetKind.TEAM, team.pk),))


def _look(situation: Situation, targets: tuple[Target, ...]) -> Answer:
    desks = ReadOnlyDesks(at=situation.at)
    answer = decide_waiting(situation, targets=targets, open_desk=desks.open)
    return replace(answer, steps=answer.steps[1:])  # "looked for again" is no reason
