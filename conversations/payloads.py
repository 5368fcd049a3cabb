"""Events as other systems see them: public ids and codes in place of our keys, and nothing secret.

The one place where the facts of an event are translated; the API's list of events and what the
endpoints are sent are made here.
"""

import base64
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from channels.models import Channel, Envelope
from conversations.models import Attachment, Contact, Conversation, Event, FileState, Message
from conversations.models.message import Direction
from teams.api.public_ids import with_public_ids
from teams.models import Team, User

#: What an event's facts call the reason of it; told apart from what changed.
_CAUSES = ("decision", "reason", "note", "by", "outcome")
_SAMPLE_ID = "01990000-0000-7000-8000-{:012d}"


def build_facts(events: Iterable[Event]) -> list[dict[str, Any]]:
    """Return the facts of each event with public ids, for all of them at one query a table."""
    return with_public_ids(event.data for event in events)


def build_actor(event: Event) -> dict[str, Any]:
    """Return who did it. `event.actor` is loaded by the caller."""
    person = event.actor
    return {
        "kind": event.actor_kind,
        "id": str(person.public_id) if person else None,
        "label": event.actor_label or (person.name if person else ""),
    }


def load_event(event_id: int) -> Event:
    """Return an event with all that its payload speaks of, but the message."""
    event: Event = Event.objects.select_related(
        "actor",
        "contact",
        "conversation__contact",
        "conversation__channel",
        "conversation__team",
        "conversation__assignee",
    ).get(pk=event_id)
    return event


def build_payload(event: Event) -> dict[str, Any]:
    """Return what an endpoint is sent: what happened, who and what made it so, and how things are.

    Of the conversation it says what is true when it is sent, not when it happened.
    """
    facts = build_facts([event])[0]
    conversation = event.conversation
    contact = conversation.contact if conversation else event.contact
    data: dict[str, Any] = {
        "event_id": str(event.public_id),
        "actor": build_actor(event),
        "cause": {name: facts.pop(name) for name in _CAUSES if name in facts},
        "conversation": _conversation(conversation) if conversation else None,
        "contact": _contact(contact) if contact else None,
        "channel": _channel(conversation.channel) if conversation else None,
        "changes": facts,
    }
    message = _load_message(event)
    if message is not None:
        data["message"] = _message(message)
    return {"type": event.type, "timestamp": _instant(event.occurred_at), "data": data}


def add_raw(payload: dict[str, Any], event: Event) -> None:
    """Put the provider's request into the payload, as it came, where there was one."""
    envelope = _load_envelope(event)
    if envelope is None:
        return
    body = bytes(envelope.raw_body)
    raw: dict[str, Any] = {
        "provider": envelope.channel.provider,
        "content_type": envelope.content_type,
    }
    try:
        raw["body"] = body.decode("utf-8")
    except UnicodeDecodeError:
        raw["body_base64"] = base64.b64encode(body).decode()
    payload["data"]["raw"] = raw


def build_sample(type_: str, *, now: datetime) -> dict[str, Any]:
    """Return an example of an event, in which nothing is real and `test` says so."""
    payload: dict[str, Any] = {
        "type": type_,
        "timestamp": _instant(now),
        "data": {
            "test": True,
            "event_id": _SAMPLE_ID.format(1),
            "actor": {"kind": "system", "id": None, "label": ""},
            "cause": {},
            "conversation": {
                "id": _SAMPLE_ID.format(2),
                "status": "new",
                "priority": 0,
                "tags": [],
                "version": 1,
                "opened_at": _instant(now),
                "team": None,
                "assignee": None,
            },
            "contact": {"id": _SAMPLE_ID.format(3), "name": "Dora", "phone": "+15550100"},
            "channel": {
                "id": _SAMPLE_ID.format(4),
                "name": "WhatsApp",
                "provider": "simulator",
                "medium": "whatsapp",
            },
            "changes": {},
        },
    }
    if type_.startswith("message."):
        payload["data"]["message"] = {
            "id": _SAMPLE_ID.format(5),
            "sequence": 1,
            "direction": "inbound",
            "author_kind": "contact",
            "author": None,
            "kind": "text",
            "body": "Where is my order?",
            "media": [],
            "attachments": [],
            "delivery_status": None,
            "created_at": _instant(now),
        }
    return payload


def to_bytes(payload: dict[str, Any]) -> bytes:
    """Return the bytes that are signed, and sent as they are signed."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _conversation(conversation: Conversation) -> dict[str, Any]:
    return {
        "id": str(conversation.public_id),
        "status": conversation.status,
        "priority": conversation.priority,
        "tags": conversation.tags,
        "version": conversation.version,
        "opened_at": _instant(conversation.opened_at),
        "team": _team(conversation.team),
        "assignee": _person(conversation.assignee),
    }


def _contact(contact: Contact) -> dict[str, Any]:
    return {"id": str(contact.public_id), "name": contact.name, "phone": contact.phone}


def _channel(channel: Channel) -> dict[str, Any]:
    return {
        "id": str(channel.public_id),
        "name": channel.name,
        "provider": channel.provider,
        "medium": channel.medium,
    }


def _team(team: Team | None) -> dict[str, Any] | None:
    if team is None:
        return None
    return {"id": str(team.public_id), "code": team.code, "name": team.name}


def _person(person: User | None) -> dict[str, Any] | None:
    if person is None:
        return None
    return {
        "id": str(person.public_id),
        "name": person.name,
        "email": person.email,
        "code": person.code,
    }


def _message(message: Message) -> dict[str, Any]:
    """Return a message. What a note says is for colleagues: it stays here."""
    is_note = message.direction == Direction.NOTE
    return {
        "id": str(message.public_id),
        "sequence": message.sequence,
        "direction": message.direction,
        "author_kind": message.author_kind,
        "author": _person(message.author),
        "kind": message.kind,
        "body": None if is_note else message.whole_body,
        "media": message.media,
        "attachments": [_attachment(each) for each in message.whole_files],
        "delivery_status": message.whole_status or None,
        "created_at": _instant(message.created_at),
    }


def file_url(attachment: Attachment) -> str | None:
    """Return the address of a file in the API, for keys that may see it; None if it is not here."""
    if attachment.state != FileState.STORED:
        return None
    return f"{settings.PUBLIC_BASE_URL}/api/v1/attachments/{attachment.public_id}/content/"


def _attachment(attachment: Attachment) -> dict[str, Any]:
    return {
        "id": str(attachment.public_id),
        "position": attachment.position,
        "state": attachment.state,
        "content_type": attachment.content_type or None,
        "declared_type": attachment.declared_type or None,
        "size": attachment.size,
        "filename": attachment.filename or None,
        "error": attachment.error or None,
        "url": file_url(attachment),
    }


def _load_message(event: Event) -> Message | None:
    public_id = event.data.get("message")
    if public_id is None or event.conversation_id is None:
        return None
    messages = Message.objects.filter(public_id=public_id, conversation=event.conversation_id)
    return (
        messages.select_related("author")
        .prefetch_related("attachments", "parts__attachments")
        .order_by("pk")
        .first()
    )


def _load_envelope(event: Event) -> Envelope | None:
    message = _load_message(event)
    if message is None or message.direction != Direction.INBOUND:
        return None
    envelopes = Envelope.objects.filter(
        channel=message.channel_id, dedupe_key=message.provider_message_id or ""
    )
    return envelopes.select_related("channel").order_by("pk").first()


def _instant(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
