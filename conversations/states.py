"""Which moves a conversation may make: one table, for API, admin and jobs alike."""

from enum import StrEnum


class Status(StrEnum):
    BOT = "bot"
    NEW = "new"
    IN_PROGRESS = "in_progress"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"
    CLOSED = "closed"


#: Waiting for a person or being answered by one: counts as load of the assignee.
OPEN = frozenset({Status.NEW, Status.IN_PROGRESS})
#: May be given to a person or a team: whoever is given what a bot has, ends the bot's part.
ASSIGNABLE = OPEN | {Status.BOT}
#: Neither resolved nor closed: at most one per contact and channel.
LIVE = OPEN | {Status.BOT, Status.SNOOZED}

_MOVES: dict[Status, frozenset[Status]] = {
    Status.NEW: frozenset({Status.IN_PROGRESS, Status.BOT, Status.SNOOZED, Status.RESOLVED}),
    Status.IN_PROGRESS: frozenset({Status.NEW, Status.BOT, Status.SNOOZED, Status.RESOLVED}),
    Status.BOT: OPEN | {Status.SNOOZED, Status.RESOLVED},
    Status.SNOOZED: OPEN | {Status.BOT, Status.RESOLVED},
    Status.RESOLVED: OPEN | {Status.BOT, Status.CLOSED},
    Status.CLOSED: OPEN,
}


class IllegalTransitionError(Exception):
    """A conversation may not go from `current` to `wanted`."""

    code = "conversation.illegal_transition"

    def __init__(self, current: Status, wanted: Status) -> None:
        self.current = current
        self.wanted = wanted
        super().__init__(f"A conversation that is {current} cannot become {wanted}.")


def is_move_allowed(current: Status, wanted: Status) -> bool:
    """Say whether the table has this move. Staying where one is, is not a move."""
    return wanted in _MOVES[current]


def check_move(current: str, wanted: Status) -> None:
    """Raise `IllegalTransitionError` unless the table allows the move."""
    if not is_move_allowed(Status(current), wanted):
        raise IllegalTransitionError(Status(current), wanted)
