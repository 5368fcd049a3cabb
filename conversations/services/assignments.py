"""The only writer of owners, of `Assignment` rows and of people's loads.

Locks are taken in one order everywhere: conversation, then team or channel, then people by id.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from conversations.actors import Actor
from conversations.models import Assignment, Conversation
from conversations.models.assignment import AssignmentKind, EndReason
from conversations.services import events
from conversations.statements import Handover, statements
from conversations.states import OPEN
from teams.models import User


class AssignmentLostError(Exception):
    """Somebody was faster: the conversation moved on, or the person has no room any more.

    Whoever meets it rolls back to before the decision and decides again.
    """


@dataclass(frozen=True, slots=True)
class Ownership:
    """Who gets a conversation, how, and until when an answer is expected.

    `load_limit`: the person's limit, where the choice is bound by capacity; None: no limit.
    `tags` and `priority`: what the rule sets; None leaves them as they are.
    """

    kind: AssignmentKind
    user_id: int | None = None
    team_id: int | None = None
    load_limit: int | None = None
    reply_due_at: datetime | None = None
    tags: tuple[str, ...] | None = None
    priority: int | None = None
    event_data: dict[str, Any] = field(default_factory=dict)


def lock_people(user_ids: Iterable[int]) -> None:
    """Lock several people in the order of their ids, so that two transfers cannot deadlock."""
    ids = sorted(user_ids)
    list(User.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk").values("pk"))


@transaction.atomic(savepoint=False)
def give(
    conversation: Conversation, *, owner: Ownership, actor: Actor, now: datetime
) -> Assignment | None:
    """Give an open conversation that nobody has to a person, or leave it with a team.

    Raises `AssignmentLostError` if the conversation moved on since it was read, or if the person
    is full or gone; the caller's transaction, or its savepoint, must then be rolled back.
    """
    if owner.user_id is None:
        return _leave_with_team(conversation, owner=owner, actor=actor, now=now)
    handover = _handover(conversation, owner=owner, actor=actor, now=now)
    assignment_id = statements().hand_over(handover)
    if assignment_id is None:
        raise AssignmentLostError
    return _given(handover, assignment_id)


@transaction.atomic(savepoint=False)
def give_many(
    owners: Sequence[tuple[Conversation, Ownership]], *, actor: Actor, now: datetime
) -> list[Assignment]:
    """Give waiting conversations to people, in this order: all of them or none.

    A team that a conversation waited with keeps it in its history: that waiting ends here.
    Raises `AssignmentLostError` as `give` does.
    """
    handovers = [_handover(each, owner=owner, actor=actor, now=now) for each, owner in owners]
    lock_people({each.user_id for each in handovers})
    _end_waiting([each for each, _ in owners if each.team_id is not None], now=now)
    made = statements().hand_over_many(handovers)
    if len(made) < len(handovers):
        raise AssignmentLostError
    return [_given(each, made[each.conversation_id]) for each in handovers]


def _end_waiting(conversations: Sequence[Conversation], *, now: datetime) -> None:
    if conversations:
        Assignment.objects.filter(
            conversation__in=conversations, user__isnull=True, ended_at=None
        ).update(ended_at=now, end_reason=EndReason.REPLACED)


def _handover(
    conversation: Conversation, *, owner: Ownership, actor: Actor, now: datetime
) -> Handover:
    if owner.user_id is None:
        raise ValueError("A conversation is handed over to a person.")
    return Handover(
        conversation_id=conversation.pk,
        contact_id=conversation.contact_id,
        seen_version=conversation.version,
        user_id=owner.user_id,
        team_id=owner.team_id,
        kind=owner.kind,
        tags=owner.tags,
        priority=owner.priority,
        load_limit=owner.load_limit,
        reply_due_at=owner.reply_due_at,
        actor_kind=actor.kind,
        actor_id=actor.user_id,
        actor_label=actor.label,
        event_data=owner.event_data,
        now=now,
    )


def _given(handover: Handover, assignment_id: int) -> Assignment:
    return Assignment(
        pk=assignment_id,
        conversation_id=handover.conversation_id,
        user_id=handover.user_id,
        team_id=handover.team_id,
        kind=handover.kind,
        started_at=handover.now,
    )


@transaction.atomic
def take_back(
    conversation: Conversation, *, reason: EndReason, actor: Actor, now: datetime, note: str = ""
) -> Conversation:
    """End the active assignment: nobody has the conversation, and its person has room again.

    `note` is what a person or another system gave as their reason. Returns the conversation as it
    is now. Without an active assignment nothing changes.
    """
    ended = end_active(conversation, reason=reason, now=now)
    if ended is None and conversation.assignee_id is None and conversation.team_id is None:
        return conversation
    moved = Conversation.objects.filter(pk=conversation.pk, version=conversation.version).update(
        assignee=None, team=None, reply_due_at=None, version=F("version") + 1
    )
    if not moved:
        raise AssignmentLostError
    conversation.refresh_from_db()
    events.record(
        "conversation.unassigned",
        conversation=conversation,
        actor=actor,
        now=now,
        data={"reason": reason, **_owner_data(ended), **({"note": note} if note else {})},
    )
    return conversation


def end_active(
    conversation: Conversation, *, reason: EndReason, now: datetime
) -> Assignment | None:
    """Close the running stretch of ownership and free the person's place.

    Called with the conversation's row locked, before its status changes: an open conversation
    counts as load, any other does not.
    """
    active = Assignment.objects.filter(conversation=conversation, ended_at=None).first()
    if active is None:
        return None
    Assignment.objects.filter(pk=active.pk).update(ended_at=now, end_reason=reason)
    if active.user_id is not None and conversation.status in OPEN:
        free_place(active.user_id, now=now)
    return active


def free_place(user_id: int, *, now: datetime) -> None:
    """Count one conversation less, and mark the person for the sweep that places waiting ones."""
    User.objects.filter(pk=user_id).update(load=F("load") - 1, offer_due_at=now)


def _leave_with_team(
    conversation: Conversation, *, owner: Ownership, actor: Actor, now: datetime
) -> Assignment | None:
    """Let the conversation wait in a team's queue, or in the channel's if no team is named."""
    changes: dict[str, Any] = {
        name: value
        for name, value in {"tags": owner.tags, "priority": owner.priority}.items()
        if value is not None
    }
    moved = Conversation.objects.filter(
        pk=conversation.pk,
        version=conversation.version,
        assignee__isnull=True,
        status__in=OPEN,
    ).update(
        team_id=owner.team_id,
        routing_due_at=None,
        reply_due_at=owner.reply_due_at,
        version=F("version") + 1,
        **changes,
    )
    if not moved:
        raise AssignmentLostError
    events.record(
        "conversation.queued",
        conversation=conversation,
        actor=actor,
        now=now,
        data=owner.event_data,
    )
    if owner.team_id is None:
        return None
    return Assignment.objects.create(
        conversation=conversation,
        team_id=owner.team_id,
        kind=owner.kind,
        actor_id=actor.user_id,
        started_at=now,
    )


def _owner_data(assignment: Assignment | None) -> dict[str, Any]:
    if assignment is None:
        return {}
    return {"user_id": assignment.user_id, "team_id": assignment.team_id}
