"""The hot statements through the ORM, for databases without writable CTEs.

SQLite runs one writing transaction at a time (IMMEDIATE): looking first, writing then is safe.
"""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce

from channels.models import Envelope, EnvelopeOutcome
from conversations.models import Assignment, Contact, Conversation, Event, Identity, Message
from conversations.models.message import AuthorKind, Direction
from conversations.statements.values import Appended, Handover, Incoming, Sender, Welcomed
from conversations.states import OPEN, Status
from teams.models import User


@transaction.atomic
def append_to_open(incoming: Incoming) -> Appended:
    identity = Identity.objects.filter(medium=incoming.medium, address=incoming.address).first()
    if identity is None:
        return Appended()
    sender = Sender(identity.pk, identity.contact_id)
    conversation = Conversation.objects.filter(
        contact_id=identity.contact_id,
        channel_id=incoming.channel_id,
        status__in=[*OPEN, Status.BOT],
    ).first()
    if conversation is None:
        return Appended(sender)
    if not store_envelope(incoming):
        return Appended(sender, is_duplicate=True)
    Conversation.objects.filter(pk=conversation.pk).update(
        message_count=F("message_count") + 1,
        last_message_at=incoming.now,
        last_inbound_at=incoming.now,
        waiting_since=Coalesce("waiting_since", Value(incoming.now)),
    )
    conversation.message_count += 1
    _write_message(conversation, incoming)
    Event.objects.bulk_create([_received(conversation, incoming)])
    return Appended(sender, conversation.pk)


def welcome(incoming: Incoming) -> Welcomed:
    if not store_envelope(incoming):
        return Welcomed(is_duplicate=True)
    contact = Contact.objects.create(
        name=incoming.profile_name[:200],
        phone=incoming.phone,
        created_at=incoming.now,
    )
    identity = Identity.objects.create(
        contact=contact, medium=incoming.medium, address=incoming.address, created_at=incoming.now
    )
    conversation_id = _start(incoming, sender=Sender(identity.pk, contact.pk))
    return Welcomed(contact.pk, conversation_id)


def store_envelope(incoming: Incoming) -> bool:
    seen = Q(dedupe_key=incoming.dedupe_key)
    if incoming.signature:
        seen |= Q(signature=incoming.signature)
    if Envelope.objects.filter(seen, channel_id=incoming.channel_id).exists():
        return False
    Envelope.objects.create(
        channel_id=incoming.channel_id,
        dedupe_key=incoming.dedupe_key,
        signature=incoming.signature,
        content_type=incoming.content_type[:200],
        raw_body=incoming.raw_body,
        outcome=EnvelopeOutcome.ACCEPTED,
        received_at=incoming.now,
    )
    return True


def hold_addresses(medium: str, addresses: list[str]) -> None:
    """One transaction writes at a time: whoever is in one holds everything."""


def start_conversation(incoming: Incoming, *, sender: Sender) -> int | None:
    if not Identity.objects.filter(pk=sender.identity_id, contact=sender.contact_id).exists():
        return None  # the contacts were merged in between
    return _start(incoming, sender=sender)


def _start(incoming: Incoming, *, sender: Sender) -> int:
    now = incoming.now
    conversation = Conversation.objects.create(
        contact_id=sender.contact_id,
        identity_id=sender.identity_id,
        channel_id=incoming.channel_id,
        status=Status.NEW,
        message_count=1,
        opened_at=now,
        last_message_at=now,
        last_inbound_at=now,
        waiting_since=now,
        routing_due_at=now,
    )
    _write_message(conversation, incoming)
    created = _received(conversation, incoming)
    created.type, created.data = "conversation.created", {}
    Event.objects.bulk_create([created, _received(conversation, incoming)])
    return conversation.pk


def hand_over(handover: Handover) -> int | None:
    person = User.objects.filter(pk=handover.user_id, is_active=True)
    if handover.load_limit is not None:
        person = person.filter(load__lt=handover.load_limit)
    if not person.update(load=F("load") + 1, last_assigned_at=handover.now):
        return None
    changes = {"tags": handover.tags, "priority": handover.priority}
    moved = Conversation.objects.filter(
        pk=handover.conversation_id,
        version=handover.seen_version,
        assignee__isnull=True,
        status__in=OPEN,
    ).update(
        assignee_id=handover.user_id,
        team_id=handover.team_id,
        version=F("version") + 1,
        routing_due_at=None,
        placing_due_at=None,
        reply_due_at=handover.reply_due_at,
        **{name: value for name, value in changes.items() if value is not None},
    )
    return _write_assignment(handover) if moved else None


def hand_over_many(handovers: Sequence[Handover]) -> dict[int, int]:
    given = {each.conversation_id: hand_over(each) for each in handovers}
    return {conversation_id: made for conversation_id, made in given.items() if made is not None}


def _write_assignment(handover: Handover) -> int:
    assignment = Assignment.objects.create(
        conversation_id=handover.conversation_id,
        team_id=handover.team_id,
        user_id=handover.user_id,
        kind=handover.kind,
        actor_id=handover.actor_id,
        started_at=handover.now,
    )
    Event.objects.create(
        type="conversation.assigned",
        conversation_id=handover.conversation_id,
        contact_id=handover.contact_id,
        actor_kind=handover.actor_kind,
        actor_id=handover.actor_id,
        actor_label=handover.actor_label,
        data=handover.event_data,
        occurred_at=handover.now,
    )
    return assignment.pk


def _write_message(conversation: Conversation, incoming: Incoming) -> None:
    Message.objects.create(
        public_id=incoming.message_public_id,
        conversation=conversation,
        channel_id=incoming.channel_id,
        sequence=conversation.message_count,
        direction=Direction.INBOUND,
        author_kind=AuthorKind.CONTACT,
        kind=incoming.kind,
        body=incoming.text,
        media=list(incoming.media),
        provider_message_id=incoming.provider_message_id,
        created_at=incoming.now,
    )


def _received(conversation: Conversation, incoming: Incoming) -> Event:
    return Event(
        type="message.received",
        conversation=conversation,
        contact_id=conversation.contact_id,
        actor_kind="contact",
        data={"message": str(incoming.message_public_id)},
        occurred_at=incoming.now,
    )
