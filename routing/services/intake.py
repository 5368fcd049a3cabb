"""The whole inbound story: verify, understand, store, decide."""

import logging
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db import IntegrityError, transaction

from channels.models import Channel, Envelope, EnvelopeOutcome
from channels.providers import adapter_for, config_of
from channels.providers.base import (
    InboundMessage,
    InboundRequest,
    Quarantine,
    SignatureRefusedError,
)
from conversations.models import Conversation
from conversations.services import inbox
from conversations.services.inbox import Arrival, Arrived
from conversations.statements import Incoming
from conversations.states import Status
from routing.services import assignment
from teams.identifiers import new_public_id

logger = logging.getLogger(__name__)


class ReceiptKind(StrEnum):
    STORED = "stored"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a provider's request; `conversation_id` where a message was stored."""

    kind: ReceiptKind
    conversation_id: int | None = None
    reason: str = ""


def receive(channel: Channel, *, request: InboundRequest, now: datetime) -> Receipt:
    """Take one request of a provider.

    1. Verify the signature: `SignatureRefusedError` means 403, and nothing is stored.
    2. Understand it; what is signed but not understood is kept in quarantine.
    3. In one transaction: store the message and, if it needs an owner, decide. A decision that
       fails is undone alone: the message stays, and so does the mark for the sweep.

    Talks to no broker and no provider.
    """
    adapter = adapter_for(channel.provider)
    config = config_of(channel)
    signature = adapter.signature_of(request)
    try:
        adapter.verify(request, config)
    except SignatureRefusedError as error:
        if error.code == "unexpected_fields" and _is_known(channel, signature):
            return Receipt(ReceiptKind.DUPLICATE)
        raise
    parsed = adapter.parse_inbound(request, config)
    if parsed.message is None:
        quarantine = parsed.quarantine or Quarantine("unparseable", f"signature:{signature}")
        return _quarantine(
            channel, request=request, quarantine=quarantine, signature=signature, now=now
        )
    incoming = _incoming(channel, request, parsed.message, signature, now)
    return _store(channel, incoming)


def _is_known(channel: Channel, signature: str) -> bool:
    """Say whether this signature came before: then this is a copy of it, in other clothes."""
    return (
        signature != "" and Envelope.objects.filter(channel=channel, signature=signature).exists()
    )


def _store(channel: Channel, incoming: Incoming) -> Receipt:
    def decide(arrival: Arrival) -> None:
        if arrival.needs_routing:
            _route(channel, arrival, incoming)

    arrival = inbox.record_inbound(incoming, then=decide)
    if arrival.arrived == Arrived.DUPLICATE:
        return Receipt(ReceiptKind.DUPLICATE)
    return Receipt(ReceiptKind.STORED, arrival.conversation_id)


def _route(channel: Channel, arrival: Arrival, incoming: Incoming) -> None:
    """Decide; it happens under a savepoint, so whatever goes wrong, the message is already safe."""
    try:
        assignment.route(
            _conversation(channel, arrival, incoming),
            text=incoming.text,
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
    return conversation


def _incoming(
    channel: Channel,
    request: InboundRequest,
    message: InboundMessage,
    signature: str,
    now: datetime,
) -> Incoming:
    return Incoming(
        channel_id=channel.pk,
        medium=channel.medium,
        address=message.address,
        text=message.text,
        kind=message.kind,
        media=message.media,
        profile_name=message.profile_name,
        provider_message_id=message.provider_message_id,
        signature=signature,
        content_type=request.content_type,
        raw_body=request.body,
        message_public_id=new_public_id(),
        now=now,
    )


def _quarantine(
    channel: Channel,
    *,
    request: InboundRequest,
    quarantine: Quarantine,
    signature: str,
    now: datetime,
) -> Receipt:
    """Keep what we could not understand; a second delivery of it is a duplicate."""
    try:
        with transaction.atomic():
            Envelope.objects.create(
                channel=channel,
                dedupe_key=quarantine.dedupe_key,
                signature=signature,
                content_type=request.content_type[:200],
                raw_body=request.body,
                outcome=EnvelopeOutcome.QUARANTINED,
                reason=quarantine.reason,
                received_at=now,
            )
    except IntegrityError:
        return Receipt(ReceiptKind.DUPLICATE)
    logger.warning("Quarantined a request on channel %s: %s.", channel.public_id, quarantine.reason)
    return Receipt(ReceiptKind.QUARANTINED, reason=quarantine.reason)
