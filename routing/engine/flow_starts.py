"""Which flow a message starts, and what one did, as steps of an explanation. Pure."""

from typing import NamedTuple

from routing.engine.facts import FlowStart, Situation, Step
from routing.engine.flow.specs import Trigger
from routing.engine.text import fold

#: Flows that want certain words come before those that do not: the whole text, then a part of it.
_RANK = {Trigger.EQUALS: 0, Trigger.CONTAINS: 1}
_LAST = 2


class Started(NamedTuple):
    """A flow that a message starts, and the word that did it; blank where none is needed."""

    start: FlowStart
    word: str


def find_started(situation: Situation) -> list[Started]:
    """Return the flows that the message would start, in the order in which they are tried.

    First those whose words are the whole text, then those whose words are in it, then the others;
    within each as they are ordered.
    """
    text = fold(situation.text)
    found = [
        (_RANK.get(Trigger(start.trigger), _LAST), Started(start, word))
        for start in situation.flows
        if (word := _word_for(start, situation, text)) is not None
    ]
    return [started for _rank, started in sorted(found, key=lambda each: each[0])]


def retrace(situation: Situation) -> list[Step]:
    """Return what a flow did before it gave the conversation away, and how it ended."""
    steps = [
        Step("flow", "noted", f"{each['kind']}_{each['outcome']}", dict(each["facts"]))
        for each in situation.flow_log
    ]
    outcome = "noted" if situation.reason == "completed" else "attention"
    ended = Step("flow", outcome, f"ended_{situation.reason}", {"flow": situation.asked_by})
    return [*steps, ended]


def _word_for(start: FlowStart, situation: Situation, text: str) -> str | None:
    """Return the word by which the message starts a flow, blank without one; None: it does not."""
    if start.channel_ids and situation.channel_id not in start.channel_ids:
        return None
    match Trigger(start.trigger):
        case Trigger.EQUALS:
            return next((word for word in start.words if fold(word) == text), None)
        case Trigger.CONTAINS:
            return next((word for word in start.words if fold(word) in text), None)
        case Trigger.ANY_MESSAGE:
            return ""
        case Trigger.FIRST_MESSAGE:
            return "" if situation.is_new_contact else None
        case Trigger.OUTSIDE_HOURS:
            return None if situation.is_open else ""
    return None
