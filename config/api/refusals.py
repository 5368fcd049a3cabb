"""What the services refuse, and which status that is: one table."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _
from rest_framework import status

from callbacks.refusal_words import explain as explain_callback
from callbacks.refusals import CallbackRefusedError
from callbacks.services.moves import CallbackMovedError
from callbacks.states import IllegalMoveError
from channels.services.endpoints import TooManyEndpointsError
from conversations.services.contacts import ContactMergedError
from conversations.services.labels import TagsLockedError, VersionConflictError
from conversations.services.lifecycle import ConversationMovedError, SnoozeRefusedError
from conversations.services.merging import MergeRefusedError
from conversations.services.replies import ReplyRefusedError
from conversations.services.retries import RetryRefusedError
from conversations.services.uploads import FileRefusedError
from conversations.states import IllegalTransitionError
from conversations.upload_errors import explain
from routing.services.assignment import AssignmentRefusedError
from routing.services.decisions import DecisionContentionError
from routing.services.flow_starting import FlowStartRefusedError
from routing.services.flows import FlowConflictError, FlowInUseError, NeverPublishedError
from teams.api.problems import Problem
from teams.services.directory import PersonHasWorkError
from teams.services.idempotency import IdempotencyInProgressError, IdempotencyKeyReusedError


class Refusal(NamedTuple):
    """`code` is left out where the exception carries its own."""

    status: int
    sentence: Any
    code: str = ""
    headers: Mapping[str, str] = {}


SOON = {"Retry-After": "1"}

_BY_CLASS: dict[type[Exception], Refusal] = {
    ConversationMovedError: Refusal(
        status.HTTP_409_CONFLICT,
        _("The conversation changed in the meantime, or the contact has another open one."),
    ),
    TagsLockedError: Refusal(
        status.HTTP_409_CONFLICT, _("The tags of a closed conversation stay as they are.")
    ),
    ContactMergedError: Refusal(
        status.HTTP_409_CONFLICT, _("This contact was merged into another one: change that one.")
    ),
    VersionConflictError: Refusal(
        status.HTTP_412_PRECONDITION_FAILED, _("The conversation changed since you read it.")
    ),
    SnoozeRefusedError: Refusal(
        status.HTTP_422_UNPROCESSABLE_ENTITY,
        _("Name an instant in the future, at most 366 days ahead."),
    ),
    PersonHasWorkError: Refusal(
        status.HTTP_409_CONFLICT,
        _("This person has open conversations. Give them to somebody else first."),
    ),
    TooManyEndpointsError: Refusal(
        status.HTTP_409_CONFLICT,
        _("There are ten endpoints already, which is the most."),
    ),
    DecisionContentionError: Refusal(
        status.HTTP_409_CONFLICT,
        _("Too many changes at once. Try again in a moment."),
        code="assignment.contention",
        headers=SOON,
    ),
    FlowInUseError: Refusal(
        status.HTTP_409_CONFLICT,
        _("This flow has run, or a rule starts it: switch it off instead."),
    ),
    CallbackMovedError: Refusal(
        status.HTTP_409_CONFLICT, _("The callback changed in the meantime. Read it again.")
    ),
    IllegalMoveError: Refusal(
        status.HTTP_409_CONFLICT,
        _("The callback is in a state in which this cannot be done."),
        code="callback.illegal_move",
    ),
    FlowConflictError: Refusal(
        status.HTTP_409_CONFLICT, _("Somebody changed this flow since you read it.")
    ),
    NeverPublishedError: Refusal(
        status.HTTP_409_CONFLICT, _("This flow was never published: publish it first.")
    ),
    IdempotencyKeyReusedError: Refusal(
        status.HTTP_422_UNPROCESSABLE_ENTITY,
        _("This Idempotency-Key was used for another request. Take a new key."),
    ),
    IdempotencyInProgressError: Refusal(
        status.HTTP_409_CONFLICT,
        _("A request with this Idempotency-Key is still running."),
        headers=SOON,
    ),
}

_REPLY_SENTENCES = {
    "conversation.closed": _("The conversation is closed. Reopen it first."),
    "channel.inactive": _("The channel is switched off."),
    "contact.opted_out": _("The customer asked for no more messages."),
    "message.template_required": _(
        "The customer's last message is more than 24 hours old: only a template may be sent."
    ),
    "template.not_approved": _("This template cannot be sent: it is not approved, or it is gone."),
    "template.values": _(
        "Give one text for each placeholder of the template, in one line, and no others."
    ),
}

_RETRY_SENTENCES = {
    "message.not_failed": _("Only a message that failed can be sent once more."),
    "message.in_doubt": _(
        "Nobody knows whether this message arrived. Send “may_arrive_twice”: true to send it again."
    ),
}

_ASSIGNMENT_REFUSALS = {
    "conversation.resolved": Refusal(
        status.HTTP_409_CONFLICT, _("Only an open conversation can be assigned.")
    ),
    "member.inactive": Refusal(status.HTTP_409_CONFLICT, _("This person is no longer active.")),
    "team.inactive": Refusal(status.HTTP_409_CONFLICT, _("This team is not active.")),
    "member.not_in_team": Refusal(
        status.HTTP_422_UNPROCESSABLE_ENTITY, _("This person is not a member of the team.")
    ),
    "ai_agent.not_serving": Refusal(
        status.HTTP_409_CONFLICT, _("This AI agent does not serve the conversation's channel.")
    ),
    "ai_agent.not_running": Refusal(status.HTTP_409_CONFLICT, _("This AI agent is stopped.")),
    "ai_agent.budget_spent": Refusal(
        status.HTTP_409_CONFLICT, _("This AI agent has used up its budget.")
    ),
    "assignment.target_required": Refusal(
        status.HTTP_422_UNPROCESSABLE_ENTITY, _("Name a team, a person, or both.")
    ),
}


_MERGE_SENTENCES = {
    "contact.same": _("A contact cannot be merged into itself."),
    "contact.merged": _("One of the two was merged into another contact. Part those first."),
    "contact.both_open": _(
        "Both have an open conversation on one channel. Resolve one of them first."
    ),
    "contact.not_merged": _("This contact is not merged into another one."),
    "contact.merge_busy": _("Messages keep coming in. Try again in a moment."),
}


_START_SENTENCES = {
    "flow.off": _("This flow is switched off, or was never published."),
    "conversation.open": _(
        "The contact has a live conversation. Send “has_priority”: true to let the flow have it."
    ),
    "conversation.closed": _("The conversation is closed. Name the contact instead."),
    "contact.no_address": _("This contact has no address on this channel."),
}
_CONFLICTS: dict[type[Exception], Mapping[str, Any]] = {
    MergeRefusedError: _MERGE_SENTENCES,
    RetryRefusedError: _RETRY_SENTENCES,
    FlowStartRefusedError: _START_SENTENCES,
}


def find(error: Exception) -> Problem | None:
    """Return the problem that a service's exception stands for, None if it is not in the table."""
    if isinstance(error, IllegalTransitionError):
        detail = _("A conversation that is “%(now)s” cannot become “%(wanted)s”.")
        states = {"now": error.current, "wanted": error.wanted}
        return Problem(status.HTTP_409_CONFLICT, error.code, detail % states)
    if isinstance(error, CallbackRefusedError):
        return _of_callback(error)
    if isinstance(error, ReplyRefusedError):
        sentence = _REPLY_SENTENCES.get(error.code, _("A message cannot be sent now."))
        return Problem(status.HTTP_409_CONFLICT, error.code, sentence)
    if isinstance(error, FileRefusedError):
        why = explain(error.code, error.facts)
        fields = {"file": (error.code, why)}
        return Problem(status.HTTP_422_UNPROCESSABLE_ENTITY, error.code, why, fields=fields)
    if isinstance(error, MergeRefusedError | RetryRefusedError | FlowStartRefusedError):
        sentences = _CONFLICTS[type(error)]
        return Problem(status.HTTP_409_CONFLICT, error.code, sentences[error.code])
    if isinstance(error, AssignmentRefusedError):
        refusal: Refusal | None = _ASSIGNMENT_REFUSALS.get(error.code)
    else:
        refusal = _BY_CLASS.get(type(error))
    if refusal is None:
        return None
    code = refusal.code or str(getattr(error, "code", "conflict"))
    return Problem(refusal.status, code, refusal.sentence, headers=refusal.headers)


#: Everything else about callbacks is a value that cannot be used.
_CALLBACK_STATUSES = {
    "callback.queue_choice_disabled": status.HTTP_403_FORBIDDEN,
    "callback.queue_inactive": status.HTTP_409_CONFLICT,
    "callback.already_scheduled": status.HTTP_409_CONFLICT,
    "callback.not_scheduled_state": status.HTTP_409_CONFLICT,
    "callback.calling": status.HTTP_409_CONFLICT,
    "callback.over": status.HTTP_409_CONFLICT,
}


def _of_callback(error: CallbackRefusedError) -> Problem:
    """Return the problem; one that has a callback already says where that is."""
    sentence = explain_callback(error)
    status_code = _CALLBACK_STATUSES.get(error.code, status.HTTP_422_UNPROCESSABLE_ENTITY)
    fields = {error.field: (error.code, sentence)} if error.field else {}
    other = error.facts.get("callback")
    headers = {"Location": f"/api/v1/callbacks/{other}/"} if other else {}
    return Problem(status_code, error.code, sentence, fields=fields, headers=headers)
