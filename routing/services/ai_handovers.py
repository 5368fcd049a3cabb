"""From an AI agent to people: the note, the words to the customer, and who goes on."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from conversations.actors import Actor
from conversations.models import Conversation, Message
from conversations.models.message import Direction
from conversations.services import bots, lifecycle, replies
from routing.ai.money import Budget
from routing.ai_error_words import explain_error
from routing.ai_money_words import explain_budget
from routing.engine.handovers import HandoverReason
from routing.models import AiRun, RunEnd
from routing.services import ai_holds, assignment

logger = logging.getLogger(__name__)

_LONGEST_QUOTE = 300


@dataclass(frozen=True, slots=True)
class Handover:
    """Why people go on. `has_spoken`: the customer was told something by this very answer.

    `budget` is the one that did not bear another answer, `error` the code of what went wrong.
    """

    reason: HandoverReason
    summary: str = ""
    has_spoken: bool = False
    budget: Budget | None = None
    error: str = ""


def hand_over(run: AiRun, *, conversation: Conversation, handover: Handover, now: datetime) -> None:
    """Give a conversation to people; the AI agent is silent in it from here on.

    1. The hold ends. 2. A note tells colleagues why, and what it is about. 3. The customer is told,
    where a text is set and they may be written to. 4. It opens, and a person is chosen, as the
    channel chooses people. If choosing fails, the conversation keeps its mark and a sweep decides;
    and no note and no words to the customer are worth a customer whom nobody answers.

    The conversation's row must be locked by the caller, with its contact and channel loaded.
    """
    actor = Actor.ai(run.ai_agent.name)
    reason = str(handover.reason)
    ai_holds.end(run, reason=RunEnd(reason), now=now)
    with _spared("Noting why conversation %s was handed over failed.", conversation):
        bots.add_note(
            conversation, body=_note(run, conversation, handover=handover), actor=actor, now=now
        )
    with _spared("Telling the customer of conversation %s failed.", conversation):
        _tell(run, conversation, handover=handover, now=now)
    data = {"reason": reason, "ai_agent": str(run.ai_agent.public_id)}
    lifecycle.hand_to_people(conversation, actor=actor, now=now, event_data=data)
    conversation.refresh_from_db()
    with _spared("Routing conversation %s to people failed.", conversation):
        assignment.route_to_people(conversation, name=run.ai_agent.name, reason=reason, now=now)


@contextmanager
def _spared(complaint: str, conversation: Conversation) -> Iterator[None]:
    """Let a part fail alone: what it wrote is undone, and the hand-over goes on."""
    try:
        with transaction.atomic():
            yield
    except Exception:
        logger.exception(complaint, conversation.pk)


def _tell(run: AiRun, conversation: Conversation, *, handover: Handover, now: datetime) -> None:
    text = run.ai_agent.handover_text.strip()
    if not text or handover.has_spoken or replies.reason_not_to_reply(conversation, now=now):
        return
    actor = Actor.ai(run.ai_agent.name)
    up_to = conversation.message_count
    bots.queue_text(conversation, body=text, answers_up_to=up_to, actor=actor, now=now)


def _note(run: AiRun, conversation: Conversation, *, handover: Handover) -> str:
    """Write the note in the house's own language; what was said is quoted as it was said."""
    with translation.override(settings.LANGUAGE_CODE):
        lines = [
            _("Handed over by AI agent %(name)s.") % {"name": run.ai_agent.name},
            _("Reason: %(reason)s") % {"reason": RunEnd(handover.reason).label},
            _("Answers given: %(number)d") % {"number": run.turns},
        ]
        if handover.error:
            lines.append(str(explain_error(handover.error)))
        if handover.budget is not None:
            lines.append(str(explain_budget(handover.budget, currency=run.ai_agent.currency)))
        if handover.summary:
            lines.append(_("Summary: %(text)s") % {"text": handover.summary})
        last = _last_words(conversation)
        if last:
            lines.append(_("The customer wrote last: %(text)s") % {"text": last})
    return "\n".join(lines)


def _last_words(conversation: Conversation) -> str:
    theirs = Message.objects.filter(conversation=conversation, direction=Direction.INBOUND)
    text = theirs.order_by("-sequence").values_list("body", flat=True).first() or ""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_QUOTE else f"{line[:_LONGEST_QUOTE]}…"
