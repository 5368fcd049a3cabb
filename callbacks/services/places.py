"""Where a callback belongs that another system schedules without a conversation."""

from datetime import datetime

from callbacks.refusals import CallbackRefusedError
from callbacks.services.checks import check_channel, settings_of
from channels.models import Channel
from conversations.models import Conversation, Identity
from conversations.services import identities
from teams.models import Team


def find_place(
    number: str, *, team: Team, channel: Channel | None, name: str, now: datetime
) -> tuple[Channel, Identity]:
    """Return the channel on which it is opened, and who is called there.

    The channel is the one that is given; else that of the newest conversation with this number;
    else the one that the team's settings name; else the only active one there is.
    Raises `CallbackRefusedError`: `channel_required`.
    """
    known = _last_talk(number) if channel is None else None
    if known is not None:
        return known.channel, known.identity
    place = check_channel(channel or settings_of(team).channel or _only_one())
    return place, identities.find_or_make(place.medium, number, name=name, now=now)


def _last_talk(number: str) -> Conversation | None:
    talks = Conversation.objects.filter(identity__address=number, channel__is_active=True)
    talk: Conversation | None = (
        talks.select_related("channel", "identity__contact").order_by("-pk").first()
    )
    return talk


def _only_one() -> Channel:
    active = list(Channel.objects.filter(is_active=True).order_by("pk")[:2])
    if len(active) != 1:
        raise CallbackRefusedError("channel_required", field="channel")
    return active[0]
