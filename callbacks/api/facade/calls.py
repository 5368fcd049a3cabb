"""Calling, in the words of that API: a participant connects, and disconnects."""

from django.utils.translation import gettext as _

from callbacks.api.facade.orders import Body, Caller, disconnect
from callbacks.api.facade.shapes import agent_of
from callbacks.models import Callback, Outcome
from callbacks.rights import may_call
from callbacks.services import calling
from callbacks.states import CANCELLABLE
from teams.api.problems import ForbiddenProblem


def move(callback: Callback, body: Body, *, caller: Caller) -> Callback:
    """Let a participant begin to call, or end it; before anybody calls, that takes it back.

    Whoever is asked to call does so, whoever says it; while that is nobody, it is the caller.
    """
    if not may_call(caller.user, callback):
        raise ForbiddenProblem("auth.role_insufficient", _("This callback is somebody else's."))
    if body.get("state") == "connected":
        user = agent_of(callback) or caller.user
        return calling.start(callback, user=user, actor=caller.actor, now=caller.now)
    if callback.status in CANCELLABLE and not body["wrapup"]:
        return disconnect(callback, caller=caller)
    wrapup: Body = body["wrapup"] or {}
    code = wrapup.get("code", "")
    return calling.complete(
        callback,
        outcome=code if code in Outcome.values else Outcome.REACHED,
        note=wrapup.get("notes", ""),
        actor=caller.actor,
        now=caller.now,
    )
