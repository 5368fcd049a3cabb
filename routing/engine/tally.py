"""Counting where conversations would have gone instead: from where to where, and to whom. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from routing.engine.facts import Answer, Outcome, TargetKind

#: As many conversations as are named for each way that something moved.
MOST_EXAMPLES = 5
#: Stands among the people for somebody of whom nothing is known.
NOBODY_KNOWN = 0


class Place(NamedTuple):
    """Where a conversation went: a team, a person, an AI agent, a flow, or the channel's agents."""

    kind: str
    id: int


def place_of(answer: Answer, *, channel_id: int) -> Place:
    """Return where an answer sends a conversation, whoever of that place gets it."""
    if answer.flow_id is not None:
        return Place(TargetKind.FLOW, answer.flow_id)
    if answer.outcome is Outcome.HELD:
        return Place(TargetKind.AI, answer.ai_agent_id or 0)
    if answer.team_id is not None:
        return Place(TargetKind.TEAM, answer.team_id)
    if answer.user_id is not None and answer.via != "strategy":
        return Place(TargetKind.PERSON, answer.user_id)
    return Place(TargetKind.CHANNEL, channel_id)


@dataclass(slots=True)
class Move:
    """How many went from one place to another, how many of them by guessing, and some of them."""

    count: int = 0
    guessed: int = 0
    examples: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Tally:
    """What a replay has counted so far. Each pair is before and after, by key."""

    moves: dict[tuple[Place, Place], Move] = field(default_factory=dict)
    people: dict[int, list[int]] = field(default_factory=dict)
    rules: dict[int, list[int]] = field(default_factory=dict)
    waiting: list[int] = field(default_factory=lambda: [0, 0])

    def add(
        self, before: Answer, after: Answer, *, channel_id: int, conversation_id: int, guessed: int
    ) -> bool:
        """Count one conversation; say whether it went somewhere else.

        `guessed` is 0 or 1: who would have got it, and whether it would have waited, is then not
        known. It counts as `NOBODY_KNOWN`'s, and not among those that wait.
        """
        for place, answer in enumerate((before, after)):
            user_id = NOBODY_KNOWN if guessed and place else answer.user_id
            if user_id is not None:
                self.people.setdefault(user_id, [0, 0])[place] += 1
            if answer.rule_id is not None:
                self.rules.setdefault(answer.rule_id, [0, 0])[place] += 1
            self.waiting[place] += not guessed and answer.outcome is Outcome.WAITING
        way = (
            place_of(before, channel_id=channel_id),
            place_of(after, channel_id=channel_id),
        )
        if way[0] == way[1]:
            return False
        move = self.moves.setdefault(way, Move())
        move.count += 1
        move.guessed += guessed
        if len(move.examples) < MOST_EXAMPLES:
            move.examples.append(conversation_id)
        return True


def tally_to_json(tally: Tally) -> dict[str, Any]:
    return {
        "moves": [
            [*origin, *goal, move.count, move.guessed, move.examples]
            for (origin, goal), move in tally.moves.items()
        ],
        "people": {str(id): pair for id, pair in tally.people.items()},
        "rules": {str(id): pair for id, pair in tally.rules.items()},
        "waiting": tally.waiting,
    }


def tally_from_json(stored: Mapping[str, Any]) -> Tally:
    if not stored:
        return Tally()
    return Tally(
        moves={
            (Place(*row[:2]), Place(*row[2:4])): Move(row[4], row[5], list(row[6]))
            for row in stored["moves"]
        },
        people={int(id): list(pair) for id, pair in stored["people"].items()},
        rules={int(id): list(pair) for id, pair in stored["rules"].items()},
        waiting=list(stored["waiting"]),
    )
