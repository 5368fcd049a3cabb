"""Who is on the simulated phone, and to which channel they write: as an address or form says."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from channels.models import Channel, Provider
from channels.secrets import is_readable
from conversations.models import Contact, Identity
from routing.simulator import people
from routing.simulator.people import Persona
from routing.simulator.requests import Caller

MAX_NAME = 80


@dataclass(frozen=True, slots=True)
class Seat:
    """One customer's phone, with its chat with one channel."""

    channel: Channel
    persona: Persona

    @property
    def caller(self) -> Caller:
        return Caller(self.persona.number, self.persona.name)

    @property
    def url(self) -> str:
        chosen = {"channel": self.channel.public_id, "as": self.persona.number}
        if self.persona.name:
            chosen["name"] = self.persona.name
        return f"{reverse('simulator')}?{urlencode(chosen)}"


def list_channels() -> list[Channel]:
    """Return the channels that can be simulated: no real provider's, none with a lost secret."""
    simulators = Channel.objects.filter(provider=Provider.SIMULATOR, is_active=True)
    return [row for row in simulators.order_by("name", "pk") if is_readable(row, "auth_token")]


def find_seat(chosen: Mapping[str, str]) -> Seat | None:
    """Return the chosen channel and person; what is missing or wrong falls back to the first.

    None where there is no channel to simulate.
    """
    channels = list_channels()
    if not channels:
        return None
    public_id = parse_uuid(chosen.get("channel", ""))
    channel = next((c for c in channels if c.public_id == public_id), channels[0])
    number = chosen.get("as", "").strip()
    if not people.NUMBER.match(number):
        return Seat(channel, people.PREPARED[0])
    name = chosen.get("name", "").replace("\x00", "").strip()[:MAX_NAME]
    return Seat(channel, people.find(number, name=name or _known_name(channel, number)))


def next_number() -> str:
    """Return a number that nobody writes from yet, from a range that was never given out."""
    taken = Identity.objects.filter(address__startswith=people.NEW_PREFIX).count()
    room = 10**people.NEW_DIGITS
    return f"{people.NEW_PREFIX}{(taken + 1) % room:0{people.NEW_DIGITS}d}"


def parse_uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _known_name(channel: Channel, number: str) -> str:
    contacts = Contact.objects.filter(identities__medium=channel.medium, identities__address=number)
    contact = contacts.order_by("pk").first()
    return contact.name if contact else ""
