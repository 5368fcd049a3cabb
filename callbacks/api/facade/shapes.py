"""Callbacks as that API shows them: a conversation whose participants have the callback."""

from datetime import UTC, datetime
from typing import Any

from callbacks.models import Callback, EndReason, Outcome
from callbacks.states import CallbackStatus
from teams.models import Team, User

ROOT = "/api/v2"
#: Numbers after the first: one is called, and the others stand with the data.
OTHER_NUMBERS = "otherNumbers"

STATES = {
    CallbackStatus.SCHEDULED: "scheduled",
    CallbackStatus.DUE: "offering",
    CallbackStatus.OFFERED: "alerting",
    CallbackStatus.CALLING: "connected",
    CallbackStatus.COMPLETED: "terminated",
    CallbackStatus.MISSED: "disconnected",
    CallbackStatus.CANCELLED: "disconnected",
}


def conversation(callback: Callback) -> dict[str, Any]:
    """Return a callback as `CallbackConversation` and `Conversation` alike.

    What there is nothing to say of is left out: clients stumble over null.
    """
    shown: dict[str, Any] = _without_nothing(_conversation(callback))
    return shown


def _without_nothing(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nothing(one) for name, one in value.items() if one is not None}
    return [_without_nothing(one) for one in value] if isinstance(value, list) else value


def _conversation(callback: Callback) -> dict[str, Any]:
    return {
        "id": str(callback.public_id),
        "name": callback.name,
        "state": _participant_state(callback),
        "startTime": written(callback.created_at),
        "endTime": written(callback.ended_at),
        "participants": list(_participants(callback)),
        "otherMediaUris": [],
        "divisions": [],
        "selfUri": uri_of(callback),
    }


def created(callback: Callback) -> dict[str, Any]:
    """Return what is answered to a callback that is new or changed."""
    reference = {"id": str(callback.public_id), "selfUri": uri_of(callback)}
    identifier = {"type": "ACD", "id": str(callback.public_id)}
    return {"conversation": reference, "callbackIdentifiers": [identifier]}


def uri_of(callback: Callback) -> str:
    return f"{ROOT}/conversations/callbacks/{callback.public_id}"


def agent_of(callback: Callback) -> User | None:
    """Return who has the call to make, or had it in the end."""
    return callback.offered_to


def numbers_of(callback: Callback) -> list[str]:
    others = str(callback.data.get(OTHER_NUMBERS, ""))
    return [callback.number, *filter(None, others.split(", "))]


def written(at: datetime | None) -> str | None:
    """Return an instant as that API writes it: in UTC, with milliseconds and a Z."""
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _participants(callback: Callback) -> list[dict[str, Any]]:
    contact, agent = callback.identity.contact, agent_of(callback)
    told = {name: text for name, text in callback.data.items() if name != OTHER_NUMBERS}
    customer = _participant(callback, purpose="customer", id_=contact.public_id)
    customer |= {"name": callback.name, "address": f"tel:{callback.number}", "attributes": told}
    team = _participant(callback, purpose="acd", id_=callback.team.public_id)
    team |= {"name": callback.team.name, **_routing(callback)}
    if agent is None:
        return [customer, team]
    person = _participant(callback, purpose="agent", id_=agent.public_id)
    person |= {"name": agent.name, "user": _reference(agent), "userId": str(agent.public_id)}
    return [customer, team, person]


def _participant(callback: Callback, *, purpose: str, id_: Any) -> dict[str, Any]:
    """Return one participant, with the names of both kinds that there are in that API."""
    media = _media(callback)
    return {
        "id": str(id_),
        "purpose": purpose,
        "startTime": written(callback.created_at),
        "endTime": written(callback.ended_at),
        "direction": media["direction"],
        "state": _participant_state(callback),
        "disconnectType": _DISCONNECTED_PARTICIPANT.get(
            media["disconnectType"], media["disconnectType"]
        ),
        "held": False,
        "attributes": {},
        "queue": _reference(callback.team),
        "queueId": str(callback.team.public_id),
        "queueName": callback.team.name,
        **{name: media[name] for name in _ON_PARTICIPANTS},
        "callbacks": [media],
    }


def _media(callback: Callback) -> dict[str, Any]:
    return {
        "id": str(callback.public_id),
        "state": STATES[CallbackStatus(callback.status)],
        "initialState": "scheduled" if callback.due_at > callback.created_at else "offering",
        "direction": "inbound" if callback.is_from_conversation else "outbound",
        "held": False,
        "disconnectType": _disconnect_type(callback),
        "startAlertingTime": written(callback.offered_at),
        "connectedTime": written(callback.first_tried_at),
        "disconnectedTime": written(callback.ended_at),
        "callbackScheduledTime": written(callback.due_at),
        "callbackNumbers": numbers_of(callback),
        "callbackUserName": callback.name,
        "skipEnabled": False,
        "timeoutSeconds": 0,
        "automatedCallbackConfigId": None,
        "callerId": callback.caller_id or None,
        "callerIdName": callback.caller_id_name or None,
        "wrapup": _wrapup(callback),
    }


#: What a participant itself says of the callback, in that API.
_ON_PARTICIPANTS = (
    "startAlertingTime",
    "connectedTime",
    "callbackScheduledTime",
    "callbackNumbers",
    "callbackUserName",
    "skipEnabled",
    "timeoutSeconds",
    "automatedCallbackConfigId",
    "wrapup",
)
#: Participants have fewer words than callbacks for how it ended.
_DISCONNECTED_PARTICIPANT = {"timeout": "other", "uncallable": "other"}


def _participant_state(callback: Callback) -> str:
    """Return the state of a participant: in that API none is `scheduled`."""
    state = STATES[CallbackStatus(callback.status)]
    return "none" if state == "scheduled" else state


def _disconnect_type(callback: Callback) -> str | None:
    """Return how it ended: by a person, because nobody came in time, or because nobody answered."""
    if callback.ended_at is None:
        return None
    if callback.outcome == Outcome.WRONG_NUMBER:
        return "uncallable"
    return {
        EndReason.OWNERSHIP_EXPIRED.value: "timeout",
        EndReason.RETRIES_SPENT.value: "system",
    }.get(callback.end_reason, "client")


def _wrapup(callback: Callback) -> dict[str, Any] | None:
    if not callback.outcome:
        return None
    return {
        "code": callback.outcome,
        "name": callback.get_outcome_display(),
        "notes": callback.end_note,
        "endTime": written(callback.ended_at),
    }


def _routing(callback: Callback) -> dict[str, Any]:
    """Return whom it is for: an owner, or somebody who is preferred, counts for all."""
    person = callback.owner or callback.preferred_agent
    agents = [{"agent": _reference(person), "score": 100}] if person else []
    team = callback.team
    queue = {"id": str(team.public_id), "selfUri": f"{ROOT}/routing/queues/{team.public_id}"}
    return {"conversationRoutingData": {"queue": queue, "scoredAgents": agents}}


def _reference(row: User | Team) -> dict[str, str]:
    place = "users" if isinstance(row, User) else "routing/queues"
    uri = f"{ROOT}/{place}/{row.public_id}"
    return {"id": str(row.public_id), "name": row.name, "selfUri": uri}
