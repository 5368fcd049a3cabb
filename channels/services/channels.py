"""Setting up channels and their human agents."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from channels.models import Channel, ChannelMember, Provider
from teams.models import User


@transaction.atomic
def create(*, provider: str, name: str, now: datetime, **fields: Any) -> Channel:
    """Create a channel. A simulator gets credentials of its own, made up here.

    Raises `ValidationError` naming the fields.
    """
    channel = Channel(provider=provider, name=name.strip(), **fields)
    prepare(channel)
    channel.full_clean()
    channel.save()
    return channel


def prepare(channel: Channel) -> None:
    """Fill in what nobody types: the simulator's account, its secret and its number."""
    if channel.provider != Provider.SIMULATOR:
        return
    channel.account_sid = channel.account_sid or f"AC{secrets.token_hex(16)}"
    channel.auth_token = channel.auth_token or secrets.token_hex(16)
    channel.phone_number = channel.phone_number or f"+1555{secrets.randbelow(10**7):07d}"


@transaction.atomic
def update(channel: Channel, *, now: datetime, **changes: Any) -> Channel:
    """Change a channel's settings. New credentials clear what was wrong with the old ones.

    Raises `ValidationError` naming the fields.
    """
    for name, value in changes.items():
        setattr(channel, name, value)
    channel.broken_at, channel.broken_reason = None, ""
    # A secret that nobody can read is no reason not to change something else.
    channel.full_clean(exclude={"auth_token"} - changes.keys())
    channel.save(update_fields=[*changes, "broken_at", "broken_reason"])
    return channel


@transaction.atomic
def join(channel: Channel, *, user: User, now: datetime) -> ChannelMember:
    """Add a human agent at the end of the channel's order; again is no change."""
    last = channel.memberships.aggregate(last=Max("position"))["last"]
    position = 0 if last is None else last + 1
    member, is_new = ChannelMember.objects.get_or_create(
        channel=channel, user=user, defaults={"position": position}
    )
    if is_new:
        User.objects.filter(pk=user.pk).update(offer_due_at=now)
    return member


@transaction.atomic
def leave(channel: Channel, *, user: User, now: datetime) -> None:
    """Take a human agent off a channel. The circle goes on from the one before them."""
    Channel.objects.select_for_update().get(pk=channel.pk)
    order = list(channel.memberships.values_list("user_id", flat=True))
    if user.pk not in order:
        return
    before = order[order.index(user.pk) - 1] if len(order) > 1 else None
    Channel.objects.filter(pk=channel.pk, cursor_member=user).update(cursor_member=before)
    channel.memberships.filter(user=user).delete()


@transaction.atomic
def reorder(channel: Channel, *, user_ids: Sequence[int], now: datetime) -> None:
    """Put the human agents into the given order. Those that are not named keep theirs, behind."""
    place = {user_id: index for index, user_id in enumerate(user_ids)}
    members = list(channel.memberships.all())
    members.sort(key=lambda m: (place.get(m.user_id, len(place)), m.position, m.pk))
    for position, member in enumerate(members):
        member.position = position
    ChannelMember.objects.bulk_update(members, ["position"])
