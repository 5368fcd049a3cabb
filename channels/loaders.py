"""A channel's hours and texts, as the values that answer."""

from datetime import datetime

from channels.greetings import Closure, TextKind
from channels.models import Channel, ChannelText
from teams.hours import Hours, explain, is_open
from teams.loaders import load_hours_version
from teams.models import BusinessHours

#: Where a channel was read together with the version of its hours.
HOURS_VERSION = "hours_version"


def load_channel_hours(channel: Channel) -> Hours | None:
    """Return the calendar that a channel goes by; None: it is always open.

    No query where the version of the calendar was read with the channel, and is known.
    """
    if channel.hours_id is None:
        return None
    version = vars(channel).get(HOURS_VERSION)
    if version is None:
        version = BusinessHours.objects.values_list("version", flat=True).get(pk=channel.hours_id)
    return load_hours_version(channel.hours_id, version)


def load_closure(channel: Channel, *, at: datetime) -> Closure | None:
    """Return the stretch in which the channel is closed at an instant; None while it is open."""
    hours = load_channel_hours(channel)
    if hours is None:
        return None
    why = explain(hours, at=at)
    return None if why.is_open else Closure(why.since, why.until)


def load_is_open(channel: Channel, *, at: datetime) -> bool:
    """Say whether the channel is open at an instant; without a calendar it always is."""
    hours = load_channel_hours(channel)
    return hours is None or is_open(hours, at=at)


def load_texts(channel: Channel, *, kind: TextKind) -> dict[str, str]:
    """Return a channel's texts of a kind, by language, in one query."""
    rows = ChannelText.objects.filter(channel=channel, kind=kind)
    return dict(rows.values_list("language", "text"))
