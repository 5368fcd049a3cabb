"""Placing the first of a queue together: one lock, one look at the desk, one write.

After a night or an outage thousands wait, and a transaction for each would take minutes. The
answers are those of one by one: each decision sees the desk as the one before it left it.
"""

import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile

from django.db import transaction

from conversations.actors import Actor
from conversations.models import Conversation
from conversations.services import assignments
from conversations.services.assignments import AssignmentLostError, Ownership
from routing.desk_book import DeskBook, MoveOnError
from routing.engine.facts import Answer, Candidate, Desk, OpenDesk, Situation, Target
from routing.engine.foremost import foremost
from routing.histories import load_histories
from routing.large_desks import SHORT
from routing.services import decisions
from routing.services.decisions import Question
from routing.services.placing import ask_again
from teams.identifiers import new_public_id

logger = logging.getLogger(__name__)

# Decisions made together tell of everybody in a desk of this size, in a larger one of the first.
_MOST_TOLD = 50
# So many of a desk that was not read whole can be chosen before others might come first.
_MOST_OF_SHORT = SHORT // 2


@dataclass(frozen=True, slots=True)
class _Decided:
    conversation: Conversation
    question: Question
    answer: Answer
    desks: dict[Target, Desk]


def place_together(ids: Sequence[int], *, now: datetime) -> int:
    """Place those that lead the queue and ask one and the same desk; return how many.

    `ids` are due conversations in queue order. 0: nothing was done, and they are to be placed one
    by one, because another desk has a say, or somebody else was faster, or something failed.
    """
    try:
        with transaction.atomic():
            decided = _decide(_lock_leading(ids, now=now), now=now)
            if decided:
                _write(decided, now=now)
            return len(decided)
    except AssignmentLostError:
        return 0
    except Exception:
        logger.exception("Placing together failed: they are placed one by one.")
        return 0


def _lock_leading(ids: Sequence[int], *, now: datetime) -> list[Conversation]:
    """Lock them in the order of their keys; return those before the first that is not to be had."""
    due = Conversation.objects.waiting().filter(pk__in=ids, placing_due_at__lte=now)
    locked = due.select_for_update(of=("self",), skip_locked=True, no_key=True).order_by("pk")
    found = {each.pk: each for each in locked.prefetch_related("channel")}
    return [found[pk] for pk in takewhile(found.__contains__, ids)]


def _decide(leading: Sequence[Conversation], *, now: datetime) -> list[_Decided]:
    histories = load_histories(leading)
    asked = [(each, ask_again(each, history=histories[each.pk], now=now)) for each in leading]
    if not asked:
        return []
    target = asked[0][1].targets[0]
    together = list(takewhile(lambda pair: pair[1].targets[0] == target, asked))
    if not together[1:]:
        return []
    desk = _MovingDesk(DeskBook(at=now).open(target))
    if desk.whole.is_short:
        together = together[:_MOST_OF_SHORT]
    decided: list[_Decided] = []
    for conversation, question in together:
        if decided and _is_as_hopeless(question, decided[-1]):
            decided.append(replace(decided[-1], conversation=conversation))
            continue
        desks, open_desk = desk.look(question.situation)
        try:
            answer = question.ask(open_desk)
        except MoveOnError:
            break
        decided.append(_Decided(conversation, question, answer, desks))
        desk.give(answer, now=now)
    return decided


def _is_as_hopeless(question: Question, last: _Decided) -> bool:
    """Say whether it waits for the very people of whom the one before could have nobody.

    Who let it lapse is no matter: even they would be asked before nobody is.
    """
    return last.answer.user_id is None and question.targets == last.question.targets


class _MovingDesk:
    """One desk as each decision leaves it to the next. Its row is locked."""

    def __init__(self, desk: Desk) -> None:
        self.whole = desk

    def look(self, situation: Situation) -> tuple[dict[Target, Desk], OpenDesk]:
        """Return what the next decision sees of it, and the way to open it: no other can be."""
        is_told_whole = len(self.whole.candidates) <= _MOST_TOLD
        desk = self.whole if is_told_whole else foremost(self.whole, situation, count=SHORT)

        def open_desk(target: Target) -> Desk:
            if target != desk.target:
                raise MoveOnError
            return desk

        return {desk.target: desk}, open_desk

    def give(self, answer: Answer, *, now: datetime) -> None:
        """Count one conversation more for whom the answer names, and move the circle on."""
        if answer.user_id is None:
            return
        people = tuple(
            _with_one_more(each, now=now) if each.user_id == answer.user_id else each
            for each in self.whole.candidates
        )
        cursor = self.whole.cursor_user_id if answer.cursor is None else answer.user_id
        self.whole = replace(self.whole, candidates=people, cursor_user_id=cursor)


def _with_one_more(person: Candidate, *, now: datetime) -> Candidate:
    return replace(person, load=person.load + 1, last_assigned_at=now)


def _write(decided: Sequence[_Decided], *, now: datetime) -> None:
    """Change the owners, store every decision, and put off what nobody can take."""
    nobody = [each.conversation for each in decided if each.answer.user_id is None]
    decisions.look_again_later(*nobody, now=now)
    placed = [each for each in decided if each.answer.user_id is not None]
    if not placed:
        return
    public_ids = [new_public_id() for _ in placed]
    given = assignments.give_many(
        [
            (each.conversation, _owner(each, public_id=public_id, now=now))
            for each, public_id in zip(placed, public_ids, strict=True)
        ],
        actor=Actor.system(),
        now=now,
    )
    last = placed[-1]
    decisions.move_cursor(last.answer, last.desks)
    decisions.store(
        decisions.build(
            each.conversation,
            public_id=public_id,
            assignment=assignment,
            question=each.question,
            answer=each.answer,
            desks=each.desks,
        )
        for each, public_id, assignment in zip(placed, public_ids, given, strict=True)
    )


def _owner(decided: _Decided, *, public_id: uuid.UUID, now: datetime) -> Ownership:
    return decisions.owner_of(
        decided.conversation,
        question=decided.question,
        answer=decided.answer,
        desks=decided.desks,
        decision_id=public_id,
        now=now,
    )
