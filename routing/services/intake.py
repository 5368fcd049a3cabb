"""The whole inbound story: verify, understand, store, decide."""

import logging
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from django.db import transaction

from channels.models import Channel, Envelope
from channels.providers import adapter_for, config_of
from channels.providers.base import (
    InboundMessage,
    InboundRequest,
    Quarantine,
    SignatureRefusedError,
)
from channels.secrets import SecretUnreadableError
from conversations.actors import Actor
from conversations.models import Conversation, Message
from conversations.services import events, inbox
from conversations.services.inbox import Arrival, Arrived
from conversations.statements import Incoming
from conversations.states import Status
from routing.services import assignment, quarantine
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
    2. Understand it; what is signed but not understood is kept in quarantine. So is what nobody
       can check, because the channel's secret cannot be read: the reason is `key_missing`.
    3. In one transaction: store the message and, if it needs an owner, decide. A decision that
       fails is undone alone: the message stays, and so does the mark for the sweep.

    Talks to no broker and no provider.
    """
    adapter = adapter_for(channel.provider)
    signature = adapter.signature_of(request)
    try:
        config = config_of(channel)
    except SecretUnreadableError:
        quarantine.keep_unverified(channel, request=request, signature=signature, now=now)
        return Receipt(ReceiptKind.QUARANTINED, reason=quarantine.KEY_MISSING)
    try:
        adapter.verify(request, config)
    except SignatureRefusedError as error:
        if error.code == "unexpected_fields" and _is_known(channel, signature):
            return Receipt(ReceiptKind.DUPLICATE)
        raise
    parsed = adapter.parse_inbound(request, config)
    if parsed.message is None:
        why = parsed.quarantine or Quarantine(quarantine.UNPARSEABLE, f"signature:{signature}")
        is_new = quarantine.keep(channel, request=request, why=why, signature=signature, now=now)
        kind = ReceiptKind.QUARANTINED if is_new else ReceiptKind.DUPLICATE
        return Receipt(kind, reason=why.reason if is_new else "")
    incoming = _incoming(channel, request, parsed.message, signature, now)
    return _store(channel, incoming)


@transaction.atomic
def replay(envelope: Envelope, *, actor: Actor, now: datetime) -> Receipt:
    """Process a request from quarantine again, now, by the way that every request takes.

    1. Whoever holds the envelope's row does it; the others find it done (`NotInQuarantineError`).
    2. Understand it. What still cannot be used stays where it is, with the reason of today.
    3. Store the message, unless a copy of it came meanwhile. It counts from when it reached us.
    """
    kept = quarantine.lock(envelope)
    request = quarantine.request_of(kept)
    understood = _understand(kept, request)
    if not isinstance(understood, InboundMessage):
        quarantine.hold(kept, reason=understood)
        return Receipt(ReceiptKind.QUARANTINED, reason=understood)
    incoming = replace(
        _incoming(kept.channel, request, understood, "", now),
        envelope_key=quarantine.replay_key(kept),
    )
    receipt = Receipt(ReceiptKind.DUPLICATE)
    if not quarantine.has_message(kept, understood.provider_message_id):
        receipt = _store(kept.channel, incoming)
    if receipt.kind == ReceiptKind.DUPLICATE:
        quarantine.close_as_copy(kept)
        return receipt
    quarantine.release(kept, dedupe_key=incoming.provider_message_id)
    message = Message.objects.select_related("conversation").get(
        public_id=incoming.message_public_id
    )
    inbox.date_back(message, to=kept.received_at)
    data = {"message": str(message.public_id)}
    events.record(
        "message.replayed", conversation=message.conversation, actor=actor, now=now, data=data
    )
    return receipt


def _understand(kept: Envelope, request: InboundRequest) -> InboundMessage | str:
    """Return the message in a request from quarantine, or why there is none."""
    adapter = adapter_for(kept.channel.provider)
    try:
        config = config_of(kept.channel)
        if kept.is_unverified:
            adapter.verify(request, config)
        parsed = adapter.parse_inbound(request, config)
    except SecretUnreadableError:
        return quarantine.KEY_MISSING
    except SignatureRefusedError as error:
        return error.code
    except Exception:
        logger.exception("Request %s in quarantine could not be read.", kept.pk)
        return quarantine.UNPARSEABLE
    if parsed.message is not None:
        return parsed.message
    return parsed.quarantine.reason if parsed.quarantine else quarantine.UNPARSEABLE


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
