"""Setting up channels and their human agents."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max

from channels.models import Channel, ChannelMember, Provider
from channels.secrets import is_readable, is_set
from channels.services import templates
from teams.models import User
from teams.services import sweeps

#: How long what the old auth token signs is accepted, once there is a new one.
TOKEN_OVERLAP = timedelta(days=7)
#: Providers that list what they took for us, and how long after a change of settings we ask.
FETCHING = {Provider.TWILIO}
FETCH_AFTER = timedelta(minutes=1)
SECRETS = {
    "auth_token",
    "second_auth_token",
    "api_key_secret",
    "access_token",
    "app_secret",
    "dev_secret",
}


@transaction.atomic
def create(*, provider: str, name: str, now: datetime, **fields: Any) -> Channel:
    """Create a channel. A simulator gets credentials of its own, made up here.

    Raises `ValidationError` naming the fields.
    """
    channel = Channel(provider=provider, name=name.strip(), **fields)
    prepare(channel)
    channel.fetch_due_at = _next_fetch(channel, now=now)
    channel.full_clean()
    channel.save()
    templates.plan(channel, now=now)
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
    channel.fetch_due_at, channel.fetch_failures = _next_fetch(channel, now=now), 0
    # A secret that nobody can read is no reason not to change something else.
    channel.full_clean(exclude=SECRETS - changes.keys())
    also = ("broken_at", "broken_reason", "fetch_due_at", "fetch_failures")
    channel.save(update_fields=[*changes, *also])
    templates.plan(channel, now=now)
    return channel


def _next_fetch(channel: Channel, *, now: datetime) -> datetime | None:
    """Return when to compare with the provider's list; None where there is none to compare with."""
    return now + FETCH_AFTER if channel.provider in FETCHING and channel.is_active else None


@transaction.atomic
def replace_token(
    channel: Channel, *, token: str, now: datetime, overlap: timedelta = TOKEN_OVERLAP
) -> Channel:
    """Send with a new auth token from now on; accept what the old one signs for a while longer.

    Twilio signs with the old one until the new one is promoted there, and whatever was signed
    before may still be on its way.
    """
    locked = Channel.objects.select_for_update(of=("self",)).get(pk=channel.pk)
    keeps_old = overlap > timedelta(0) and is_set(locked, "auth_token")
    old = vars(locked)["auth_token"] if keeps_old and is_readable(locked, "auth_token") else ""
    return update(
        locked,
        now=now,
        auth_token=token,
        second_auth_token=old,
        second_token_drop_due_at=now + overlap if old else None,
    )


def drop_second_token(channel: Channel) -> None:
    """Accept no more what the second token signs."""
    Channel.objects.filter(pk=channel.pk).update(
        second_auth_token="", second_token_drop_due_at=None
    )


def drop_next_second_token(*, now: datetime) -> bool:
    """Drop one second token whose time is over; say whether there was one."""
    due = Channel.objects.filter(second_token_drop_due_at__lte=now)
    return sweeps.do_next(
        due.order_by("second_token_drop_due_at", "pk"),
        mark="second_token_drop_due_at",
        work=drop_second_token,
        now=now,
    )


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
