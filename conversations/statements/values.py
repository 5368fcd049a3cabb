"""What goes into the hot statements and what comes out."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Incoming:
    """One verified message of a customer, ready to be stored."""

    channel_id: int
    medium: str
    address: str
    text: str
    kind: str
    media: tuple[dict[str, str], ...]
    profile_name: str
    provider_message_id: str
    signature: str
    content_type: str
    raw_body: bytes
    message_public_id: uuid.UUID
    now: datetime
    #: What else the sender is known by at the provider.
    other_addresses: tuple[str, ...] = ()
    #: Set where the provider's id is taken already, by the very request that is processed again.
    envelope_key: str = ""

    @property
    def dedupe_key(self) -> str:
        return self.envelope_key or self.provider_message_id

    @property
    def phone(self) -> str:
        """The number that a new contact is given; blank where the address is none."""
        return self.address[:16] if self.address.startswith("+") else ""

    @property
    def files(self) -> list[dict[str, str]]:
        return [entry for entry in self.media if entry["kind"] == "file"]


@dataclass(frozen=True, slots=True)
class Sender:
    identity_id: int
    contact_id: int


@dataclass(frozen=True, slots=True)
class Appended:
    """What was found. Without a `conversation_id` nothing was stored: it was stored before, or
    there is no open conversation, or (no `sender`) nobody with this address is known."""

    sender: Sender | None = None
    conversation_id: int | None = None
    is_duplicate: bool = False


@dataclass(frozen=True, slots=True)
class Welcomed:
    """What was made. Without a `conversation_id` it was stored before, or somebody was faster."""

    contact_id: int = 0
    conversation_id: int | None = None
    is_duplicate: bool = False


@dataclass(frozen=True, slots=True)
class Handover:
    """Give a conversation to a person. `load_limit` None: do not look at the load.

    `seen_version` is the conversation's version that the decision saw.
    """

    conversation_id: int
    contact_id: int
    seen_version: int
    user_id: int
    team_id: int | None
    kind: str
    tags: tuple[str, ...] | None
    priority: int | None
    load_limit: int | None
    reply_due_at: datetime | None
    actor_kind: str
    actor_id: int | None
    actor_label: str
    event_data: dict[str, Any]
    now: datetime
