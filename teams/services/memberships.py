"""Who is in which team, and in which order."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Max, Q

from teams.models import Membership, Team, User

BATCH = 500


@transaction.atomic
def join(team: Team, *, user: User, now: datetime) -> Membership:
    """Add a person at the end of the team's order; again is no change.

    A new member may take what waits, so they are marked for the sweep.
    """
    last = team.memberships.aggregate(last=Max("position"))["last"]
    position = 0 if last is None else last + 1
    membership, is_new = Membership.objects.get_or_create(
        team=team, user=user, defaults={"position": position}
    )
    if is_new:
        User.objects.filter(pk=user.pk).update(offer_due_at=now)
    return membership


@transaction.atomic
def leave(team: Team, *, user: User, now: datetime) -> None:
    """Take a person out of a team. The circle goes on from the member before them."""
    Team.objects.select_for_update().get(pk=team.pk)
    order = list(team.memberships.values_list("user_id", flat=True))
    if user.pk not in order:
        return
    before = order[order.index(user.pk) - 1] if len(order) > 1 else None
    Team.objects.filter(pk=team.pk, cursor_member=user).update(cursor_member=before)
    Team.objects.filter(pk=team.pk, default_user=user).update(default_user=None)
    team.memberships.filter(user=user).delete()


@transaction.atomic
def reorder(team: Team, *, user_ids: Sequence[int], now: datetime) -> None:
    """Put the members into the given order. Members that are not named keep theirs, behind."""
    place = {user_id: index for index, user_id in enumerate(user_ids)}
    memberships = list(team.memberships.all())
    memberships.sort(key=lambda m: (place.get(m.user_id, len(place)), m.position, m.pk))
    for position, membership in enumerate(memberships):
        membership.position = position
    Membership.objects.bulk_update(memberships, ["position"])


@transaction.atomic
def replace_teams(wanted: Mapping[int, frozenset[int]], *, now: datetime) -> None:
    """Make people members of exactly these teams: person -> teams, for any number of people.

    As with joining and leaving one by one: who comes in comes last, in the order given, and may
    take what waits; the circle goes on from the member before whoever leaves.
    """
    coming: dict[int, list[int]] = {}
    for user_id, team_ids in wanted.items():
        for team_id in team_ids:
            coming.setdefault(team_id, []).append(user_id)
    leaving: list[int] = []
    joining: list[Membership] = []
    for team, order in _lock_orders(coming.keys(), user_ids=wanted.keys()):
        gone = {m.user_id for m in order if team.pk not in wanted.get(m.user_id, {team.pk})}
        leaving += [m.pk for m in order if m.user_id in gone]
        _forget(team, order=[m.user_id for m in order], gone=gone)
        joining += _append(team, order=order, user_ids=coming.get(team.pk, ()))
    Membership.objects.filter(pk__in=leaving).delete()
    Membership.objects.bulk_create(joining, batch_size=BATCH)
    User.objects.filter(pk__in={m.user_id for m in joining}).update(offer_due_at=now)


def _lock_orders(
    team_ids: Collection[int], *, user_ids: Collection[int]
) -> list[tuple[Team, list[Membership]]]:
    """Lock these teams, and those that these people are in; return each with its members."""
    theirs = Membership.objects.filter(user__in=user_ids).values("team_id")
    touched = Team.objects.filter(Q(pk__in=team_ids) | Q(pk__in=theirs)).order_by("pk")
    teams = {team.pk: team for team in touched.select_for_update(no_key=True)}
    orders: dict[int, list[Membership]] = {pk: [] for pk in teams}
    for membership in Membership.objects.filter(team__in=teams):
        orders[membership.team_id].append(membership)
    return [(team, orders[pk]) for pk, team in teams.items()]


def _append(
    team: Team, *, order: Sequence[Membership], user_ids: Iterable[int]
) -> Iterator[Membership]:
    members = {membership.user_id for membership in order}
    after = order[-1].position + 1 if order else 0
    coming = (user_id for user_id in user_ids if user_id not in members)
    for index, user_id in enumerate(coming):
        yield Membership(team=team, user_id=user_id, position=after + index)


def _forget(team: Team, *, order: Sequence[int], gone: set[int]) -> None:
    """Let a team no longer point to people who leave it."""
    if team.cursor_member_id in gone:
        index = order.index(team.cursor_member_id) if team.cursor_member_id in order else 0
        circle = [*order[index:], *order[:index]]
        before = next((user for user in reversed(circle) if user not in gone), None)
        Team.objects.filter(pk=team.pk).update(cursor_member=before)
    if team.default_user_id in gone:
        Team.objects.filter(pk=team.pk).update(default_user=None)
