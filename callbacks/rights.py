"""What a person may do with a callback that they see: one answer, for API and console alike."""

from callbacks.models import Callback
from teams.models import User
from teams.permissions import Right, is_allowed


def may_change(user: User, callback: Callback) -> bool:
    """Say whether a person may put off, hand over, correct or cancel a callback.

    Supervisors any that they see, agents their own.
    """
    return is_allowed(user, Right.MANAGE_CALLBACKS) or is_own(callback, user=user)


def may_call(user: User, callback: Callback) -> bool:
    """Say whether a person may begin the call, or say how it went.

    Whoever may change it, and anybody who sees it while nobody has it, or its conversation.
    """
    holder_id = callback.conversation.assignee_id if callback.conversation else None
    is_anybodys = callback.owner_id is None and callback.offered_to_id is None
    return (is_anybodys and holder_id in (None, user.pk)) or may_change(user, callback)


def is_own(callback: Callback, *, user: User) -> bool:
    """Say whether it is the person's own: promised by them, or theirs to call."""
    return user.pk in {
        callback.created_by_id,
        callback.owner_id,
        callback.preferred_agent_id,
        callback.offered_to_id,
    }
