"""Who is planned to work when, and what happens when somebody's shift begins."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from itertools import chain

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from teams.loaders import load_shifts, shift_specs, that_may_matter
from teams.models import Membership, Shift, Team, User
from teams.services import sweeps
from teams.shifts import ShiftKind, ShiftSpec, is_on_shift, next_start
from teams.time_zones import validate_time_zone

#: Rows of one member's plan; a year of single dates has room.
MOST_SHIFTS = 400
FIRST_DATE = date(2000, 1, 1)
LAST_DATE = date(2199, 12, 31)


@transaction.atomic
def set_shifts(membership: Membership, *, shifts: Sequence[ShiftSpec], now: datetime) -> None:
    """Replace a member's plan in this team. Raises `ValidationError` with a sentence.

    A new plan may put the person on shift at once, so they are marked for the sweep.
    """
    _refuse_wrong(shifts)
    Membership.objects.select_for_update().get(pk=membership.pk)
    Shift.objects.filter(membership=membership).delete()
    Shift.objects.bulk_create(_row(membership, shift) for shift in shifts)
    _mark_next_start(membership, shifts, now=now)
    if is_on_shift(shifts, at=now):
        User.objects.filter(pk=membership.user_id).update(offer_due_at=now)


@transaction.atomic
def replace_plans(team: Team, *, plans: Mapping[int, Sequence[ShiftSpec]], now: datetime) -> None:
    """Replace the plans of all members: person -> shifts. Whoever is not named has none."""
    for membership in team.memberships.order_by("user_id", "pk"):
        set_shifts(membership, shifts=plans.get(membership.user_id, ()), now=now)


def start_next_shift(*, now: datetime) -> bool:
    """Let one member whose shift begins take what waits; say whether there was one."""
    due = Membership.objects.filter(starts_due_at__lte=now).order_by("starts_due_at", "pk")
    return sweeps.do_next(
        due, mark="starts_due_at", work=lambda member: _start(member, now=now), now=now
    )


def user_ids_on_shift(team_id: int, *, at: datetime) -> frozenset[int]:
    """Return who of a team is on shift at an instant. Somebody without a plan never is."""
    plans = load_shifts(Shift.objects.filter(that_may_matter(at), membership__team_id=team_id))
    # Many people work by the same plan: each is looked at once.
    alike: dict[tuple[ShiftSpec, ...], list[int]] = {}
    for user_id, plan in plans.items():
        alike.setdefault(tuple(plan), []).append(user_id)
    on_shift = (people for plan, people in alike.items() if is_on_shift(plan, at=at))
    return frozenset(chain.from_iterable(on_shift))


def _start(membership: Membership, *, now: datetime) -> None:
    User.objects.filter(pk=membership.user_id).update(offer_due_at=now)
    _mark_next_start(membership, shift_specs(membership.shifts.all()), now=now)


def _mark_next_start(membership: Membership, shifts: Sequence[ShiftSpec], *, now: datetime) -> None:
    membership.starts_due_at = next_start(shifts, after=now)
    membership.save(update_fields=["starts_due_at"])


def _row(membership: Membership, shift: ShiftSpec) -> Shift:
    is_timed = shift.kind is not ShiftKind.OFF
    return Shift(
        membership=membership,
        kind=shift.kind.value,
        weekday=shift.weekday,
        date=shift.day,
        start=shift.start if is_timed else None,
        end=shift.end if is_timed else None,
        time_zone=shift.zone,
        valid_from=shift.valid_from,
        valid_until=shift.valid_until,
    )


def _refuse_wrong(shifts: Sequence[ShiftSpec]) -> None:
    if len(shifts) > MOST_SHIFTS:
        text = _("A plan has at most %(most)d lines.")
        raise ValidationError(text % {"most": MOST_SHIFTS})
    for shift in shifts:
        validate_time_zone(shift.zone)
        _refuse_wrong_dates(shift)


def _refuse_wrong_dates(shift: ShiftSpec) -> None:
    needed = {
        ShiftKind.WEEKLY: (shift.weekday is not None, _("Say on which weekday.")),
        ShiftKind.SINGLE: (shift.day is not None, _("Say on which date.")),
        ShiftKind.OFF: (
            shift.valid_from is not None and shift.valid_until is not None,
            _("Say from which date until which date."),
        ),
    }
    is_given, text = needed[shift.kind]
    if not is_given:
        raise ValidationError(text)
    dates = [day for day in (shift.day, shift.valid_from, shift.valid_until) if day is not None]
    if any(not FIRST_DATE <= day <= LAST_DATE for day in dates):
        raise ValidationError(_("Enter dates from the years 2000 to 2199."))
    if dates != sorted(dates):
        raise ValidationError(_("The last date is before the first."))
