"""The line below a form that asks for a time: what it is on whose clock, what speaks against it.

Written by the server for whatever the form holds, and again while somebody types.
"""

from dataclasses import dataclass
from datetime import datetime

from django.forms import Form
from django.utils.formats import date_format, time_format
from django.utils.translation import gettext as _

from callbacks.models import CallbackSettings
from callbacks.refusal_words import WARNINGS, explain
from callbacks.refusals import CallbackRefusedError
from callbacks.services import checks
from callbacks.slots import Slot, SlotError, check_ahead
from teams.instants import written_instant
from teams.models import Team, User


@dataclass(frozen=True, slots=True)
class WhenLine:
    """`problem` is why it cannot be that time; else `sentences` say when it is, for everybody."""

    sentences: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    problem: str = ""


def build_line(slot: Slot, *, team: Team | None, owner: User | None, now: datetime) -> WhenLine:
    """Return what is to be said of a time: it is not refused before it is sent."""
    settings = checks.settings_of(team) if team is not None else None
    ahead_s = settings.owned_ahead_s if settings is not None and owner is not None else None
    try:
        check_ahead(slot.at, owned_ahead_s=ahead_s, now=now)
    except SlotError as error:
        return WhenLine(problem=_problem(error, ahead_s=ahead_s))
    return WhenLine(
        sentences=tuple(_sentences(slot, team=team)),
        warnings=tuple(_warnings(slot, settings=settings, owner=owner)),
    )


def line_of_errors(form: Form) -> WhenLine:
    """Return why a form names no time at all."""
    found = [str(error) for errors in form.errors.values() for error in errors]
    return WhenLine(problem=found[0] if found else "")


def _problem(error: SlotError, *, ahead_s: int | None) -> str:
    refused = CallbackRefusedError(error.code, ahead_s=ahead_s)
    return explain(refused)


def _sentences(slot: Slot, *, team: Team | None) -> list[str]:
    day = f"{date_format(slot.day, 'D')} {date_format(slot.day, 'MONTH_DAY_FORMAT')}"
    there = {"time": f"{day} {time_format(slot.clock, 'H:i')}", "zone": slot.zone}
    found = [
        _("Customer's time: %(time)s (%(zone)s).") % there,
        _("Your time: %(time)s.") % {"time": written_instant(slot.at)},
    ]
    if slot.is_ambiguous:
        found.append(
            _("The clocks are put back then and show this time twice: the earlier one is meant.")
        )
    if team is not None and checks.is_team_open(team, at=slot.at):
        found.append(_("%(team)s is open then.") % {"team": team.name})
    return found


def _warnings(slot: Slot, *, settings: CallbackSettings | None, owner: User | None) -> list[str]:
    if settings is None:
        return []
    return [
        str(WARNINGS[name]) for name in checks.find_warnings(slot, settings=settings, owner=owner)
    ]
