"""Making a decision under the right lock, writing it down, and applying it: one transaction."""

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from channels.models import Channel
from conversations.actors import Actor
from conversations.models import Assignment, Conversation
from conversations.models.assignment import EndReason
from conversations.services import assignments, contacts
from conversations.services.assignments import AssignmentLostError, Ownership
from routing import timers
from routing.desk_book import DeskBook, MoveOnError
from routing.engine import serial
from routing.engine.facts import (
    Answer,
    Desk,
    OpenDesk,
    Outcome,
    Situation,
    Target,
    TargetKind,
    Trigger,
)
from routing.models import AiAgent, Decision, Flow
from routing.services import ai_holds, flow_holds, ownership
from teams.identifiers import new_public_id
from teams.models import Team, User
from teams.queries import Insert

# A conversation that nobody can take is looked at again after a quarter of the time that it has
# waited, within these limits, whatever else happens: a long queue must not cost more than it helps.
PLACING_RETRY = timedelta(seconds=60)
_LONGEST_RETRY = timedelta(minutes=15)
_RETRY_STEP = timedelta(seconds=15)
_MAX_TRIES = 12
_STORE = Insert(Decision)

#: The engine's function for one kind of question, with everything but the desks filled in.
Ask = Callable[[OpenDesk], Answer]


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be decided, and what is stored so that it can be decided again."""

    trigger: Trigger
    situation: Situation
    ask: Ask
    targets: Sequence[Target] = ()
    rule_set_version: uuid.UUID | None = None
    #: Why whoever has it loses it, where the trigger alone does not say.
    ends_as: EndReason | None = None


class DecisionContentionError(Exception):
    """Other decisions kept changing the desks. The conversation's due mark stays."""


def decide_and_apply(
    conversation: Conversation, *, pose: Callable[[], Question], actor: Actor, now: datetime
) -> Decision | None:
    """Decide, apply and store; again from the start whenever somebody else was faster.

    The conversation's row must be locked by the caller. Each try runs under a savepoint, the
    reading of the facts (`pose`) included: a lost try gives back its lock on the desk, and whatever
    fails leaves the caller's transaction usable. Returns None if it waits on as it waited before.
    Raises `DecisionContentionError`.
    """
    known: dict[Target, Desk] = {}
    lost = 0
    while lost < _MAX_TRIES:
        book = DeskBook(at=now, seen=dict(known))
        try:
            with transaction.atomic():
                if lost:
                    conversation.refresh_from_db()
                question = pose()
                unseen = [each for each in question.targets if each not in known]
                _lock_parties(conversation, targets=unseen)
                answer = question.ask(book.open)
                return _apply(
                    conversation,
                    question=question,
                    answer=answer,
                    desks=book.seen,
                    actor=actor,
                    now=now,
                )
        except MoveOnError:  # one desk more is known: there are only so many
            known = book.seen
        except AssignmentLostError:
            known, lost = {}, lost + 1
    raise DecisionContentionError


def _apply(
    conversation: Conversation,
    *,
    question: Question,
    answer: Answer,
    desks: dict[Target, Desk],
    actor: Actor,
    now: datetime,
) -> Decision | None:
    """Change the owner as the answer says, move the circle on, and store the decision."""
    if question.trigger == Trigger.WAITING and answer.outcome == Outcome.WAITING:
        look_again_later(conversation, now=now)
        return None
    public_id = new_public_id()
    assignment = None
    if answer.outcome == Outcome.HELD:
        _hold(
            conversation,
            question=question,
            answer=answer,
            decision=public_id,
            by=actor if question.trigger == Trigger.MANUAL else None,
            now=now,
        )
    elif answer.outcome == Outcome.KEPT:
        if question.trigger != Trigger.CALLBACK:  # an offer of a call ends by itself
            _restart_reply_timer(
                conversation, situation=question.situation, answer=answer, desks=desks, now=now
            )
        if _was_kept(conversation):
            return None  # said once is enough
    else:
        owner = owner_of(
            conversation,
            question=question,
            answer=answer,
            desks=desks,
            decision_id=public_id,
            now=now,
        )
        _release(conversation, question=question, owner=owner, actor=actor, now=now)
        assignment = assignments.give(conversation, owner=owner, actor=actor, now=now)
        if answer.user_id is None:
            look_again_later(conversation, now=now)
        if answer.pins_contact:
            _pin(conversation, answer=answer, actor=actor, now=now)
    move_cursor(answer, desks)
    decision = build(
        conversation,
        public_id=public_id,
        assignment=assignment,
        question=question,
        answer=answer,
        desks=desks,
    )
    _STORE.save(decision)
    return decision


def owner_of(
    conversation: Conversation,
    *,
    question: Question,
    answer: Answer,
    desks: dict[Target, Desk],
    decision_id: uuid.UUID,
    now: datetime,
) -> Ownership:
    """Return what is to be written of the new owner; its event names the decision."""
    owner = ownership.build(
        conversation,
        trigger=question.trigger,
        situation=question.situation,
        answer=answer,
        desks=desks,
        now=now,
    )
    return replace(owner, event_data={"decision": str(decision_id), **owner.event_data})


def build(
    conversation: Conversation,
    *,
    public_id: uuid.UUID,
    assignment: Assignment | None,
    question: Question,
    answer: Answer,
    desks: dict[Target, Desk],
) -> Decision:
    """Return the decision as it is stored: what was known, how it went, and what it answered."""
    return Decision(
        public_id=public_id,
        conversation=conversation,
        assignment=assignment,
        trigger=question.trigger,
        outcome=answer.outcome,
        rule_set_version=question.rule_set_version,
        rule_id=answer.rule_id,
        facts=serial.facts_to_json(question.situation, desks=desks, targets=question.targets),
        steps=serial.steps_to_json(answer.steps),
        answer=serial.answer_to_json(answer),
        decided_at=question.situation.at,
    )


def store(made: Iterable[Decision]) -> None:
    """Store several decisions at once."""
    _STORE.save_many(made)


def _hold(
    conversation: Conversation,
    *,
    question: Question,
    answer: Answer,
    decision: uuid.UUID,
    by: Actor | None,
    now: datetime,
) -> None:
    """Let an AI agent or a flow have it, with what the rule sets besides; `by` is who named it."""
    changes: dict[str, Any] = {}
    if answer.add_tags:
        changes["tags"] = list(dict.fromkeys([*conversation.tags, *answer.add_tags]))
    if answer.set_priority is not None:
        changes["priority"] = answer.set_priority
    event_data = {"decision": str(decision)}
    if answer.flow_id is not None:
        flow_holds.begin(
            conversation,
            flow=Flow.objects.select_related("published").get(pk=answer.flow_id),
            actor=by or (Actor.system() if answer.rule_id else Actor.contact()),
            is_new_contact=question.situation.is_new_contact,
            changes=changes,
            event_data=event_data,
            now=now,
        )
        return
    ai_holds.begin(
        conversation,
        agent=AiAgent.objects.get(pk=answer.ai_agent_id or 0),
        by=by,
        now=now,
        changes=changes,
        event_data=event_data,
    )


def _pin(conversation: Conversation, *, answer: Answer, actor: Actor, now: datetime) -> None:
    """Let whoever got it have the contact's later conversations, too, because a rule says so."""
    contacts.set_permanent_agent(
        conversation.contact,
        person=User.objects.get(pk=answer.user_id),
        conversation=conversation,
        actor=actor,
        now=now,
    )


def _lock_parties(conversation: Conversation, *, targets: Sequence[Target]) -> None:
    """Lock who has it and who was named, in order: the desk of a person is that person's row.

    A desk that was seen already is not opened any more: who is at another is locked after that.
    """
    named = [target.id for target in targets if target.kind == TargetKind.PERSON]
    if named and conversation.assignee_id is not None:
        assignments.lock_people([conversation.assignee_id, *named])


def _was_kept(conversation: Conversation) -> bool:
    """Say whether the last decision left the conversation where it was: then nothing changed."""
    outcomes = Decision.objects.filter(conversation=conversation).order_by("-pk")
    return outcomes.values_list("outcome", flat=True).first() == Outcome.KEPT


def _release(
    conversation: Conversation, *, question: Question, owner: Ownership, actor: Actor, now: datetime
) -> None:
    """Take the conversation from whoever has it; both people are locked in order first."""
    if conversation.assignee_id is None and conversation.team_id is None:
        return
    if conversation.assignee_id is None and owner.user_id is not None:
        # From a queue to a person nobody loses it: the waiting ends, and that is all.
        assignments.end_active(conversation, reason=EndReason.REPLACED, now=now)
        return
    if conversation.assignee_id is not None and owner.user_id is not None:
        assignments.lock_people([conversation.assignee_id, owner.user_id])
    reason = question.ends_as or _END_REASONS.get(question.trigger, EndReason.REPLACED)
    assignments.take_back(conversation, reason=reason, actor=actor, now=now)


_END_REASONS = {
    Trigger.REASSIGN: EndReason.LAPSED,
    Trigger.OFFLINE: EndReason.WENT_OFFLINE,
}


def look_again_later(*conversations: Conversation, now: datetime) -> None:
    """Let the sweep look for somebody in a while, whatever else happens.

    What is due within the same quarter of a minute is put off together.
    """
    pauses: defaultdict[timedelta, list[int]] = defaultdict(list)
    for each in conversations:
        waited = now - (each.waiting_since or now)
        pause = min(max(waited / 4, PLACING_RETRY), _LONGEST_RETRY)
        pauses[pause - pause % _RETRY_STEP].append(each.pk)
    for pause, ids in pauses.items():
        Conversation.objects.filter(pk__in=ids).update(placing_due_at=now + pause)


def _restart_reply_timer(
    conversation: Conversation,
    *,
    situation: Situation,
    answer: Answer,
    desks: dict[Target, Desk],
    now: datetime,
) -> None:
    """Give whoever keeps it as long again; a team that stopped reassigning has no timer left."""
    due_at = timers.reply_due_at(
        conversation, situation=situation, answer=answer, desks=desks, now=now
    )
    Conversation.objects.filter(pk=conversation.pk).update(reply_due_at=due_at)


def move_cursor(answer: Answer, desks: dict[Target, Desk]) -> None:
    """Remember whom the circle picked. The desk's row is locked by this decision."""
    if answer.cursor is None or desks[answer.cursor].cursor_user_id == answer.user_id:
        return
    table = Team if answer.cursor.kind == TargetKind.TEAM else Channel
    table.objects.filter(pk=answer.cursor.id).update(cursor_member=answer.user_id)
