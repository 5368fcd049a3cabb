"""Storing what customers write: exactly once, in the right conversation, whatever else happens."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import IntegrityError, transaction
from django.db.models import Case, Max, Subquery, When

from conversations.actors import Actor
from conversations.csat import parse_rating
from conversations.models import Conversation, Message
from conversations.models.message import AuthorKind, Direction
from conversations.services import (
    attachments,
    closing,
    events,
    identities,
    lifecycle,
    messages,
    surveys,
)
from conversations.services.lifecycle import ConversationMovedError
from conversations.services.messages import Draft
from conversations.statements import Appended, Incoming, Sender, statements
from conversations.states import LIVE, Status

# Two deliveries at once settle within one more look; more means that something is wrong.
_MAX_LOOKS = 5


class Arrived(StrEnum):
    """What a customer's message turned out to be."""

    DUPLICATE = "duplicate"
    APPENDED = "appended"  # to an open conversation
    RATED = "rated"  # the answer to a survey
    COMMENTED = "commented"  # and why
    STARTED = "started"  # a new conversation, due for routing
    REOPENED = "reopened"  # an earlier conversation, due for routing


@dataclass(frozen=True, slots=True)
class Arrival:
    """What became of a message. `contact_id` and `reopened` are set where somebody must decide."""

    arrived: Arrived
    conversation_id: int | None = None
    contact_id: int = 0
    is_new_contact: bool = False
    reopened: Conversation | None = None

    @property
    def needs_routing(self) -> bool:
        return self.arrived in {Arrived.STARTED, Arrived.REOPENED}


class InboxContentionError(Exception):
    """Other deliveries of the same sender kept winning: answer "try again", nothing is stored."""


class _LostRaceError(Exception):
    """Another delivery of the same sender was faster. Nothing of this try stays."""


class _KnownOtherwiseError(Exception):
    """The sender is somebody whom we know by another address."""


def _nothing(arrival: Arrival) -> None:
    """Do nothing more in the transaction that stores a message."""


def record_inbound(incoming: Incoming, *, then: Callable[[Arrival], None] = _nothing) -> Arrival:
    """Store one verified message: envelope, identity, contact, conversation, message and event.

    1. Append to the sender's open conversation. Most messages end here, in one statement.
    2. Else, in one transaction: keep the envelope, and create the sender if unknown; answer a
       survey, reopen, or start a conversation; then do what the caller wants done with it.

    A provider's id and a signature are taken once: a second time is a duplicate. Unique keys
    settle deliveries that arrive at once; whoever loses rolls back and looks again.
    """
    lost: Exception | None = None
    for _ in range(_MAX_LOOKS):
        if incoming.other_addresses:
            names = (incoming.address, *incoming.other_addresses)
            identities.link(incoming.medium, names, now=incoming.now)
        appended = _append_to_open(incoming)
        if appended.is_duplicate:
            return Arrival(Arrived.DUPLICATE)
        if appended.conversation_id is not None:
            return Arrival(Arrived.APPENDED, appended.conversation_id)
        try:
            return _open(incoming, sender=appended.sender, then=then)
        except _KnownOtherwiseError as error:
            identities.recognise(incoming)
            lost = error
        except (_LostRaceError, ConversationMovedError, IntegrityError) as error:
            lost = error
    raise InboxContentionError from lost


@transaction.atomic
def date_back(message: Message, *, to: datetime) -> None:
    """Let a message that was kept back count from when it reached us; the customer's window too."""
    Message.objects.filter(pk=message.pk).update(created_at=to)
    theirs = Message.objects.filter(
        conversation=message.conversation_id, direction=Direction.INBOUND
    )
    latest = theirs.aggregate(at=Max("created_at"))["at"]
    Conversation.objects.filter(pk=message.conversation_id).update(last_inbound_at=latest)


@transaction.atomic
def _open(incoming: Incoming, *, sender: Sender | None, then: Callable[[Arrival], None]) -> Arrival:
    arrival = _welcome(incoming) if sender is None else _welcome_back(incoming, sender=sender)
    if arrival.arrived != Arrived.DUPLICATE:
        attachments.record_incoming(incoming, now=incoming.now)
    then(arrival)
    return arrival


def _append_to_open(incoming: Incoming) -> Appended:
    """Append to the open conversation; with files, the message and their rows in one transaction.

    A message without files is one statement, and needs none.
    """
    if not incoming.files:
        return statements().append_to_open(incoming)
    with transaction.atomic():
        appended = statements().append_to_open(incoming)
        if appended.conversation_id is not None:
            attachments.record_incoming(incoming, now=incoming.now)
    return appended


def _welcome(incoming: Incoming) -> Arrival:
    """Start the first conversation of somebody who never wrote before, by whatever address."""
    if identities.is_known_otherwise(incoming):
        raise _KnownOtherwiseError
    welcomed = statements().welcome(incoming)
    if welcomed.is_duplicate:
        return Arrival(Arrived.DUPLICATE)
    if welcomed.conversation_id is None:
        raise _LostRaceError
    identities.add_others(incoming, contact_id=welcomed.contact_id)
    return Arrival(
        Arrived.STARTED, welcomed.conversation_id, welcomed.contact_id, is_new_contact=True
    )


def _welcome_back(incoming: Incoming, *, sender: Sender) -> Arrival:
    """Go on with the sender's conversation, if it may be, or start the next.

    What is live comes first; then what waits for a rating, asked at this address before another.
    The conversation is locked before the envelope is kept, as in every other place.
    """
    latest = _lock_closest(sender, channel_id=incoming.channel_id)
    if not statements().store_envelope(incoming):
        return Arrival(Arrived.DUPLICATE)
    if latest is not None:
        resumed = _rate(latest, incoming) or _comment(latest, incoming) or _resume(latest, incoming)
        if resumed is not None:
            return resumed
    conversation_id = statements().start_conversation(incoming, sender=sender)
    if conversation_id is None:
        raise _LostRaceError
    return Arrival(Arrived.STARTED, conversation_id, sender.contact_id)


def _lock_closest(sender: Sender, *, channel_id: int) -> Conversation | None:
    """Lock the one conversation that the sender goes on with, if any, and no other on the way.

    Locked while it is searched for, those that a merge takes away meanwhile would be held as well,
    in another order than the merge holds them.
    """
    theirs = Conversation.objects.filter(contact_id=sender.contact_id, channel_id=channel_id)
    closest = theirs.order_by(_closeness(sender), "-pk").values("pk")[:1]
    locked: Conversation | None = (
        Conversation.objects.select_for_update(of=("self",))
        .select_related("channel", "contact")
        .filter(pk=Subquery(closest))
        .order_by("pk")
        .first()
    )
    if locked is not None and locked.contact_id != sender.contact_id:
        raise _LostRaceError
    return locked


def _closeness(sender: Sender) -> Case:
    return Case(
        When(status__in=LIVE, then=0),
        When(status=Status.RESOLVED, identity=sender.identity_id, then=1),
        When(status=Status.RESOLVED, then=2),
        default=3,
    )


def _rate(latest: Conversation, incoming: Incoming) -> Arrival | None:
    """Answer the survey that waits, even if the time for going on is over; None if none does."""
    rating = parse_rating(incoming.text) if latest.status == Status.RESOLVED else None
    survey = surveys.pending(latest, now=incoming.now) if rating is not None else None
    if survey is None or rating is None:
        return None
    _append(latest, incoming)
    closing.close_with_rating(survey, rating=rating, now=incoming.now)
    return Arrival(Arrived.RATED, latest.pk)


def _comment(latest: Conversation, incoming: Incoming) -> Arrival | None:
    """Keep the comment that was asked for after the rating; None if none was, or if it is empty."""
    if latest.status != Status.RESOLVED or not incoming.text.strip():
        return None
    survey = surveys.awaiting_comment(latest, now=incoming.now)
    if survey is None:
        return None
    _append(latest, incoming)
    closing.close_with_comment(survey, text=incoming.text, now=incoming.now)
    return Arrival(Arrived.COMMENTED, latest.pk)


def _resume(latest: Conversation, incoming: Incoming) -> Arrival | None:
    """Open the conversation again; None if it is over for good."""
    if not _may_resume(latest, now=incoming.now):
        return None
    _append(latest, incoming)
    reopened = lifecycle.reopen(latest, actor=Actor.contact(), now=incoming.now)
    return Arrival(Arrived.REOPENED, latest.pk, latest.contact_id, reopened=reopened)


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
