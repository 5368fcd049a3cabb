"""The whole inbound story: verify, understand, store, decide."""

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial

from django.db import DataError, IntegrityError, transaction

from channels.greetings import Occasion
from channels.models import Channel, Envelope, EnvelopeOutcome
from channels.providers import adapter_for, config_of
from channels.providers.base import (
    ForeignPart,
    InboundMessage,
    InboundRequest,
    Parsed,
    Quarantine,
    SignatureRefusedError,
    StatusUpdate,
)
from channels.secrets import SecretUnreadableError
from conversations.actors import Actor
from conversations.models import Conversation, Message
from conversations.services import automatic_texts, events, inbox, opt_outs, reports
from conversations.services.inbox import Arrival, Arrived, InboxContentionError
from conversations.statements import Incoming
from conversations.states import Status
from routing import loaders
from routing.services import assignment, quarantine
from teams.identifiers import new_public_id

logger = logging.getLogger(__name__)


class ReceiptKind(StrEnum):
    STORED = "stored"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"
    NOTED = "noted"  # no message: reports about ours, or nothing that is for us


#: Who waited for so long is not greeted by a machine: it would look as if nobody read it.
_LATE = timedelta(hours=1)
#: Which of several rows says what became of a request.
_WEIGHT = {kind: weight for weight, kind in enumerate(ReceiptKind)}


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a provider's request; `conversation_id` where a message was stored.

    Of several messages it is the first that was stored.
    """

    kind: ReceiptKind
    conversation_id: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Delivery:
    """A verified request, and what all its rows share."""

    channel: Channel
    request: InboundRequest
    signature: str
    now: datetime
    #: It did not come as it was written, but out of quarantine.
    is_late: bool = False


def receive(channel: Channel, *, request: InboundRequest, now: datetime) -> Receipt:
    """Take one request of a provider.

    1. Verify the signature: `SignatureRefusedError` means 403, and nothing is stored.
    2. Understand it; what is signed but not understood is kept in quarantine. So is what nobody
       can check, because the channel's secret cannot be read: the reason is `key_missing`.
    3. For each message, in one transaction: store it and, if it needs an owner, decide. A decision
       that fails is undone alone: the message stays, and so does the mark for the sweep.
    4. Record each report that came along.

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
    delivery = _Delivery(channel, request, _signature_for(parsed, signature), now)
    return _take(delivery, parsed)


def _signature_for(parsed: Parsed, signature: str) -> str:
    """Return the signature if it stands for one row; each of several is known by its id alone."""
    rows = (*parsed.messages, *parsed.quarantine, *parsed.foreign)
    return signature if len(rows) == 1 else ""


def _take(delivery: _Delivery, parsed: Parsed) -> Receipt:
    """Take each row by itself: one that cannot be stored keeps none of the others back.

    Raises the failure of the last such row once all are through, so that the request comes again;
    a database that does not answer ends it at once.
    """
    receipts: list[Receipt] = []
    failure: Exception | None = None
    steps = [
        *(partial(_take_message, delivery, message) for message in parsed.messages),
        *(partial(_quarantine, delivery, why) for why in parsed.quarantine),
        *(partial(_take_update, delivery, update) for update in parsed.updates),
        *(partial(_hand_on, delivery, part) for part in parsed.foreign),
    ]
    for step in steps:
        try:
            receipts.append(step())
        except (DataError, IntegrityError, InboxContentionError) as error:
            failure = error
    if failure is not None:
        raise failure
    return min(receipts, key=lambda each: _WEIGHT[each.kind], default=Receipt(ReceiptKind.NOTED))


def _take_message(delivery: _Delivery, message: InboundMessage) -> Receipt:
    return _store(delivery, message, _incoming(delivery, message))


def _quarantine(delivery: _Delivery, why: Quarantine) -> Receipt:
    is_new = quarantine.keep(
        delivery.channel,
        request=delivery.request,
        why=why,
        signature=delivery.signature,
        now=delivery.now,
    )
    if is_new:
        return Receipt(ReceiptKind.QUARANTINED, reason=why.reason)
    return Receipt(ReceiptKind.DUPLICATE)


def _hand_on(delivery: _Delivery, part: ForeignPart) -> Receipt:
    """Give a row to the channel that has its number, if the same secret signs for that one too.

    The provider has one address for all numbers of an app. A number that no channel has is kept.
    """
    here, request = delivery.channel, delivery.request
    home = loaders.find_channel_of_number(provider=here.provider, number_id=part.number_id)
    if home is None or home.pk == here.pk or not _is_genuine_for(home, request):
        return _quarantine(delivery, Quarantine("unknown_sender", part.dedupe_key, part.raw))
    own = replace(request, body=part.raw)
    parsed = adapter_for(home.provider).parse_inbound(own, config_of(home))
    return _take(_Delivery(home, own, "", delivery.now), replace(parsed, foreign=()))


def _is_genuine_for(channel: Channel, request: InboundRequest) -> bool:
    try:
        adapter_for(channel.provider).verify(request, config_of(channel))
    except (SignatureRefusedError, SecretUnreadableError):
        return False
    return True


def _take_update(delivery: _Delivery, update: StatusUpdate) -> Receipt:
    reports.record_report(delivery.channel, update=update, now=delivery.now)
    return Receipt(ReceiptKind.NOTED)


@transaction.atomic
def take_fetched(
    channel: Channel, *, request: InboundRequest, sent_at: datetime, now: datetime
) -> Receipt:
    """Store a message that was found in the provider's list, by the way that every request takes.

    One that is here already, in whatever form, is a duplicate. It counts from when it was written.
    """
    parsed = adapter_for(channel.provider).parse_inbound(request, config_of(channel))
    delivery = _Delivery(channel, request, "", now)
    if len(parsed.messages) != 1:
        return _take(delivery, parsed)
    message = replace(parsed.messages[0], sent_at=sent_at)
    incoming = _incoming(delivery, message)
    receipt = _store(delivery, message, incoming)
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
    delivery = _Delivery(kept.channel, quarantine.request_of(kept), "", now, is_late=True)
    parsed = _understand(kept, delivery.request)
    if isinstance(parsed, str):
        quarantine.hold(kept, reason=parsed)
        return Receipt(ReceiptKind.QUARANTINED, reason=parsed)
    if len(parsed.messages) != 1 or parsed.quarantine or parsed.updates or parsed.foreign:
        receipt = _take(delivery, parsed)
        quarantine.close_as_replayed(kept)
        for message in parsed.messages:
            _note_replay(kept, message.provider_message_id, actor=actor, now=now)
        return receipt
    incoming = replace(
        _incoming(delivery, parsed.messages[0]), envelope_key=quarantine.replay_key(kept)
    )
    receipt = Receipt(ReceiptKind.DUPLICATE)
    if not quarantine.has_message(kept, incoming.provider_message_id):
        receipt = _store(delivery, parsed.messages[0], incoming)
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


def _is_known(channel: Channel, signature: str) -> bool:
    """Say whether this signature came before: then this is a copy of it, in other clothes."""
    return (
        signature != "" and Envelope.objects.filter(channel=channel, signature=signature).exists()
    )


def _store(delivery: _Delivery, message: InboundMessage, incoming: Incoming) -> Receipt:
    """Store the message; answer it by machine and route it, if that is due.

    An opt-out, or a text while the channel is closed, belongs into the message's transaction.
    """
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


def _occasion(delivery: _Delivery, message: InboundMessage, *, is_keyword: bool) -> Occasion | None:
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


def _incoming(delivery: _Delivery, message: InboundMessage) -> Incoming:
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
