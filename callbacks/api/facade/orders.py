"""What is asked for in the words of that API, as orders to the services."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from callbacks.api.facade.bodies import OWNED
from callbacks.api.facade.shapes import OTHER_NUMBERS
from callbacks.models import Callback
from callbacks.refusals import CallbackRefusedError, WarnedError
from callbacks.rights import may_change
from callbacks.services import changing, checks, scheduling
from callbacks.services.scheduling import Claim, Wish
from callbacks.slots import Slot, at_instant
from callbacks.states import CallbackStatus
from conversations.actors import Actor
from conversations.models import Conversation
from teams.api.fields import UUID_FORM
from teams.api.problems import FieldProblem, ForbiddenProblem, NotFoundProblem
from teams.api.references import pick_person
from teams.models import Team, User

#: That API has no quiet hours: nobody could say why they are passed over.
ANYWAY = "Asked for over /api/v2, where nobody can be asked why."
ENDED = "Disconnected over /api/v2."
ALL_OF_IT = 100
Body = Mapping[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Caller:
    """In whose name something is asked for, and when."""

    user: User
    actor: Actor
    now: datetime


# --- Finding


def find_callback(reference: str, *, user: User) -> Callback:
    """Return the callback that `conversationId` names there. 404 `conversation.not_found`."""
    related = ("identity__contact", "team", "owner", "preferred_agent", "offered_to")
    seen = Callback.objects.visible_to(user).select_related("conversation", *related)
    rows = seen.filter(public_id=reference) if UUID_FORM.match(reference) else seen.none()
    found: Callback | None = rows.order_by("pk").first()
    if found is None:
        raise NotFoundProblem("conversation.not_found")
    return found


def find_conversation(reference: str, *, user: User) -> Conversation:
    """Return one of our conversations, by its own id or by that of a callback that is in it."""
    named = Q(public_id=reference) | Q(callbacks__public_id=reference)
    seen = Conversation.objects.visible_to(user).select_related("contact", "assignee", "team")
    rows = seen.filter(named).order_by("pk") if UUID_FORM.match(reference) else seen.none()
    found: Conversation | None = rows.first()
    if found is None:
        raise NotFoundProblem("conversation.not_found")
    return found


def find_queue(reference: str) -> Team | None:
    """Return the team that `queueId` names, by our id or by its code; None if nothing is named."""
    if not reference:
        return None
    named = Q(code=reference)
    if UUID_FORM.match(reference):
        named |= Q(public_id=reference)
    rows = Team.objects.filter(named) if reference.isprintable() else Team.objects.none()
    found: Team | None = rows.order_by("pk").first()
    if found is None:
        raise NotFoundProblem("queue.not_found")
    return found


def find_agent(reference: str) -> User:
    """Return the person whom an id of an agent names, as everywhere in our API."""
    try:
        return pick_person(reference)
    except NotFoundProblem as error:
        raise CallbackRefusedError("invalid_owner", field="owner") from error


def check_participant(reference: str, *, among: tuple[Any, ...]) -> None:
    """Refuse a participant that a conversation has not. 404 `participant.not_found`."""
    ids = {str(row.public_id) for row in among if row is not None}
    if reference.lower() not in ids:
        raise NotFoundProblem("participant.not_found")


def check_same(callback: Callback, reference: str) -> None:
    """Refuse two names for one callback that name different ones."""
    if str(callback.public_id) != reference.lower():
        raise NotFoundProblem("conversation.not_found")


# --- Scheduling


def schedule(body: Body, *, caller: Caller, conversation: Conversation | None = None) -> Callback:
    """Promise a call, at once if no time is named."""
    routing: Body = body["routingData"] or {}
    team = find_queue(_queue_of(body, routing))
    claim, agent = _whose(routing)
    numbers = _read_numbers(body)
    others = {OTHER_NUMBERS: ", ".join(numbers[1:])} if numbers[1:] else {}
    slot = _slot(body, numbers=numbers, team=team, conversation=conversation, now=caller.now)

    def promise(reason: str) -> Callback:
        wish = Wish(
            number=numbers[0] if numbers else "",
            team=team,
            slot=slot,
            claim=claim,
            agent=agent,
            name=body["callbackUserName"],
            country_code=body["countryCode"],
            caller_id=body["callerId"],
            caller_id_name=body["callerIdName"],
            override_reason=reason,
            data={**(body["data"] or {}), **others},
            is_checked=bool(body["validateCallbackNumbers"]),
        )
        return scheduling.schedule(conversation, wish=wish, actor=caller.actor, now=caller.now)

    return _anyway(promise)


def _queue_of(body: Body, routing: Body) -> str:
    """Return the one queue that is named, in one place or in both."""
    first, second = body["queueId"], routing.get("queueId", "")
    if first and second and first != second:
        differs = ("different", _("Two different queues are named."))
        raise FieldProblem({"queueId": differs}, code="callback.queue_mismatch")
    return str(first or second)


def _whose(routing: Body) -> tuple[Claim, User | None]:
    """Return whose it is: owned by the one agent who scores all, or preferred by who scores most.

    Raises `CallbackRefusedError`: `invalid_owner` where it is to be owned by nobody, or by several.
    """
    scored = sorted(routing.get("scoredAgents") or (), key=lambda each: -each["score"])
    if OWNED in routing.get("routingFlags", ()):
        if [each["score"] for each in scored] != [ALL_OF_IT]:
            raise CallbackRefusedError("invalid_owner", field="owner")
        return Claim.OWNED, find_agent(scored[0]["agent"]["id"])
    preferred = [each["agent"]["id"] for each in scored] + routing.get("preferredAgentIds", [])
    if not preferred:
        return Claim.ANY, None
    return Claim.PREFERRED, find_agent(preferred[0])


def _read_numbers(body: Body) -> list[str]:
    """Return the numbers, all of them checked if that is wanted. The first one is called."""
    numbers: list[str] = body["callbackNumbers"]
    if not body["validateCallbackNumbers"]:
        return numbers
    return [checks.read_number(number, country_code=body["countryCode"]) for number in numbers]


def _slot(
    body: Body,
    *,
    numbers: list[str],
    team: Team | None,
    conversation: Conversation | None,
    now: datetime,
) -> Slot | None:
    """Return the time, on the clock where the number is at home. None: at once."""
    at = body["callbackScheduledTime"]
    if at is None:
        return None
    if conversation is not None and not numbers:
        zone = scheduling.usual(conversation, now=now).zone
    else:
        number = numbers[0] if numbers else ""
        zone = scheduling.zone_for(number, team=team)
    return at_instant(at, zone=zone)


def _anyway(promise: Callable[[str], T]) -> T:
    """Do what something speaks against all the same, and note that nobody could be asked why."""
    try:
        return promise("")
    except WarnedError:
        return promise(ANYWAY)


# --- Changing


def change(body: Body, *, caller: Caller) -> Callback:
    """Change number, queue, agent and time of a callback that is scheduled; one refusal, no change.

    The agent takes the place of whoever owned it, or else is preferred.
    """
    callback = find_callback(body["conversationId"], user=caller.user)
    _refuse_others(callback, user=caller.user)
    if callback.status != CallbackStatus.SCHEDULED:
        raise CallbackRefusedError("not_scheduled_state", status=callback.status)
    done_by: dict[str, Any] = {"actor": caller.actor, "now": caller.now}
    numbers = _read_numbers(body)
    if numbers:
        callback = changing.edit(callback, **_new_numbers(callback, body, numbers), **done_by)
    agent, team = find_agent(body["agentId"]), find_queue(body["queueId"])
    holder = callback.owner or callback.preferred_agent
    if agent != holder or (team is not None and team.pk != callback.team_id):
        callback = changing.transfer(callback, team=team, agent=agent, **done_by)
    at = body["callbackScheduledTime"]
    if at is None:
        return callback
    slot, seen = at_instant(at, zone=callback.zone), callback
    return _anyway(
        lambda reason: changing.reschedule(seen, slot=slot, override_reason=reason, **done_by)
    )


def disconnect(callback: Callback, *, caller: Caller) -> Callback:
    """Take a promise back. What is over stays as it is; what is being called is refused."""
    _refuse_others(callback, user=caller.user)
    if callback.ended_at is not None:
        return callback
    return changing.cancel(callback, actor=caller.actor, now=caller.now, reason=ENDED)


def _refuse_others(callback: Callback, *, user: User) -> None:
    if not may_change(user, callback):
        raise ForbiddenProblem("auth.role_insufficient", _("This callback is somebody else's."))


def _new_numbers(callback: Callback, body: Body, numbers: list[str]) -> dict[str, Any]:
    data = {name: text for name, text in callback.data.items() if name != OTHER_NUMBERS}
    if numbers[1:]:
        data[OTHER_NUMBERS] = ", ".join(numbers[1:])
    changes = {
        "number": numbers[0],
        "data": data,
        "is_checked": bool(body["validateCallbackNumbers"]),
    }
    country = {"country_code": body["countryCode"]} if body["countryCode"] else {}
    return changes | country
