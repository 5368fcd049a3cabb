"""How owners, decisions and rules look from outside."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Model
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from channels.api.serializers import ChannelBrief
from channels.models import Channel
from conversations.api.serializers import BlankAsNull
from conversations.models import Assignment
from routing.engine import serial
from routing.engine.facts import Answer, Trigger
from routing.models import AiAgent, Condition, Decision, Flow, Rule
from routing.rendering import RenderedDecision, render_answer, render_decision
from teams.api.fields import Instant, PublicId, Text, Whole
from teams.api.public_ids import PEOPLE_AND_TEAMS, Tables, with_public_ids
from teams.api.serializers import Out, PersonBrief, TeamBrief

_TABLES: Tables = {**PEOPLE_AND_TEAMS, "rule_id": Rule, "channel_id": Channel, "ai_id": AiAgent}


class StretchOut(serializers.Serializer[Any]):
    """One stretch of ownership."""

    type = Text(source="kind")
    team = TeamBrief(allow_null=True)
    member = PersonBrief(source="user", allow_null=True)
    actor = PersonBrief(allow_null=True)
    started_at = Instant()
    ended_at = Instant(allow_null=True)
    end_reason = serializers.SerializerMethodField()
    decision_id = serializers.SerializerMethodField()

    @extend_schema_field(Text(allow_null=True))
    def get_end_reason(self, stretch: Assignment) -> str | None:
        return stretch.end_reason or None

    @extend_schema_field(PublicId(allow_null=True))
    def get_decision_id(self, stretch: Assignment) -> str | None:
        decision = getattr(stretch, "decision", None)
        return str(decision.public_id) if decision else None


class ConditionOut(serializers.Serializer[Condition]):
    """One condition; those of one `group` count as one."""

    field = Text()
    operator = Text()
    value = Text()
    group = BlankAsNull()


class AiAgentBrief(serializers.Serializer[AiAgent]):
    id = PublicId(source="public_id")
    name = Text()


class AiAgentOut(Out):
    """An AI agent. `conversation_count`: how many it has now. Its key is never shown.

    Amounts of money are decimal numbers as text, in `currency`; prices are per million tokens.
    """

    id = PublicId(source="public_id")
    channels = serializers.SerializerMethodField()
    languages = serializers.ListField(child=Text())
    handover_words = serializers.ListField(child=Text())
    allowed_tags = serializers.ListField(child=Text())
    tokens_per_day = serializers.IntegerField(allow_null=True)
    spent_today = serializers.DecimalField(max_digits=18, decimal_places=8)
    spent_this_month = serializers.DecimalField(max_digits=18, decimal_places=8)
    conversation_count = Whole(source="held_count")
    checked_at = Instant(allow_null=True)

    class Meta:
        model = AiAgent
        fields = (
            "id",
            "name",
            "kind",
            "is_running",
            "channels",
            "languages",
            "base_url",
            "model",
            "handover_words",
            "handover_text",
            "allowed_tags",
            "max_turns",
            "timeout_s",
            "messages_per_hour",
            "tokens_per_day",
            "currency",
            "price_in",
            "price_out",
            "budget_per_day",
            "budget_per_month",
            "spent_today",
            "spent_this_month",
            "conversation_count",
            "checked_at",
            "check_error",
        )

    @extend_schema_field(ChannelBrief(many=True))
    def get_channels(self, agent: AiAgent) -> list[dict[str, Any]]:
        """Return the channels that it serves, in the order of its place there."""
        return [dict(ChannelBrief(link.channel).data) for link in agent.links.all()]


class FlowBrief(serializers.Serializer[Flow]):
    id = PublicId(source="public_id")
    name = Text()


class RuleOut(Out):
    """A rule as it is edited. Of the last seven days: `hits` are decisions that it made, `moved`
    those after which somebody gave the conversation to another team."""

    id = PublicId(source="public_id")
    hits = Whole()
    moved = Whole()
    last_hit_at = Instant(allow_null=True)
    conditions = ConditionOut(many=True)
    channels = ChannelBrief(many=True)
    team = TeamBrief(allow_null=True)
    person = PersonBrief(allow_null=True)
    ai_agent = AiAgentBrief(allow_null=True)
    flow = FlowBrief(allow_null=True)
    add_tags = serializers.ListField(child=Text())

    class Meta:
        model = Rule
        fields = (
            "id",
            "name",
            "position",
            "is_active",
            "match",
            "conditions",
            "channels",
            "team",
            "person",
            "ai_agent",
            "flow",
            "add_tags",
            "set_priority",
            "pins_contact",
            "note",
            "hits",
            "moved",
            "last_hit_at",
        )


class DetailOut(serializers.Serializer[Any]):
    outcome = Text()
    text = Text()


class StepOut(serializers.Serializer[Any]):
    """One step of a decision: code and facts for programs, text for people."""

    seq = Whole()
    stage = Text()
    outcome = Text()
    code = Text()
    facts = serializers.DictField()
    text = Text()
    details = DetailOut(many=True)


class DecisionOut(serializers.Serializer[Any]):
    """Why a conversation went where it went. Without an id, it is stored nowhere."""

    # `show_decisions` and `show_answer` fill it in.

    id = PublicId(allow_null=True)
    trigger = Text()
    outcome = Text()
    decided_at = Instant()
    heading = Text()
    explanation = StepOut(many=True)


class LatestDecisionOut(DecisionOut):
    """Why the conversation is where it is. `as_of_now`: why it still waits, at this instant."""

    conversation_id = PublicId()
    as_of_now = DecisionOut(allow_null=True)


class AssignmentOut(serializers.Serializer[Any]):
    """Who has a conversation, who had it (latest first), and the latest decision.

    `as_of_now`: why it still waits, at this instant; null if it does not.
    """

    conversation_id = PublicId()
    status = Text()
    version = Whole()
    type = Text(allow_null=True)
    team = TeamBrief(allow_null=True)
    member = PersonBrief(allow_null=True)
    assigned_at = Instant(allow_null=True)
    permanent_agent = PersonBrief(allow_null=True)
    history = StretchOut(many=True)
    decision = DecisionOut(allow_null=True)
    as_of_now = DecisionOut(allow_null=True)


def show_decisions(
    decisions: list[Decision], *, known: Iterable[Model] = ()
) -> list[dict[str, Any]]:
    """Return decisions with their explanation: codes and facts for programs, text for people."""
    steps_of = (decision.steps for decision in decisions)
    facts = with_public_ids(steps_of, tables=_TABLES, known=known)
    return [_show(decision, steps=steps) for decision, steps in zip(decisions, facts, strict=True)]


def show_decision(
    decision: Decision | None, *, known: Iterable[Model] = ()
) -> dict[str, Any] | None:
    return None if decision is None else show_decisions([decision], known=known)[0]


def show_answer(answer: Answer | None, *, trigger: Trigger, now: datetime) -> dict[str, Any] | None:
    """Return an answer of the engine that is not stored, in the shape of a decision."""
    if answer is None:
        return None
    (steps,) = with_public_ids([serial.steps_to_json(answer.steps)], tables=_TABLES)
    return {
        "id": None,
        "trigger": trigger,
        "outcome": answer.outcome,
        "decided_at": Instant().to_representation(now),
        **_show_steps(steps, render_answer(answer)),
    }


def _show(decision: Decision, *, steps: list[dict[str, Any]]) -> dict[str, Any]:
    """Return one decision; its sentences are in the language of the request."""
    return {
        "id": str(decision.public_id),
        "trigger": decision.trigger,
        "outcome": decision.outcome,
        "decided_at": Instant().to_representation(decision.decided_at),
        **_show_steps(steps, render_decision(decision)),
    }


def _show_steps(steps: list[dict[str, Any]], rendered: RenderedDecision) -> dict[str, Any]:
    return {
        "heading": rendered.heading,
        "explanation": [
            {
                "seq": sentence.seq,
                "stage": step["stage"],
                "outcome": step["outcome"],
                "code": step["code"],
                "facts": step["facts"],
                "text": sentence.text,
                "details": [
                    {"outcome": detail.outcome, "text": detail.text} for detail in sentence.details
                ],
            }
            for step, sentence in zip(steps, rendered.steps, strict=True)
        ],
    }
