"""Writing down what happened. Events are born here only, in the transaction of the change."""

from datetime import datetime
from typing import Any

from conversations.actors import Actor
from conversations.event_types import EventType
from conversations.models import Contact, Conversation, Event


def record(
    type: EventType,
    *,
    conversation: Conversation,
    actor: Actor,
    now: datetime,
    data: dict[str, Any] | None = None,
) -> Event:
    """Write one event of a conversation. `data` holds codes, public ids and facts; no secrets."""
    return Event.objects.create(
        type=type,
        conversation_id=conversation.pk,
        contact_id=conversation.contact_id,
        actor_kind=actor.kind,
        actor_id=actor.user_id,
        actor_label=actor.label,
        data=data or {},
        occurred_at=now,
    )


def record_of_contact(
    type: EventType,
    *,
    contact: Contact,
    actor: Actor,
    now: datetime,
    data: dict[str, Any] | None = None,
) -> Event:
    """Write one event of a contact, whatever conversations there are."""
    return Event.objects.create(
        type=type,
        contact_id=contact.pk,
        actor_kind=actor.kind,
        actor_id=actor.user_id,
        actor_label=actor.label,
        data=data or {},
        occurred_at=now,
    )


def record_of_house(
    type: EventType, *, actor: Actor, now: datetime, data: dict[str, Any] | None = None
) -> Event:
    """Write one event that is about no customer: something that counts for the whole desk."""
    return Event.objects.create(
        type=type,
        actor_kind=actor.kind,
        actor_id=actor.user_id,
        actor_label=actor.label,
        data=data or {},
        occurred_at=now,
    )
