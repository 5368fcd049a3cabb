"""What goes into the hot statements and what comes out."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Incoming:
    """One verified message of a customer, ready to be stored. `envelope_id` is set on a replay."""

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
    envelope_id: int | None = None


@dataclass(frozen=True, slots=True)
class Sender:
    identity_id: int
    contact_id: int


@dataclass(frozen=True, slots=True)
class Appended:
    """What the first statement found: no `envelope_id` means a duplicate.

    `conversation_id` and `assignee_id` are those of the open conversation it was appended to.
    """

    envelope_id: int | None = None
    sender: Sender | None = None
    conversation_id: int | None = None
    assignee_id: int | None = None


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
