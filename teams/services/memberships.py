"""Who is in which team, and in which order."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Max

from teams.models import Membership, Team, User


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
