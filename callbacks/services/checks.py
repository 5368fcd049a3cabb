"""What a callback must be like, whoever schedules or changes it: number, team, people and time."""

import re
from collections.abc import Iterator
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import PhoneNumberFormat

from callbacks.models import CallbackSettings
from callbacks.models.callback import E164
from callbacks.refusals import CallbackRefusedError, WarnedError
from callbacks.slots import Slot, SlotError, after_gap, at_wall_time, check_ahead, is_between
from callbacks.zone_rules import RELEASE
from channels.models import Channel
from teams.hours import is_open
from teams.loaders import load_hours_version, load_shifts
from teams.models import Membership, Shift, Team, User
from teams.shifts import is_on_shift

#: What the table has room for.
LONGEST_NUMBER = 40
_E164 = re.compile(E164)


class Claim(StrEnum):
    """Whose a callback is: anybody's of the team, one person's if possible, one person's alone."""

    ANY = "any"
    PREFERRED = "preferred"
    OWNED = "owned"


def settings_of(team: Team) -> CallbackSettings:
    """Return what a team allows; unsaved defaults if it never said."""
    settings = CallbackSettings.objects.filter(team=team).first()
    if settings is None:
        return CallbackSettings(team=team)
    settings.team = team  # as the caller has read it
    return settings


def read_number(number: str, *, country_code: str = "") -> str:
    """Return a number as E.164. One without a country is read as people there write it.

    Raises `CallbackRefusedError`: `invalid_number`.
    """
    try:
        parsed = phonenumbers.parse(number, country_code.upper() or None)
    except phonenumbers.NumberParseException as error:
        raise CallbackRefusedError("invalid_number", field="phone") from error
    if not phonenumbers.is_valid_number(parsed):
        raise CallbackRefusedError("invalid_number", field="phone")
    return phonenumbers.format_number(parsed, PhoneNumberFormat.E164)


def keep_number(number: str) -> str:
    """Return a number that nobody wants checked: as it was given, but not blank."""
    kept = number.strip()
    if not kept or len(kept) > LONGEST_NUMBER:
        raise CallbackRefusedError("invalid_number", field="phone")
    return kept


def check_caller_id(caller_id: str) -> None:
    """Raise `CallbackRefusedError` unless it is E.164, or blank."""
    if caller_id and not _E164.search(caller_id):
        raise CallbackRefusedError("invalid_caller_id", field="caller_id")


def check_team(team: Team) -> None:
    if not team.is_active:
        raise CallbackRefusedError("queue_inactive", field="team", team=team.name)


def check_agent(claim: Claim, *, agent: User | None, team: Team) -> User | None:
    """Return whom a claim names: nobody for `ANY`.

    Raises `CallbackRefusedError`: `owned_not_enabled`, or `invalid_owner` for somebody who is not
    there any more or, to own it, is no member of the team.
    """
    if claim is Claim.ANY:
        return None
    field = "owner" if claim is Claim.OWNED else "preferred_agent"
    if claim is Claim.OWNED and not settings_of(team).is_owning_enabled:
        raise CallbackRefusedError("owned_not_enabled", field=field, team=team.name)
    if agent is None or not agent.is_active:
        raise CallbackRefusedError("invalid_owner", field=field)
    if claim is Claim.OWNED and not Membership.objects.filter(team=team, user=agent).exists():
        raise CallbackRefusedError("invalid_owner", field=field)
    return agent


def read_wall_time(day: date, clock: time, *, zone: str) -> Slot:
    """Return the time that a clock on a wall means.

    Raises `CallbackRefusedError`: `unknown_zone`, or `nonexistent_local_time` with the clock that
    is put forward `instead`.
    """
    try:
        return at_wall_time(day, clock, zone=zone)
    except SlotError as error:
        if error.code != "nonexistent_local_time":
            field = "timezone" if error.code == "unknown_zone" else "local_time"
            raise CallbackRefusedError(error.code, field=field) from error
        instead = f"{after_gap(day, clock, zone=zone).astimezone(ZoneInfo(zone)):%H:%M}"
        raise CallbackRefusedError(error.code, field="local_time", instead=instead) from error


def check_time(slot: Slot, *, settings: CallbackSettings, claim: Claim, now: datetime) -> None:
    """Raise `CallbackRefusedError` unless it is neither past nor further ahead than allowed."""
    ahead_s = settings.owned_ahead_s if claim is Claim.OWNED else None
    try:
        check_ahead(slot.at, owned_ahead_s=ahead_s, now=now)
    except SlotError as error:
        raise CallbackRefusedError(error.code, field="local_time", ahead_s=ahead_s) from error


def check_warnings(
    slot: Slot, *, settings: CallbackSettings, owner: User | None, override_reason: str
) -> None:
    """Raise `WarnedError` if something speaks against the time, and nobody says why it is right.

    The customer's clock is outside the hours in which the team calls; the team is closed; or the
    owner has shifts, and none at that time.
    """
    if override_reason.strip():
        return
    warnings = tuple(find_warnings(slot, settings=settings, owner=owner))
    if warnings:
        raise WarnedError(warnings)


def find_warnings(slot: Slot, *, settings: CallbackSettings, owner: User | None) -> Iterator[str]:
    """Yield what speaks against a time: `quiet_hours`, `team_closed`, `owner_away`."""
    if not is_between(slot, first=settings.call_from, last=settings.call_until):
        yield "quiet_hours"
    if not is_team_open(settings.team, at=slot.at):
        yield "team_closed"
    if owner is not None and _is_away(owner, at=slot.at):
        yield "owner_away"


def is_team_open(team: Team, *, at: datetime) -> bool:
    """Say whether a team is open at an instant; without a calendar it always is."""
    if team.hours is None:
        return True
    return is_open(load_hours_version(team.hours.pk, team.hours.version), at=at)


def check_channel(channel: Channel) -> Channel:
    if not channel.is_active:
        raise CallbackRefusedError("channel_required", field="channel")
    return channel


def columns_of(slot: Slot) -> dict[str, Any]:
    """Return a time as the columns of a callback: the clock on the wall, its zone, the instant."""
    return {
        "wall_date": slot.day,
        "wall_clock": slot.clock,
        "zone": slot.zone,
        "zone_rules": RELEASE,
        "due_at": slot.at,
        "look_due_at": slot.at,
    }


def _is_away(person: User, *, at: datetime) -> bool:
    """Say whether the person has shifts and none of them covers the instant."""
    shifts = load_shifts(Shift.objects.filter(membership__user=person)).get(person.pk)
    return bool(shifts) and not is_on_shift(shifts or (), at=at)
