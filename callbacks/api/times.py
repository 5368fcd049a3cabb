"""From what a request says of a time, and of whom, to the values that the services take."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rest_framework.request import Request

from callbacks.models import Callback
from callbacks.refusals import CallbackRefusedError
from callbacks.services.checks import Claim, read_wall_time
from callbacks.slots import Slot, SlotError, at_instant, check_ahead, usual_slot
from routing.api.reach import refuse_target
from teams.api.permissions import caller
from teams.api.references import find_named_team, find_person
from teams.models import Team, User

Told = Mapping[str, Any]


def read_slot(told: Told, *, zone: str, now: datetime) -> Slot | None:
    """Return when to call: None at once, and in half an hour where nothing is said.

    `zone` is the customer's, unless the request names it. Raises `CallbackRefusedError`.
    """
    zone = told.get("timezone") or zone
    if told["at_once"]:
        return None
    if "local_time" in told:
        day, clock = told["local_time"]
        return read_wall_time(day, clock, zone=zone)
    if "due_at" in told:
        return _at(told["due_at"], zone=zone, now=now)
    return usual_slot(zone=zone, now=now)


def read_other_slot(callback: Callback, told: Told, *, now: datetime) -> Slot | None:
    """Return the other time that is asked for; with a time zone alone, the same clock there."""
    if "timezone" in told and not is_timed(told):
        return read_wall_time(callback.wall_date, callback.wall_clock, zone=told["timezone"])
    return read_slot(told, zone=callback.zone, now=now)


def is_timed(told: Told) -> bool:
    return bool(told["at_once"] or "local_time" in told or "due_at" in told)


def read_team(told: Told) -> Team | None:
    return find_named_team(told["team"]) if "team" in told else None


def read_claim(told: Told) -> tuple[Claim | None, User | None]:
    """Return whose it is to be, and who that is; None where nothing is said of it.

    Ownership wins over a preference, and null takes both away.
    """
    for name, claim in (("owner", Claim.OWNED), ("preferred_agent", Claim.PREFERRED)):
        if told.get(name) is not None:
            return claim, find_person(told[name], field=name)
    is_cleared = "owner" in told or "preferred_agent" in told
    return (Claim.ANY if is_cleared else None), None


def refuse_other_person(request: Request, *, person: User | None) -> None:
    """Refuse an agent who promises in somebody else's name, and a supervisor out of their teams."""
    if person is not None and person.pk != caller(request).pk:
        refuse_target(caller(request), None, team=None, person=person)


def _at(at: datetime, *, zone: str, now: datetime) -> Slot:
    """Return the slot of an instant. The first and last days there are have no clock somewhere."""
    try:
        check_ahead(at, now=now)
        return at_instant(at, zone=zone)
    except SlotError as error:
        raise CallbackRefusedError(error.code, field="due_at") from error
