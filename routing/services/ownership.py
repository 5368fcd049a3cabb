"""What an answer means for the conversation's owner: who, in which way, and until when."""

from datetime import datetime

from conversations.models import Conversation
from conversations.models.assignment import AssignmentKind
from conversations.services.assignments import Ownership
from routing import timers
from routing.engine.facts import Answer, Desk, Situation, Target, TargetKind, Trigger
from routing.engine.strategies import capacity_of


def build(
    conversation: Conversation,
    *,
    trigger: Trigger,
    situation: Situation,
    answer: Answer,
    desks: dict[Target, Desk],
    now: datetime,
) -> Ownership:
    """Return what is to be written when the conversation is given to whom the answer names."""
    tags = None
    if answer.add_tags:
        tags = tuple(dict.fromkeys([*conversation.tags, *answer.add_tags]))
    return Ownership(
        kind=_kind(trigger, answer),
        user_id=answer.user_id,
        team_id=answer.team_id,
        load_limit=_load_limit(answer, desks),
        reply_due_at=timers.reply_due_at(
            conversation, situation=situation, answer=answer, desks=desks, now=now
        ),
        tags=tags,
        priority=answer.set_priority,
        event_data={
            "outcome": answer.outcome,
            "user_id": answer.user_id,
            "team_id": answer.team_id,
        },
    )


_KIND_BY_VIA = {
    "permanent": AssignmentKind.PERMANENT,
    "rule": AssignmentKind.RULE,
    "flow": AssignmentKind.FLOW,
    "manual": AssignmentKind.MANUAL,
    "claim": AssignmentKind.CLAIM,
    "reopened": AssignmentKind.RETURNED,
    "callback": AssignmentKind.CALLBACK,
    "strategy": AssignmentKind.STRATEGY,
    "": AssignmentKind.STRATEGY,
}


def _kind(trigger: Trigger, answer: Answer) -> AssignmentKind:
    if trigger == Trigger.REASSIGN:
        return AssignmentKind.REASSIGN
    return _KIND_BY_VIA[answer.via]


def _load_limit(answer: Answer, desks: dict[Target, Desk]) -> int | None:
    """Return the winner's limit, where the choice was bound by capacity."""
    if not answer.is_capacity_bound:
        return None
    desk = _desk_that_chose(answer, desks)
    winner = next(c for c in desk.candidates if c.user_id == answer.user_id)
    return capacity_of(winner, desk)


def _desk_that_chose(answer: Answer, desks: dict[Target, Desk]) -> Desk:
    """Return the person's own desk if that was asked, else the team's, else the channel's.

    Whoever could not take it at their own desk cannot take it at any that is bound by capacity.
    """
    own = desks.get(Target(TargetKind.PERSON, answer.user_id or 0))
    if own is not None:
        return own
    if answer.team_id is not None:
        return desks[Target(TargetKind.TEAM, answer.team_id)]
    return next(desk for target, desk in desks.items() if target.kind == TargetKind.CHANNEL)
