"""A decision that was made, beside what rules would answer to the same facts today."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ObjectDoesNotExist

from conversations.models import Conversation
from routing.desk_book import ReadOnlyDesks
from routing.engine import serial
from routing.engine.facts import Answer, RuleSpec, Situation, Trigger
from routing.engine.tally import place_of
from routing.models import Decision
from routing.services.rule_replays import decide_again


@dataclass(frozen=True, slots=True)
class Comparison:
    """`again` is what the rules say to the facts of then; None where a desk is gone.

    `has_guessed`: it had to look at a desk that the decision did not know, as it is now.
    """

    decision: Decision
    situation: Situation
    then: Answer
    again: Answer | None
    has_guessed: bool = False

    @property
    def has_moved(self) -> bool:
        """Whether it would go to another place, or to somebody else there."""
        if self.again is None:
            return True
        channel = self.situation.channel_id
        if place_of(self.then, channel_id=channel) != place_of(self.again, channel_id=channel):
            return True
        return self.then.user_id != self.again.user_id


def latest_inbound(conversation: Conversation) -> Decision | None:
    """Return the last decision that a customer's message asked for."""
    inbound = Decision.objects.filter(conversation=conversation, trigger=Trigger.INBOUND)
    return inbound.order_by("-pk").first()


def compare(decision: Decision, *, rules: Sequence[RuleSpec], now: datetime) -> Comparison:
    """Return what was decided, and what these rules would have decided. Nothing is written."""
    facts = serial.facts_from_json(decision.facts)
    then = serial.answer_from_json(decision.answer, steps=decision.steps)
    try:
        again, has_guessed = decide_again(facts, rules=rules, desks=ReadOnlyDesks(at=now))
    except (ValueError, ObjectDoesNotExist):
        return Comparison(decision, facts.situation, then, None)
    return Comparison(decision, facts.situation, then, again, has_guessed)
