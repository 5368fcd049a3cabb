"""Making stored decisions again, to see whether they still come out as they did."""

from collections.abc import Iterable

from routing import loaders
from routing.engine import serial
from routing.engine.facts import Answer, Trigger
from routing.engine.replay import replay
from routing.models import Decision


def again(decision: Decision) -> Answer:
    """Return what the engine answers today to what the decision knew then."""
    return replay(
        serial.facts_from_json(decision.facts),
        trigger=Trigger(decision.trigger),
        rules=loaders.load_rules(decision.rule_set_version),
    )


def differs(decision: Decision) -> bool:
    """Return whether somebody else would get the conversation today, or for another reason."""
    answer = again(decision)
    if serial.answer_to_json(answer) != decision.answer:
        return True
    return bool(serial.steps_to_json(answer.steps) != decision.steps)


def find_different(decisions: Iterable[Decision]) -> tuple[int, list[Decision]]:
    """Return how many decisions there are, and those that come out differently."""
    count, different = 0, []
    for decision in decisions:
        count += 1
        if differs(decision):
            different.append(decision)
    return count, different
