"""Messages that reach us late: out of quarantine, or out of the provider's list."""

import logging
from dataclasses import replace
from datetime import datetime

from django.db import transaction

from channels.models import Channel, Envelope, EnvelopeOutcome
from channels.providers import adapter_for, config_of
from channels.providers.base import InboundRequest, Parsed, SignatureRefusedError
from channels.secrets import SecretUnreadableError
from conversations.actors import Actor
from conversations.models import Message
from conversations.services import events, inbox
from conversations.statements import Incoming
from routing.services import arrivals, intake, quarantine
from routing.services.arrivals import Delivery, Receipt, ReceiptKind

logger = logging.getLogger(__name__)


@transaction.atomic
def take_fetched(
    channel: Channel, *, request: InboundRequest, sent_at: datetime, now: datetime
) -> Receipt:
    """Store a message that was found in the provider's list, by the way that every request takes.

    One that is here already, in whatever form, is a duplicate. It counts from when it was written.
    """
    parsed = adapter_for(channel.provider).parse_inbound(request, config_of(channel))
    delivery = Delivery(channel, request, "", now)
    if len(parsed.messages) != 1:
        return intake.take(delivery, parsed)
    message = replace(parsed.messages[0], sent_at=sent_at)
    incoming = arrivals.incoming_of(delivery, message)
    receipt = arrivals.store(delivery, message, incoming)
    if receipt.kind == ReceiptKind.STORED:
        Envelope.objects.filter(channel=channel, dedupe_key=incoming.dedupe_key).update(
            outcome=EnvelopeOutcome.FETCHED
        )
        _date_back(channel, incoming, to=sent_at, now=now)
    return receipt


def _date_back(channel: Channel, incoming: Incoming, *, to: datetime, now: datetime) -> None:
    message = Message.objects.select_related("conversation").get(
        channel=channel, provider_message_id=incoming.provider_message_id
    )
    inbox.date_back(message, to=to)
    data = {"message": str(message.public_id)}
    events.record(
        "message.fetched",
        conversation=message.conversation,
        actor=Actor.provider(),
        now=now,
        data=data,
    )


@transaction.atomic
def replay(envelope: Envelope, *, actor: Actor, now: datetime) -> Receipt:
    """Process a request from quarantine again, now, by the way that every request takes.

    1. Whoever holds the envelope's row does it; the others find it done (`NotInQuarantineError`).
    2. Understand it. What still cannot be used stays where it is, with the reason of today.
    3. Store the message, unless a copy of it came meanwhile. It counts from when it reached us.
       Of a request with several rows (one that could not be checked is kept whole) every row is
       taken, and what cannot be used among them is kept by itself.
    """
    kept = quarantine.lock(envelope)
    delivery = Delivery(kept.channel, quarantine.request_of(kept), "", now, is_late=True)
    parsed = _understand(kept, delivery.request)
    if isinstance(parsed, str):
        quarantine.hold(kept, reason=parsed)
        return Receipt(ReceiptKind.QUARANTINED, reason=parsed)
    if len(parsed.messages) != 1 or parsed.quarantine or parsed.updates or parsed.foreign:
        receipt = intake.take(delivery, parsed)
        quarantine.close_as_replayed(kept)
        for message in parsed.messages:
            _note_replay(kept, message.provider_message_id, actor=actor, now=now)
        return receipt
    incoming = replace(
        arrivals.incoming_of(delivery, parsed.messages[0]), envelope_key=quarantine.replay_key(kept)
    )
    receipt = Receipt(ReceiptKind.DUPLICATE)
    if not quarantine.has_message(kept, incoming.provider_message_id):
        receipt = arrivals.store(delivery, parsed.messages[0], incoming)
    if receipt.kind == ReceiptKind.DUPLICATE:
        quarantine.close_as_copy(kept)
        return receipt
    quarantine.release(kept, dedupe_key=incoming.provider_message_id)
    _note_replay(kept, incoming.provider_message_id, actor=actor, now=now)
    return receipt


def _note_replay(kept: Envelope, provider_message_id: str, *, actor: Actor, now: datetime) -> None:
    """Let a message that was stored just now count from when it reached us, and say so."""
    message = (
        Message.objects.select_related("conversation")
        .filter(
            channel=kept.channel,
            provider_message_id=provider_message_id,
            created_at=now,
        )
        .first()
    )
    if message is None:
        return  # it came another time, meanwhile
    inbox.date_back(message, to=kept.received_at)
    data = {"message": str(message.public_id)}
    events.record(
        "message.replayed", conversation=message.conversation, actor=actor, now=now, data=data
    )


def _understand(kept: Envelope, request: InboundRequest) -> Parsed | str:
    """Return what is in a request from quarantine, or why nothing can be used."""
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
    if not (parsed.messages or parsed.updates):
        if parsed.quarantine:
            return parsed.quarantine[0].reason
        if parsed.foreign:
            return "unknown_sender"
    return parsed
