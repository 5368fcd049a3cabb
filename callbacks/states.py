"""The states of a callback, and which may follow which. Pure."""

from enum import StrEnum


class CallbackStatus(StrEnum):
    SCHEDULED = "scheduled"  # promised; its time has not come
    DUE = "due"  # its time has come; nobody has it yet, or its owner is waited for
    OFFERED = "offered"  # a person has it as a call task, and has not begun
    CALLING = "calling"  # that person is at it, by hand or by a call of ours
    COMPLETED = "completed"
    MISSED = "missed"
    CANCELLED = "cancelled"


#: A promise that still stands. One conversation has at most one of these.
PENDING = frozenset(
    {
        CallbackStatus.SCHEDULED,
        CallbackStatus.DUE,
        CallbackStatus.OFFERED,
        CallbackStatus.CALLING,
    }
)
#: Its time has come, and it is not over.
LIVE = PENDING - {CallbackStatus.SCHEDULED}
#: It may still be taken back.
CANCELLABLE = PENDING - {CallbackStatus.CALLING}

_OVER = {CallbackStatus.COMPLETED, CallbackStatus.MISSED, CallbackStatus.CANCELLED}
_MOVES: dict[CallbackStatus, set[CallbackStatus]] = {
    # Somebody may call before the time has come, of their own will.
    CallbackStatus.SCHEDULED: {
        CallbackStatus.DUE,
        CallbackStatus.CALLING,
        CallbackStatus.COMPLETED,
        CallbackStatus.CANCELLED,
    },
    CallbackStatus.DUE: {CallbackStatus.OFFERED, CallbackStatus.CALLING, *_OVER},
    CallbackStatus.OFFERED: {CallbackStatus.DUE, CallbackStatus.CALLING, *_OVER},
    # The customer may not answer: it is offered again, or waits for its next try.
    CallbackStatus.CALLING: {
        CallbackStatus.DUE,
        CallbackStatus.OFFERED,
        CallbackStatus.COMPLETED,
        CallbackStatus.MISSED,
    },
    CallbackStatus.COMPLETED: set(),
    CallbackStatus.MISSED: set(),
    CallbackStatus.CANCELLED: set(),
}


class IllegalMoveError(Exception):
    """This state does not follow that one."""

    def __init__(self, seen: CallbackStatus, to: CallbackStatus) -> None:
        self.seen, self.to = seen, to
        super().__init__(f"{seen} -> {to}")


def check_move(seen: str, to: CallbackStatus) -> None:
    """Raise `IllegalMoveError` unless the one state may follow the other."""
    status = CallbackStatus(seen)
    if to not in _MOVES[status]:
        raise IllegalMoveError(status, to)
