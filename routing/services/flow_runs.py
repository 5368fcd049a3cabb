"""Flows go on here: one event of one run at a time, all of it in one transaction.

What is due stands in rows: a run's own time, a customer who wrote to a bot, a conversation that a
bot has left. A step's messages, tags and owners are written with the step itself, so each happens
once or not at all, whatever dies in between.
"""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from conversations.actors import Actor
from conversations.models import Conversation, Message
from conversations.models.message import Direction
from conversations.services import lifecycle
from conversations.states import Status
from routing import flow_scenes
from routing.engine.flow.documents import parse
from routing.engine.flow.progress import Ending, Happened, Walked
from routing.engine.flow.walk import walk
from routing.models import FlowRun, RunProblem, RunStatus
from routing.services import flow_effects, flow_ends, flow_handovers
from teams.services import sweeps

logger = logging.getLogger(__name__)

#: Tries in a row that broke off; then people go on.
MOST_FAILURES = 5
_RETRY = timedelta(seconds=30)


def run_next(*, now: datetime) -> bool:
    """Do one event of one flow; say whether there was one.

    1. A customer wrote. 2. A run's time has come: it begins, its delay is over, or nobody answered.
    3. A bot has a conversation no more: whatever runs there ends.
    """
    return (
        _go_on_with(_written_to(now), now=now)
        or _go_on_with(_due(now), now=now)
        or _let_go_next(now=now)
    )


def stop(run: FlowRun, *, actor: Actor, now: datetime) -> bool:
    """Stop a run, and let people have its conversation; say whether it was going on.

    Whoever the flow has named by now gets it, else the channel's agents.
    """
    with transaction.atomic():
        conversation = _locked().get(pk=run.conversation_id)
        run = FlowRun.objects.select_related("flow", "version").get(pk=run.pk)
        run.conversation = conversation
        stopped = flow_ends.end(
            run, status=RunStatus.CANCELED, problem=RunProblem.STOPPED, actor=actor, now=now
        )
        if stopped and conversation.status == Status.BOT:
            flow_handovers.hand_over(
                run, conversation=conversation, status=RunStatus.CANCELED, now=now
            )
            _forget_leaving(conversation)
    return stopped


def _written_to(now: datetime) -> QuerySet[Conversation]:
    """Return conversations in which a customer wrote what their flow has not read."""
    live = FlowRun.objects.filter(_may_be_tried(now), conversation=OuterRef("pk"), ended_at=None)
    rows = Conversation.objects.filter(status=Status.BOT, waiting_since__lte=now)
    return rows.filter(Exists(live)).order_by("waiting_since", "pk")


def _due(now: datetime) -> QuerySet[Conversation]:
    runs = FlowRun.objects.filter(_may_be_tried(now), due_at__lte=now)
    first = runs.order_by("due_at", "pk").values("conversation")[:_AT_ONCE]
    return Conversation.objects.filter(pk__in=first).order_by("pk")


#: Of so many that are due, each worker takes one that no other has.
_AT_ONCE = 50


def _may_be_tried(now: datetime) -> Q:
    return Q(retry_at=None) | Q(retry_at__lte=now)


def _locked() -> QuerySet[Conversation]:
    rows: QuerySet[Conversation] = Conversation.objects.select_for_update(of=("self",))
    return rows.select_related("channel", "contact", "identity")


def _go_on_with(due: QuerySet[Conversation], *, now: datetime) -> bool:
    """Lock the first of these conversations and do one event of its flow.

    If that breaks off it is undone, and tried again later; in the end people go on.
    """
    with transaction.atomic():
        rows = due.select_for_update(of=("self",), skip_locked=True)
        conversation = rows.select_related("channel", "contact", "identity").first()
        if conversation is None:
            return False
        for run in flow_ends.live_in(conversation):
            run.conversation = conversation
            try:
                with transaction.atomic():
                    _go_on(run, conversation, now=now)
            except Exception:
                logger.exception("Flow run %s broke off at %r.", run.pk, run.step)
                _put_off(run, now=now)
    return True


def _put_off(run: FlowRun, *, now: datetime) -> None:
    """Try again later; after several times in a row let people go on, and route them apart."""
    failures = run.failures + 1
    if failures < MOST_FAILURES:
        FlowRun.objects.filter(pk=run.pk).update(failures=failures, retry_at=now + _RETRY)
        return
    conversation = _locked().get(pk=run.conversation_id)
    run.refresh_from_db()
    flow_ends.end(run, status=RunStatus.FAILED, problem=RunProblem.ERROR, now=now)
    if conversation.status == Status.BOT:
        # It is due for routing now: the sweep decides, and says so if that is what fails.
        data = {"flow": str(run.flow.public_id), "run": str(run.public_id), "reason": "failed"}
        actor = Actor.flow(run.flow.name)
        lifecycle.hand_to_people(conversation, actor=actor, now=now, event_data=data)


def _go_on(run: FlowRun, conversation: Conversation, *, now: datetime) -> None:
    if conversation.status != Status.BOT:
        reason = flow_ends.reason_now(conversation)
        flow_ends.end(run, status=RunStatus.CANCELED, problem=reason, now=now)
        return
    happened, up_to = _what_happened(run, conversation, now=now)
    if happened is None:
        _rest(run, conversation, up_to=up_to)
        return
    spec = parse(run.version.document)
    scene = flow_scenes.load(run, spec=spec, conversation=conversation, up_to=up_to, now=now)
    walked = walk(spec, state=flow_scenes.state_of(run), happened=happened, scene=scene)
    if walked is None:
        _rest(run, conversation, up_to=up_to)
        return
    flow_effects.record(run, walked, up_to=up_to, now=now)
    flow_effects.apply(run, conversation, walked, now=now)
    _rest(run, conversation, up_to=up_to)
    if walked.ending is not None:
        _finish(run, conversation, walked, now=now)
    flow_effects.apply_to_contact(run, conversation, walked, now=now)


def _what_happened(
    run: FlowRun, conversation: Conversation, *, now: datetime
) -> tuple[Happened | None, int]:
    """Return what moves the run on, and up to which message of the conversation it has read."""
    if run.status == RunStatus.RUNNING:
        return Happened.BEGAN, run.seen_sequence
    unread = _unread(conversation, after=run.seen_sequence)
    first = unread.values_list("sequence", flat=True).first()
    if first is not None:
        return Happened.WROTE, first
    if run.due_at is not None and run.due_at <= now:
        return Happened.TIME_PASSED, run.seen_sequence
    return None, run.seen_sequence


def _unread(conversation: Conversation, *, after: int) -> QuerySet[Message]:
    theirs = Message.objects.filter(
        conversation=conversation, direction=Direction.INBOUND, sequence__gt=after
    )
    return theirs.order_by("sequence")


def _rest(run: FlowRun, conversation: Conversation, *, up_to: int) -> None:
    """Note how far the flow has read: the customer waits for it only with what came later."""
    unread = _unread(conversation, after=up_to)
    waiting = unread.values_list("created_at", flat=True).first()
    Conversation.objects.filter(pk=conversation.pk).update(waiting_since=waiting)
    FlowRun.objects.filter(pk=run.pk).update(seen_sequence=up_to, failures=0, retry_at=None)
    conversation.refresh_from_db()


def _finish(run: FlowRun, conversation: Conversation, walked: Walked, *, now: datetime) -> None:
    """Leave the conversation to whom the flow named; to nobody: close it.

    A customer who wrote more than the flow read is not closed upon.
    """
    status = RunStatus(walked.ending or Ending.COMPLETED)
    problem, goal = walked.problem, walked.state.goal
    if goal is None and conversation.waiting_since is None:
        flow_ends.end(run, status=status, problem=problem, now=now)
        actor = Actor.flow(run.flow.name)
        lifecycle.finish(conversation, actor=actor, because="flow", now=now)
    elif goal is not None and goal.kind == "ai":
        flow_ends.end(run, status=status, problem=problem, now=now)
        flow_handovers.hand_over(run, conversation=conversation, status=status, now=now)
    else:
        handed = flow_handovers.hand_over(run, conversation=conversation, status=status, now=now)
        flow_ends.end(run, status=status, problem=problem or handed.warning, now=now)
    _forget_leaving(conversation)


def _forget_leaving(conversation: Conversation) -> None:
    """Take back the mark that a bot has left: what ran here has ended already."""
    Conversation.objects.filter(pk=conversation.pk).update(bot_left_at=None)


def _let_go_next(*, now: datetime) -> bool:
    """End what runs in one conversation that a bot has no more; say whether there was one."""
    left = Conversation.objects.filter(bot_left_at__lte=now).order_by("bot_left_at", "pk")
    return sweeps.do_next(
        left, mark="bot_left_at", work=lambda found: _let_go(found, now=now), now=now
    )


def _let_go(conversation: Conversation, *, now: datetime) -> None:
    if conversation.status != Status.BOT:
        reason = flow_ends.reason_now(conversation)
        flow_ends.cancel_all(conversation, reason=reason, now=now)
    _forget_leaving(conversation)
