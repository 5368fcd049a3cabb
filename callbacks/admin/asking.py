"""What people do with one callback: each a button with its own address, most with a form."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from callbacks.admin import cells
from callbacks.admin.forms import (
    CancelForm,
    DoneForm,
    EditForm,
    ReassignForm,
    RescheduleForm,
)
from callbacks.models import Callback, Outcome
from callbacks.refusal_words import explain
from callbacks.refusals import CallbackRefusedError
from callbacks.services import calling, changing
from callbacks.services.changing import claim_of
from callbacks.services.checks import Claim
from callbacks.services.moves import CallbackMovedError
from callbacks.states import CANCELLABLE, LIVE, PENDING, CallbackStatus, IllegalMoveError
from conversations.actors import Actor
from conversations.admin.verbs import actor_of
from conversations.admin.writing import REFUSALS as NOT_SENT
from conversations.services.replies import ReplyRefusedError
from routing.admin.conversations import CAN_BE_REFUSED as TALK_REFUSED
from routing.admin.conversations import REFUSALS as NOT_ASSIGNED
from routing.services.assignment import AssignmentRefusedError
from teams.instants import written_instant
from teams.models import User
from teams.texts import Text

CAN_BE_REFUSED = (
    *TALK_REFUSED,
    CallbackRefusedError,
    CallbackMovedError,
    IllegalMoveError,
    ReplyRefusedError,
)
SCHEDULE, MANAGE = "callbacks.schedule", "callbacks.manage"


@dataclass(frozen=True, slots=True)
class Deed:
    """One button. `run` does it and returns the sentence that says what changed.

    `form` is None where nothing is asked. `is_page`: it needs more room than a dialog.
    """

    key: str
    label: Text
    icon: str
    permission: str
    is_possible: Callable[[Callback], bool]
    consequence: Callable[[Callback], Text]
    form: Callable[..., Any] | None
    run: Callable[[Callback, Any, User, datetime], Text]
    shortcut: str = ""
    is_page: bool = False
    is_danger: bool = False
    is_first: bool = False

    @property
    def asks(self) -> bool:
        """Templates call what can be called: they ask here whether there is a form."""
        return self.form is not None


def _is_scheduled(callback: Callback) -> bool:
    return callback.status == CallbackStatus.SCHEDULED


def _is_pending(callback: Callback) -> bool:
    return callback.status in PENDING


def _can_begin(callback: Callback) -> bool:
    return callback.status in PENDING and callback.status != CallbackStatus.CALLING


def _can_go_elsewhere(callback: Callback) -> bool:
    return _is_scheduled(callback) or (
        callback.status in LIVE and callback.status != CallbackStatus.CALLING
    )


def _start(callback: Callback, form: None, user: User, now: datetime) -> Text:
    calling.start(callback, user=user, actor=actor_of(user), now=now)
    return _("You have this call now. Call %(number)s, then mark it done.") % {
        "number": callback.number
    }


def _complete(callback: Callback, form: DoneForm, user: User, now: datetime) -> Text:
    given = form.cleaned_data
    outcome = Outcome(given["outcome"])
    calling.complete(callback, outcome=outcome, actor=actor_of(user), now=now, note=given["note"])
    return _("Marked as done: %(outcome)s.") % {"outcome": outcome.label}


def _reschedule(callback: Callback, form: RescheduleForm, user: User, now: datetime) -> Text:
    given = form.cleaned_data
    changed = changing.reschedule(
        callback,
        slot=form.slot(),
        actor=actor_of(user),
        now=now,
        reason=given["reason"],
        override_reason=given["override_reason"],
    )
    return _("The call is promised for %(when)s now.") % {"when": written_instant(changed.due_at)}


def _reassign(callback: Callback, form: ReassignForm, user: User, now: datetime) -> Text:
    given = form.cleaned_data
    changed = changing.transfer(
        callback,
        actor=actor_of(user),
        now=now,
        team=given["team"],
        agent=given["agent"],
        claim=Claim(given["whom"]),
        reason=given["reason"],
    )
    person = changed.owner or changed.preferred_agent
    if person is None:
        return _("Whoever of %(team)s is free calls.") % {"team": changed.team.name}
    facts = {"person": person.name, "team": changed.team.name}
    if changed.owner is not None:
        return _("%(person)s owns this callback now (%(team)s).") % facts
    return _("%(person)s calls if possible, else somebody else of %(team)s.") % facts


def _edit(callback: Callback, form: EditForm, user: User, now: datetime) -> Text:
    is_checked = "number" in form.changed_data
    changing.edit(
        callback, actor=actor_of(user), now=now, is_checked=is_checked, **form.cleaned_data
    )
    return _("The callback is saved.")


def _cancel(callback: Callback, form: CancelForm, user: User, now: datetime) -> Text:
    return cancel(callback, form.cleaned_data, actor=actor_of(user), now=now)


def cancel(callback: Callback, given: dict[str, Any], *, actor: Actor, now: datetime) -> Text:
    changing.cancel(
        callback, actor=actor, now=now, reason=given["reason"], message=given["message"]
    )
    if given["message"].strip():
        return _("The callback is cancelled, and the customer is told.")
    return _("The callback is cancelled. Nobody is asked to call any more.")


def _when_form(data: Any, *, callback: Callback, user: User, now: datetime) -> RescheduleForm:
    initial = {"day": callback.wall_date, "clock": callback.wall_clock, "zone": callback.zone}
    return RescheduleForm(data, now=now, initial=initial)


def _reassign_form(data: Any, *, callback: Callback, user: User, now: datetime) -> ReassignForm:
    person = callback.owner or callback.preferred_agent
    initial = {"team": callback.team, "agent": person, "whom": claim_of(callback).value}
    return ReassignForm(data, user=user, initial=initial)


def _who_loses_it(callback: Callback) -> Text:
    if callback.status == CallbackStatus.SCHEDULED:
        return _("The time stays as it is.")
    return _("It is offered anew at once, to whoever is to call now.")


START = Deed(
    "start",
    gettext_lazy("Start now"),
    "phone",
    SCHEDULE,
    _can_begin,
    lambda callback: _("You have the call then; nobody else is asked to make it."),
    None,
    _start,
    shortcut="s",
    is_first=True,
)
DONE = Deed(
    "done",
    gettext_lazy("Mark done…"),
    "check",
    SCHEDULE,
    _is_pending,
    lambda callback: _("The promise is kept then. The conversation stays open."),
    lambda data, *, callback, user, now: DoneForm(data),
    _complete,
    shortcut="e",
)
RESCHEDULE = Deed(
    "reschedule",
    gettext_lazy("Reschedule…"),
    "clock",
    MANAGE,
    _is_scheduled,
    lambda callback: (
        _("Now it is promised for %(when)s, %(there)s.")
        % {"when": written_instant(callback.due_at), "there": cells.there(callback)}
    ),
    _when_form,
    _reschedule,
    shortcut="z",
    is_page=True,
)
REASSIGN = Deed(
    "reassign",
    gettext_lazy("Reassign…"),
    "swap",
    MANAGE,
    _can_go_elsewhere,
    _who_loses_it,
    _reassign_form,
    _reassign,
    shortcut="a",
)
EDIT = Deed(
    "edit",
    gettext_lazy("Number and note…"),
    "note",
    MANAGE,
    _is_scheduled,
    lambda callback: _("The customer is not told."),
    lambda data, *, callback, user, now: EditForm(data, callback=callback),
    _edit,
)
CANCEL = Deed(
    "cancel",
    gettext_lazy("Cancel…"),
    "cross",
    MANAGE,
    lambda callback: callback.status in CANCELLABLE,
    lambda callback: _("Nobody is asked to call any more. It stays in the list, as cancelled."),
    lambda data, *, callback, user, now: CancelForm(data),
    _cancel,
    is_danger=True,
)
DEEDS = (START, DONE, RESCHEDULE, REASSIGN, EDIT, CANCEL)


def explain_refusal(error: Exception) -> Text:
    """Say what did not happen, and why."""
    if isinstance(error, CallbackRefusedError):
        return _("Nothing was changed: %(reason)s") % {"reason": explain(error)}
    if isinstance(error, ReplyRefusedError):
        return NOT_SENT.get(error.code, error.code)
    if isinstance(error, AssignmentRefusedError):
        return NOT_ASSIGNED.get(error.code, error.code)
    return _("Nothing was changed: somebody else changed this callback just now. Look again.")
