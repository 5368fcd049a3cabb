"""Storing what customers write: exactly once, in the right conversation, whatever else happens."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import transaction

from conversations.actors import Actor
from conversations.csat import parse_rating
from conversations.models import Conversation
from conversations.models.message import AuthorKind, Direction
from conversations.services import closing, events, lifecycle, messages, surveys
from conversations.services.messages import Draft
from conversations.statements import Incoming, Sender, statements
from conversations.states import Status

# Two deliveries at once settle within one more look; more means that something is wrong.
_MAX_LOOKS = 5


class Arrived(StrEnum):
    """What a customer's message turned out to be."""

    DUPLICATE = "duplicate"
    APPENDED = "appended"  # to an open conversation
    RATED = "rated"  # the answer to a survey
    STARTED = "started"  # a new conversation, due for routing
    REOPENED = "reopened"  # an earlier conversation, due for routing


@dataclass(frozen=True, slots=True)
class Arrival:
    arrived: Arrived
    conversation_id: int | None = None
    contact_id: int | None = None
    is_new_contact: bool = False

    @property
    def needs_routing(self) -> bool:
        return self.arrived in {Arrived.STARTED, Arrived.REOPENED}


class InboxContentionError(Exception):
    """Other deliveries of the same sender kept winning: answer "try again", nothing is stored."""


@transaction.atomic
def record_inbound(incoming: Incoming) -> Arrival:
    """Store one verified message: envelope, identity, contact, conversation, message and event.

    1. The envelope, once per provider id and per signature: a second time is a duplicate.
    2. Append to the sender's open conversation, if there is one.
    3. Else create the sender if unknown; answer a survey, reopen, or start a conversation.

    Unique keys settle deliveries that arrive at once; whoever loses looks again.
    """
    for _ in range(_MAX_LOOKS):
        appended = statements().append_to_open(incoming)
        if appended.envelope_id is None:
            return Arrival(Arrived.DUPLICATE)
        if appended.conversation_id is not None:
            return Arrival(Arrived.APPENDED, appended.conversation_id)
        incoming = replace(incoming, envelope_id=appended.envelope_id)
        if appended.sender is None:
            arrival = _welcome(incoming)
        else:
            arrival = _resume(incoming, sender=appended.sender) or _start(
                incoming, sender=appended.sender
            )
        if arrival is not None:
            return arrival
    raise InboxContentionError


def _welcome(incoming: Incoming) -> Arrival | None:
    """Start the first conversation of somebody who never wrote before."""
    sender = statements().create_sender(incoming)
    if sender is None:
        return None
    arrival = _start(incoming, sender=sender)
    return replace(arrival, is_new_contact=True) if arrival else None


def _start(incoming: Incoming, *, sender: Sender) -> Arrival | None:
    conversation_id = statements().start_conversation(incoming, sender=sender)
    if conversation_id is None:
        return None
    return Arrival(Arrived.STARTED, conversation_id, sender.contact_id)


def _resume(incoming: Incoming, *, sender: Sender) -> Arrival | None:
    """Go on with the sender's latest conversation, if its state and age allow; else None."""
    latest = (
        Conversation.objects.select_for_update(of=("self",))
        .select_related("channel", "contact")
        .filter(contact_id=sender.contact_id, channel_id=incoming.channel_id)
        .order_by("-pk")
        .first()
    )
    if latest is None or not _may_resume(latest, now=incoming.now):
        return None
    rating = parse_rating(incoming.text) if latest.status == Status.RESOLVED else None
    survey = surveys.pending(latest) if rating is not None else None
    _append(latest, incoming)
    if survey is not None and rating is not None:
        closing.close_with_rating(survey, rating=rating, now=incoming.now)
        return Arrival(Arrived.RATED, latest.pk)
    lifecycle.reopen(latest, actor=Actor.contact(), now=incoming.now)
    return Arrival(Arrived.REOPENED, latest.pk, latest.contact_id)


def _may_resume(conversation: Conversation, *, now: datetime) -> bool:
    if conversation.status == Status.SNOOZED:
        return True
    if conversation.status != Status.RESOLVED or conversation.resolved_at is None:
        return False
    window = timedelta(seconds=conversation.channel.reopen_window_s)
    return now < conversation.resolved_at + window


def _append(conversation: Conversation, incoming: Incoming) -> None:
    """Append a customer's message to a conversation whose row is locked."""
    message = messages.append(
        conversation,
        draft=Draft(
            direction=Direction.INBOUND,
            author_kind=AuthorKind.CONTACT,
            body=incoming.text,
            kind=incoming.kind,
            media=incoming.media,
            provider_message_id=incoming.provider_message_id,
            fields={"public_id": incoming.message_public_id},
        ),
        now=incoming.now,
    )
    Conversation.objects.filter(pk=conversation.pk).update(last_inbound_at=incoming.now)
    conversation.last_inbound_at = incoming.now
    events.record(
        "message.received",
        conversation=conversation,
        actor=Actor.contact(),
        now=incoming.now,
        data={"message": str(message.public_id)},
    )
