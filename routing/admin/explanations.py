"""Why a conversation is whose it is: every decision, latest first, and how things are now."""

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from conversations.models import Conversation
from conversations.states import OPEN
from routing.engine import serial
from routing.engine.facts import Answer, Outcome, Step
from routing.models import Decision, ReplayBasis
from routing.rendering import RenderedDecision, render_answer, render_decision
from routing.services import preview, then_and_now

MOST_DECISIONS = 10


def explain_owner(conversation: Conversation, *, now: datetime) -> list[RenderedDecision]:
    """Return what was decided last and before; first, where nobody has it, why that is so now."""
    rows = Decision.objects.filter(conversation=conversation).order_by("-pk")[:MOST_DECISIONS]
    decisions = [render_decision(decision) for decision in rows]
    if _was_left_alone(conversation, last=rows[0] if rows else None):
        return [_explain_unassigning(conversation), *decisions]
    fresh = _why_waiting_now(conversation, known=decisions, now=now)
    return [fresh, *decisions] if fresh else decisions


def _was_left_alone(conversation: Conversation, *, last: Decision | None) -> bool:
    """Say whether somebody was chosen and has it no more: taking it away is not a decision."""
    if last is None or last.answer["user_id"] is None or conversation.assignee_id is not None:
        return False
    return conversation.status in OPEN and conversation.routing_due_at is None


def _explain_unassigning(conversation: Conversation) -> RenderedDecision:
    event = conversation.events.filter(type="conversation.unassigned").order_by("-pk").first()
    facts = {"actor": "", "reason": ""}
    if event is not None:
        facts = {"actor": event.actor_label, "reason": event.data.get("note", "")}
    steps = (
        Step("manual", "noted", "unassigned", facts),
        Step("people", "attention", "queued", _desk_of(conversation)),
    )
    answer = Answer(Outcome.WAITING, steps)
    return render_answer(answer, decided_at=event.occurred_at if event else None)


def _why_waiting_now(
    conversation: Conversation, *, known: list[RenderedDecision], now: datetime
) -> RenderedDecision | None:
    """Return why it waits at this instant, unless what was stored last says the same."""
    answer = preview.why_waiting(conversation, now=now)
    if answer is None or answer.outcome is not Outcome.WAITING:
        return None
    fresh = render_answer(answer, decided_at=now)
    said = [step.text for step in known[0].steps] if known else []
    new = [step.text for step in fresh.steps]
    return None if said[-len(new) :] == new else fresh


def _desk_of(conversation: Conversation) -> dict[str, Any]:
    team = conversation.team
    return {"team_id": team.pk if team else None, "desk": str(team or conversation.channel)}


def replay_url(conversation: Conversation) -> str:
    """Return the address of the tester with what the customer wrote; blank if nobody decided."""
    decision = then_and_now.latest_inbound(conversation)
    if decision is None:
        return ""
    situation = serial.facts_from_json(decision.facts).situation
    at = timezone.localtime(situation.at)
    case: dict[str, str | int] = {
        "channel": situation.channel_id,
        "contact": f"#{conversation.contact_id}",
        "text": situation.text,
        "type": next(iter(situation.message_types), "text"),
        "at": at.strftime("%Y-%m-%dT%H:%M:%S"),
        "rules": ReplayBasis.PUBLISHED,
        "then": str(decision.public_id),
    }
    return f"{reverse('admin:routing_rule_test')}?{urlencode(case)}"
