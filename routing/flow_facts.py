"""What a decision is to know of flows: which could start, and whether one may."""

from collections.abc import Sequence
from dataclasses import replace

from conversations.models import Conversation
from routing.engine.facts import FlowStart, RuleSpec, Situation, TargetKind
from routing.models import Flow, FlowRun, RunProblem, RunStatus

#: People had the conversation since: no flow starts in it again.
SILENCING = (RunProblem.TAKEN, RunProblem.SNOOZED)


def add_flows(
    situation: Situation,
    *,
    conversation: Conversation,
    rules: Sequence[RuleSpec],
    starts: tuple[FlowStart, ...],
) -> Situation:
    """Return the facts with what is to be known of flows, where one could start at all."""
    if not starts and not any(rule.target.kind is TargetKind.FLOW for rule in rules):
        return situation
    # Whatever ends a flow's part gives the conversation another version.
    is_fresh = situation.is_new_contact or conversation.version == 1
    taken = FlowRun.objects.filter(
        conversation=conversation, status=RunStatus.CANCELED, problem__in=SILENCING
    )
    return replace(situation, flows=starts, is_flow_silent=not is_fresh and taken.exists())


def draft_flow_starts() -> tuple[FlowStart, ...]:
    """Return what starts the flows that are on, in their order, as the next version has it."""
    flows = Flow.objects.filter(is_active=True).select_related("published")
    return tuple(
        FlowStart(
            id=flow.pk,
            name=flow.name,
            trigger=flow.published.trigger,
            words=tuple(flow.published.words),
            channel_ids=tuple(flow.published.channel_ids),
        )
        for flow in flows.order_by("position", "pk")
        if flow.published is not None
    )
