"""Putting off, handing over, correcting and taking back a promise to call."""

from datetime import datetime, timedelta
from typing import Any, TypedDict, Unpack

from django.db import transaction

from callbacks.models import Callback, EndReason
from callbacks.refusals import CallbackRefusedError
from callbacks.services import checks, moves
from callbacks.services.checks import Claim, settings_of
from callbacks.slots import Slot, SlotError, at_instant, instants_of
from callbacks.states import CANCELLABLE, LIVE, CallbackStatus
from conversations.actors import Actor
from conversations.services import replies
from teams.models import Team, User

LONGEST_REASON = 500


class Changes(TypedDict, total=False):
    """What may be corrected. A number that is not to be checked is stored as it is given."""

    number: str
    country_code: str
    is_checked: bool
    name: str
    note: str
    data: dict[str, str]
    caller_id: str
    caller_id_name: str


@transaction.atomic
def reschedule(
    callback: Callback,
    *,
    slot: Slot | None,
    actor: Actor,
    now: datetime,
    reason: str = "",
    override_reason: str = "",
) -> Callback:
    """Promise the call for another time; None is at once. Who has it, keeps it.

    Raises `CallbackRefusedError`: `not_scheduled_state` once its time has come, and what speaks
    against the time as for a new one.
    """
    callback = _lock_scheduled(callback)
    slot = slot or at_instant(now, zone=callback.zone)
    if (slot.at, slot.zone) == (callback.due_at, callback.zone):
        return callback
    settings = settings_of(callback.team)
    checks.check_time(slot, settings=settings, claim=claim_of(callback), now=now)
    checks.check_warnings(
        slot, settings=settings, owner=callback.owner, override_reason=override_reason
    )
    changes = {**checks.columns_of(slot), "override_reason": override_reason.strip()}
    data = {
        "from": callback.due_at.isoformat(),
        "to": slot.at.isoformat(),
        "zone": slot.zone,
        "reason": reason,
    }
    return moves.write(callback, changes, "callback.rescheduled", actor=actor, now=now, data=data)


@transaction.atomic
def transfer(
    callback: Callback,
    *,
    actor: Actor,
    now: datetime,
    team: Team | None = None,
    agent: User | None = None,
    claim: Claim | None = None,
    reason: str = "",
) -> Callback:
    """Let another team, or somebody else, call. What is not named stays.

    An `agent` without a `claim` takes the place of whoever owned it, or else is preferred. One
    whose time has come is looked at anew at once: it is offered to whoever is to call now.
    Raises `CallbackRefusedError`: `not_scheduled_state` while somebody calls, and once it is over.
    """
    callback = moves.lock(callback.pk)
    if callback.status not in (*LIVE, CallbackStatus.SCHEDULED) or is_calling(callback):
        raise _not_scheduled(callback)
    team = team or callback.team
    claim = claim or _claim_for(callback, agent=agent, team=team)
    checks.check_team(team)
    person = checks.check_agent(claim, agent=agent or _holder(callback), team=team)
    settings = settings_of(team)
    if claim is Claim.OWNED and callback.due_at > now:
        checks.check_time(slot_of(callback), settings=settings, claim=claim, now=now)
    changes = {
        "team": team,
        "owner": person if claim is Claim.OWNED else None,
        "preferred_agent": person if claim is Claim.PREFERRED else None,
    }
    if all(getattr(callback, name) == value for name, value in changes.items()):
        return callback
    changes |= anew(callback, hold_s=settings.owned_hold_s, claim=claim, now=now)
    data = {"user_id": person.pk if person else None, "team_id": team.pk, "reason": reason}
    return moves.write(callback, changes, "callback.transferred", actor=actor, now=now, data=data)


@transaction.atomic
def edit(
    callback: Callback, *, actor: Actor, now: datetime, **changes: Unpack[Changes]
) -> Callback:
    """Correct the number, the name, the note, the data or the caller ID of what is scheduled.

    Raises `CallbackRefusedError`: `not_scheduled_state`, `invalid_number`, `invalid_caller_id`.
    """
    callback = _lock_scheduled(callback)
    wanted = _wanted(callback, changes)
    changed = {name: value for name, value in wanted.items() if getattr(callback, name) != value}
    if not changed:
        return callback
    data = {"changed": sorted(changed)}
    return moves.write(callback, changed, "callback.updated", actor=actor, now=now, data=data)


@transaction.atomic
def cancel(
    callback: Callback, *, actor: Actor, now: datetime, reason: str, message: str = ""
) -> Callback:
    """Take a promise back: nobody is asked to call any more. Again changes nothing.

    With a `message` the customer is told, by an answer of whoever cancels: one that cannot be sent
    (`ReplyRefusedError`) leaves the callback as it is.
    Raises `CallbackRefusedError`: `calling` while somebody calls, `over` once it is done or missed.
    """
    callback = moves.lock(callback.pk)
    if callback.status == CallbackStatus.CANCELLED:
        return callback
    if callback.status not in CANCELLABLE:
        raise CallbackRefusedError("calling" if is_calling(callback) else "over")
    ended = {
        "look_due_at": None,
        "ended_at": now,
        "end_reason": EndReason.CANCELLED,
        "end_note": reason[:LONGEST_REASON],
    }
    callback = moves.move(
        callback,
        to=CallbackStatus.CANCELLED,
        event="callback.cancelled",
        actor=actor,
        now=now,
        also=ended,
        data={"reason": reason},
    )
    if message.strip():
        _tell(callback, message, actor=actor, now=now)
    return callback


def claim_of(callback: Callback) -> Claim:
    """Return whose a callback is."""
    if callback.owner_id is not None:
        return Claim.OWNED
    return Claim.PREFERRED if callback.preferred_agent_id is not None else Claim.ANY


def slot_of(callback: Callback) -> Slot:
    """Return when a callback is due: on the customer's wall, and as an instant."""
    day, clock, zone = callback.wall_date, callback.wall_clock, callback.zone
    try:
        is_twice = len(instants_of(day, clock, zone=zone)) > 1
    except SlotError:  # a zone that is gone
        is_twice = False
    return Slot(day, clock, zone, callback.due_at, is_ambiguous=is_twice)


def is_calling(callback: Callback) -> bool:
    return callback.status == CallbackStatus.CALLING


def _lock_scheduled(callback: Callback) -> Callback:
    callback = moves.lock(callback.pk)
    if callback.status != CallbackStatus.SCHEDULED:
        raise _not_scheduled(callback)
    return callback


def _not_scheduled(callback: Callback) -> CallbackRefusedError:
    return CallbackRefusedError("not_scheduled_state", status=callback.status)


def _holder(callback: Callback) -> User | None:
    return callback.owner or callback.preferred_agent


def _claim_for(callback: Callback, *, agent: User | None, team: Team) -> Claim:
    """Return whose it is, where nobody says: with another team alone it is anybody's there."""
    if agent is None:
        return claim_of(callback) if team.pk == callback.team_id else Claim.ANY
    return Claim.OWNED if callback.owner_id is not None else Claim.PREFERRED


def anew(callback: Callback, *, hold_s: int, claim: Claim, now: datetime) -> dict[str, Any]:
    """Return what lets a callback whose time has come be offered anew."""
    if callback.status == CallbackStatus.SCHEDULED:
        return {}
    until = now + timedelta(seconds=hold_s) if claim is Claim.OWNED else None
    return {
        "status": CallbackStatus.DUE,
        "look_due_at": now,
        "offered_to": None,
        "offered_at": None,
        "owner_until": until,
    }


def _wanted(callback: Callback, changes: Changes) -> dict[str, Any]:
    wanted: dict[str, Any] = dict(changes)
    is_checked = wanted.pop("is_checked", True)
    if "number" in wanted:
        country_code = wanted.get("country_code") or callback.country_code
        number = wanted["number"]
        wanted["number"] = (
            checks.read_number(number, country_code=country_code)
            if is_checked
            else checks.keep_number(number)
        )
    checks.check_caller_id(wanted.get("caller_id", ""))
    return wanted


def _tell(callback: Callback, message: str, *, actor: Actor, now: datetime) -> None:
    author = User.objects.filter(pk=actor.user_id).order_by("pk").first()
    if callback.conversation is None or author is None:
        raise CallbackRefusedError("nobody_to_tell", field="message")
    replies.queue_reply(callback.conversation, author=author, body=message, actor=actor, now=now)
