"""What a decision costs in rules: the engine beside a bare loop that explains nothing.

    python benchmarks/rules.py

Processor time of one decision in which no rule matches, for 100, 1,000 and 10,000 rules of three
conditions: a text of two words, a tag, a property. The bare loop compares the same folded values
and keeps no reason. No database.
"""

import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from routing.engine.decide import decide
from routing.engine.facts import (
    ConditionSpec,
    Desk,
    RuleSpec,
    Situation,
    Strategy,
    Target,
    TargetKind,
)
from routing.engine.text import fold

CHANNEL, TEAM = Target(TargetKind.CHANNEL, 1), Target(TargetKind.TEAM, 2)
DESKS = {CHANNEL: Desk(CHANNEL, "WhatsApp", Strategy.CONCURRENT_LOAD, ())}
SITUATION = Situation(
    at=datetime(2026, 11, 18, 9, 0, tzinfo=UTC),
    zone="Asia/Tokyo",
    channel_id=1,
    channel_name="WhatsApp",
    text="Hello, where is my order? It was to come on Tuesday. " * 2,
    contact_tags=("new", "tokyo"),
    contact_attributes={"plan": "silver"},
)
SIZES = (100, 1_000, 10_000)
ROUNDS = 21


def main() -> None:
    print(
        f"{'rules':>6} {'decision ms':>12} {'bare loop ms':>13} {'ratio':>6} {'ns a condition':>15}"
    )
    for size in SIZES:
        rules = tuple(map(_rule, range(size)))
        engine = _time(lambda: decide(SITUATION, rules=rules, open_desk=DESKS.__getitem__))  # noqa: B023
        bare = _time(_bare(size))
        per_condition = engine / size / 3 * 1e6
        print(
            f"{size:>6} {engine:>12.2f} {bare:>13.2f} {engine / bare:>6.1f} {per_condition:>15.0f}"
        )


def _rule(number: int) -> RuleSpec:
    conditions = (
        ConditionSpec("message.text", "contains", f"refund{number}, 返金{number}"),
        ConditionSpec("contact.tag", "in", f"vip{number}"),
        ConditionSpec("contact.attribute.plan", "equals", f"gold{number}"),
    )
    return RuleSpec(number, f"Rule {number}", TEAM, "any", conditions)


def _bare(size: int) -> Callable[[], object]:
    """Return the same comparisons as anybody would write them by hand."""
    wanted = [((f"refund{n}", f"返金{n}"), f"vip{n}", f"gold{n}") for n in range(size)]
    tags = frozenset(SITUATION.contact_tags)
    plan = SITUATION.contact_attributes["plan"]

    def loop() -> int | None:
        text = fold(SITUATION.text)
        for number, (words, tag, value) in enumerate(wanted):
            if any(word in text for word in words) or tag in tags or plan == value:
                return number
        return None

    return loop


def _time(call: Callable[[], object]) -> float:
    """Return the median of the processor time of a call, in milliseconds."""
    call()
    took = []
    for _ in range(ROUNDS):
        started = time.process_time()
        call()
        took.append((time.process_time() - started) * 1000)
    return statistics.median(took)


if __name__ == "__main__":
    main()
