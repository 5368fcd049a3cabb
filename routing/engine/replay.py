"""Making a stored decision again, with the very functions that made it. Pure."""

from collections.abc import Sequence

from routing.engine.calls import decide_callback
from routing.engine.decide import (
    decide,
    decide_flow,
    decide_handover,
    decide_named,
    decide_offline,
    decide_reassignment,
    decide_reopened,
    decide_waiting,
)
from routing.engine.facts import Answer, RuleSpec, Trigger
from routing.engine.serial import StoredFacts

#: What is asked about the targets that were named.
_BY_TARGETS = {
    Trigger.WAITING: decide_waiting,
    Trigger.FLOW: decide_flow,
    Trigger.MANUAL: decide_named,
    Trigger.CALLBACK: decide_callback,
}


def replay(
    facts: StoredFacts, *, trigger: Trigger, rules: Sequence[RuleSpec] | None = None
) -> Answer:
    """Return the answer that these facts give.

    `rules` are those of the decision's version; None takes the ones that the facts carry. Raises
    `KeyError` if other rules lead to a desk that the decision did not open.
    """
    open_desk = facts.desks.__getitem__
    situation, targets = facts.situation, facts.targets
    known = facts.rules if rules is None else rules
    match trigger:
        case Trigger.INBOUND:
            return decide(situation, rules=known, open_desk=open_desk)
        case Trigger.REOPENED:
            return decide_reopened(situation, rules=known, open_desk=open_desk)
        case Trigger.REASSIGN:
            return decide_reassignment(situation, target=targets[0], open_desk=open_desk)
        case Trigger.OFFLINE:
            return decide_offline(situation, target=targets[0], open_desk=open_desk)
        case Trigger.HANDOVER:
            return decide_handover(situation, open_desk=open_desk)
        case Trigger.WAITING | Trigger.FLOW | Trigger.MANUAL | Trigger.CALLBACK:
            answer = _BY_TARGETS[trigger]
            return answer(situation, targets=targets, open_desk=open_desk)
