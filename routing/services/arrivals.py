"""One message of a customer: stored, answered by machine if that is due, and decided for."""

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import transaction

from channels.greetings import Occasion
from channels.models import Channel
from channels.providers.base import InboundMessage, InboundRequest
from conversations.models import Contact, Conversation
from conversations.services import automatic_texts, inbox, opt_outs
from conversations.services.inbox import Arrival, Arrived
from conversations.statements import Incoming
from conversations.states import Status
from routing.engine.written import Written, types_of
from routing.services import asides, assignment
from teams.identifiers import new_public_id

logger = logging.getLogger(__name__)


class ReceiptKind(StrEnum):
    STORED = "stored"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"
    NOTED = "noted"  # no message: reports about ours, or nothing that is for us


#: Who waited for so long is not greeted by a machine: it would look as if nobody read it.
_LATE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a provider's request; `conversation_id` where a message was stored.

    Of several messages it is the first that was stored.
    """

    kind: ReceiptKind
    conversation_id: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A verified request, and what all its rows share."""

    channel: Channel
    request: InboundRequest
    signature: str
    now: datetime
    #: It did not come as it was written, but out of quarantine.
    is_late: bool = False


def store(delivery: Delivery, message: InboundMessage, incoming: Incoming) -> Receipt:
    """Store the message; answer it by machine and route it, if that is due.

    What is no message (a reaction, say) changes what is here, and nobody is asked.
    An opt-out, or a text while the channel is closed, belongs into the message's transaction.
    """
    if message.kind in asides.KINDS:
        is_new = asides.take(delivery.channel, message=message, incoming=incoming)
        return Receipt(ReceiptKind.NOTED if is_new else ReceiptKind.DUPLICATE)
    channel = delivery.channel
    word = _opt_out_word(incoming)
    is_about_messages = opt_outs.says_something(incoming.text, channel=channel, provider_word=word)
    occasion = _occasion(delivery, message, is_keyword=is_about_messages or word != "")
    if not is_about_messages and (occasion is None or occasion.closure is None):
        arrival = _record(channel, incoming, occasion)
    else:
        with transaction.atomic():
            arrival = _record(channel, incoming, occasion)
            if is_about_messages and arrival.conversation_id is not None:
                opt_outs.read(
                    arrival.conversation_id,
                    address=incoming.address,
                    text=incoming.text,
                    provider_word=word,
                    now=incoming.now,
                )
            if occasion is not None and arrival.arrived == Arrived.APPENDED:
                conversation = Conversation.objects.get(pk=arrival.conversation_id or 0)
                conversation.channel = channel
                automatic_texts.answer(conversation, occasion=occasion)
    if arrival.arrived == Arrived.DUPLICATE:
        return Receipt(ReceiptKind.DUPLICATE)
    return Receipt(ReceiptKind.STORED, arrival.conversation_id)


def _opt_out_word(incoming: Incoming) -> str:
    """Return what the provider read in the message about wanting messages: STOP, START or HELP."""
    words = (entry["word"] for entry in incoming.media if entry["kind"] == "opt_out")
    return next(words, "").upper()


def _occasion(delivery: Delivery, message: InboundMessage, *, is_keyword: bool) -> Occasion | None:
    """Return what a text that nobody writes would meet; None if none can follow."""
    occasion = automatic_texts.occasion(delivery.channel, now=delivery.now)
    if occasion is None:
        return None
    was_late = message.sent_at is not None and delivery.now - message.sent_at > _LATE
    return replace(
        occasion,
        is_own_number=message.is_self_addressed,
        is_late=delivery.is_late or was_late,
        is_keyword=is_keyword,
    )


def _record(channel: Channel, incoming: Incoming, occasion: Occasion | None) -> Arrival:
    def decide(arrival: Arrival) -> None:
        if not arrival.needs_routing:
            return
        conversation = _conversation(channel, arrival, incoming)
        if occasion is not None:
            is_first = arrival.arrived == Arrived.STARTED
            automatic_texts.answer(conversation, occasion=replace(occasion, is_first=is_first))
        _route(conversation, arrival, incoming)

    return inbox.record_inbound(incoming, then=decide)


def _route(conversation: Conversation, arrival: Arrival, incoming: Incoming) -> None:
    """Decide; it happens under a savepoint, so whatever goes wrong, the message is already safe."""
    try:
        assignment.route(
            conversation,
            message=Written(incoming.text, types_of(incoming.kind, incoming.media)),
            is_new_contact=arrival.is_new_contact,
            now=incoming.now,
        )
    except Exception:
        logger.exception("Routing conversation %s failed.", arrival.conversation_id)


def _conversation(channel: Channel, arrival: Arrival, incoming: Incoming) -> Conversation:
    """Return the conversation to decide for; one that was just started needs no query."""
    conversation = arrival.reopened or Conversation(
        pk=arrival.conversation_id,
        contact_id=arrival.contact_id or 0,
        status=Status.NEW,
        version=1,
        tags=[],
        routing_due_at=incoming.now,
        waiting_since=incoming.now,
    )
    conversation.channel = channel
    if arrival.is_new_contact:
        conversation.contact = Contact(pk=conversation.contact_id, phone=incoming.phone)
    return conversation


def incoming_of(delivery: Delivery, message: InboundMessage) -> Incoming:
    return Incoming(
        channel_id=delivery.channel.pk,
        medium=delivery.channel.medium,
        address=message.address,
        text=message.text,
        kind=message.kind,
        media=message.media,
        profile_name=message.profile_name,
        provider_message_id=message.provider_message_id,
        signature=delivery.signature,
        content_type=delivery.request.content_type,
        raw_body=message.raw or delivery.request.body,
        message_public_id=new_public_id(),
        now=delivery.now,
        other_addresses=tuple(address for _, address in message.other_addresses),
    )
