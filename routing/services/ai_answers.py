"""AI agents answer here: claim by lease, look, ask the model, look again, and only then act.

The customer is answered at most once for what they wrote, and never forgotten: a lease that
expires is taken again, and what fails too often goes to people. The model is asked outside any
transaction; before anything is posted the conversation is locked, and must still be the AI agent's.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from conversations.actors import Actor
from conversations.models import Conversation
from conversations.services import bots, events, labels, replies
from conversations.states import Status
from routing.ai import plans, registry
from routing.ai.base import AiError, Question, Thought
from routing.ai.plans import Plan
from routing.engine.handovers import HandoverReason
from routing.models import AiRun, AiTurn, TurnOutcome
from routing.services import ai_briefs, ai_handovers, ai_holds, ai_turns
from routing.services.ai_budgets import BudgetSpentError
from routing.services.ai_handovers import Handover
from routing.services.ai_turns import Claim

logger = logging.getLogger(__name__)

#: How long a worker may hold a conversation: the longest call, with its look-up of names, twice.
LEASE = timedelta(seconds=100)
#: Tries in a row that came to nothing, after which people go on. Each counts when it is claimed, so
#: that a worker which dies at any point has counted.
MOST_FAILURES = 3
#: An answer that the customer overtook by writing on is thought over so often; then it is sent.
MOST_OVERTAKEN = 2
_RETRY_AFTER_S = 5.0
_LONGEST_PAUSE_S = 300.0
_LONGEST_LEASE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the model was asked, and how far it saw."""

    question: Question
    last_sequence: int


def answer_next(*, now: datetime) -> bool:
    """Answer one customer who waits for an AI agent; say whether there was one.

    Whatever is unforeseen costs this conversation one try, and the others nothing.
    """
    claim = _claim_next(now=now)
    if claim is None:
        return False
    try:
        asked = _prepare(claim, now=now)
        if asked is not None:
            _record(claim, asked, result=_think(asked.question), now=claim.later(now))
    except Exception:
        logger.exception("Answering conversation %s failed.", claim.conversation_id)
        _put_off(claim, now=claim.later(now))
    return True


@transaction.atomic
def _claim_next(*, now: datetime) -> Claim | None:
    """Take the next one that is due: its customer waits, or somebody else has it since."""
    free = Q(lease_until=None) | Q(lease_until__lte=now)
    ready = Q(retry_at=None) | Q(retry_at__lte=now)
    waits = Q(conversation__waiting_since__lte=now) | ~Q(conversation__status=Status.BOT)
    run = (
        AiRun.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(free, ready, waits, ended_at=None)
        .order_by("conversation__waiting_since", "pk")
        .first()
    )
    if run is None:
        return None
    AiRun.objects.filter(pk=run.pk).update(
        lease_until=now + _lease(run.failures),
        retry_at=None,
        attempt=F("attempt") + 1,
        failures=F("failures") + 1,
    )
    return Claim(run.pk, run.conversation_id, run.attempt + 1)


def _lease(failures: int) -> timedelta:
    """Return for how long the next claim holds: longer and longer where handing over, too, fails.

    What kills whoever touches it must not kill one worker after the other.
    """
    beyond = min(max(failures - MOST_FAILURES, 0), 10)
    return min(LEASE * (1 << beyond), _LONGEST_LEASE)


@transaction.atomic
def _prepare(claim: Claim, *, now: datetime) -> _Asked | None:
    """Return what the model is asked; None if it is not: it is not its turn, or people go on."""
    conversation, run = _lock(claim)
    if run is None:
        return None
    if conversation.status != Status.BOT:
        ai_holds.end(run, reason=ai_holds.reason_now(conversation), now=now)
        return None
    if conversation.waiting_since is None:
        _release(run, failures=run.failures - 1)
        return None
    ai_turns.note_lost(run)
    if run.failures > MOST_FAILURES:
        logger.warning("Conversation %s: %s tries failed.", conversation.pk, MOST_FAILURES)
        handover = Handover(HandoverReason.ERROR, error=ai_turns.last_error(run))
        ai_handovers.hand_over(run, conversation=conversation, handover=handover, now=now)
        return None
    messages = ai_briefs.load_lines(conversation)
    try:
        question = ai_briefs.question_about(conversation, agent=run.ai_agent, messages=messages)
        reason = _reason_not_to_ask(run, question, conversation=conversation, now=now)
        if reason is None:
            ai_turns.begin(claim, run, question=question, messages=messages, now=now)
            return _Asked(question, messages[-1].sequence if messages else 0)
        handover = Handover(reason)
    except AiError as error:
        handover = Handover(HandoverReason.ERROR, error=error.code)
    except BudgetSpentError as error:
        handover = Handover(HandoverReason.BUDGET, budget=error.budget)
    ai_handovers.hand_over(run, conversation=conversation, handover=handover, now=now)
    return None


def _reason_not_to_ask(
    run: AiRun, question: Question, *, conversation: Conversation, now: datetime
) -> HandoverReason | None:
    agent = run.ai_agent
    if not agent.is_running:
        return HandoverReason.OFF
    if replies.reason_not_to_reply(conversation, now=now):
        return HandoverReason.UNSENDABLE
    if words := plans.reason_not_to_ask(question, words=agent.handover_words):
        return words
    return HandoverReason.TURNS if run.turns >= agent.max_turns else None


def _think(question: Question) -> Thought | AiError:
    """Ask the model, outside any transaction. Whatever is unforeseen is a failure of this try."""
    try:
        return registry.think(question)
    except AiError as error:
        return error
    except Exception:
        logger.exception("An AI agent of kind %s failed.", question.brief.kind)
        return AiError("internal")


@transaction.atomic
def _record(claim: Claim, asked: _Asked, *, result: Thought | AiError, now: datetime) -> None:
    """Act on the answer, unless the conversation is somebody else's by now, or another try's."""
    conversation, run = _lock(claim)
    if run is None:
        ai_turns.note(claim, outcome=TurnOutcome.OVERTAKEN, result=result)
        return
    if conversation.status != Status.BOT:
        ai_turns.note(claim, outcome=TurnOutcome.OVERTAKEN, result=result)
        ai_holds.end(run, reason=ai_holds.reason_now(conversation), now=now)
    elif isinstance(result, AiError):
        _fail(claim, run, conversation=conversation, error=result, now=now)
    elif _is_overtaken(run, asked, conversation=conversation):
        ai_turns.note(claim, outcome=TurnOutcome.OVERTAKEN, result=result)
        _release(run, failures=run.failures - 1, overtaken=run.overtaken + 1)
    else:
        _act(claim, run, conversation=conversation, asked=asked, thought=result, now=now)


def _act(
    claim: Claim,
    run: AiRun,
    *,
    conversation: Conversation,
    asked: _Asked,
    thought: Thought,
    now: datetime,
) -> None:
    """Do what the plan says, on this conversation and on no other."""
    agent, actor = run.ai_agent, Actor.ai(run.ai_agent.name)
    plan = plans.plan(thought, tags=agent.allowed_tags, longest=replies.MAX_BODY_LENGTH)
    reason, message = plan.handover, None
    if not agent.is_running:
        plan, reason = Plan(refused=plan.refused), HandoverReason.OFF
    if plan.tags:
        wanted = [*conversation.tags, *plan.tags]
        conversation.tags = labels.change(conversation, tags=wanted, actor=actor, now=now).tags
    if plan.reply and replies.reason_not_to_reply(conversation, now=now):
        reason = HandoverReason.UNSENDABLE
    elif plan.reply:
        message = bots.queue_text(
            conversation, body=plan.reply, answers_up_to=asked.last_sequence, actor=actor, now=now
        )
        run.turns += 1
    if plan.callback:
        _propose_callback(conversation, plan=plan, actor=actor, now=now)
    outcome = TurnOutcome.HANDED_OVER if reason else TurnOutcome.REPLIED
    ai_turns.note(claim, outcome=outcome, result=thought, plan=plan, message=message)
    _release(run, turns=run.turns, failures=0, overtaken=0)
    if reason:
        handover = Handover(reason, summary=plan.summary, has_spoken=message is not None)
        ai_handovers.hand_over(run, conversation=conversation, handover=handover, now=now)


def _propose_callback(
    conversation: Conversation, *, plan: Plan, actor: Actor, now: datetime
) -> None:
    """Write down that the customer wants to be phoned. A person arranges it, or not."""
    if plan.callback is None:
        return
    events.record(
        "ai.callback_proposed",
        conversation=conversation,
        actor=actor,
        now=now,
        data={"when": plan.callback.when, "note": plan.callback.note},
    )


def _fail(
    claim: Claim, run: AiRun, *, conversation: Conversation, error: AiError, now: datetime
) -> None:
    """Try again in a moment if that may help; else people go on at once."""
    ai_turns.note(claim, outcome=TurnOutcome.FAILED, result=error)
    if error.may_pass and run.failures < MOST_FAILURES:
        pause = error.retry_after_s or _RETRY_AFTER_S * run.failures
        _release(run, retry_at=now + timedelta(seconds=pause))
        return
    handover = Handover(plans.reason_of(error), error=error.code)
    ai_handovers.hand_over(run, conversation=conversation, handover=handover, now=now)


def _is_overtaken(run: AiRun, asked: _Asked, *, conversation: Conversation) -> bool:
    """Say whether anything was said since: then all of it is answered together.

    A customer who never stops writing is answered all the same, by and by.
    """
    messages = ai_briefs.load_lines(conversation)
    newer = [message for message in messages if message.sequence > asked.last_sequence]
    if not newer:
        return False
    only_theirs = all(message.direction == "inbound" for message in newer)
    return not only_theirs or run.overtaken < MOST_OVERTAKEN


def _lock(claim: Claim) -> tuple[Conversation, AiRun | None]:
    """Lock the conversation, then its run; None if this claim does not hold any more."""
    conversation: Conversation = (
        Conversation.objects.select_for_update(of=("self",))
        .select_related("channel", "contact", "identity")
        .get(pk=claim.conversation_id)
    )
    run = (
        AiRun.objects.select_for_update(of=("self",))
        .select_related("ai_agent")
        .filter(pk=claim.run_id, attempt=claim.attempt, ended_at=None)
        .first()
    )
    if run is not None:
        run.conversation = conversation
    return conversation, run


@transaction.atomic
def _put_off(claim: Claim, *, now: datetime) -> None:
    """Let a try rest that failed in our own code; after so many the next hands over, unasked."""
    runs = AiRun.objects.filter(pk=claim.run_id, attempt=claim.attempt, ended_at=None)
    failures = runs.values_list("failures", flat=True).first()
    if failures is None:
        return
    pause = timedelta(seconds=min(_RETRY_AFTER_S * failures, _LONGEST_PAUSE_S))
    runs.update(lease_until=None, retry_at=now + pause)
    turns = AiTurn.objects.filter(run=claim.run_id, attempt=claim.attempt)
    turns.update(outcome=TurnOutcome.FAILED, error="internal")


def _release(run: AiRun, **changes: object) -> None:
    """Give the lease back: the next one who looks may answer."""
    AiRun.objects.filter(pk=run.pk).update(lease_until=None, **changes)
