"""The whole inbound story: verify, understand, store, decide."""

from dataclasses import replace
from datetime import datetime
from functools import partial

from django.db import DataError, IntegrityError

from channels.models import Channel, Envelope
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
from conversations.services import reports
from conversations.services.inbox import InboxContentionError
from routing import loaders
from routing.services import arrivals, quarantine
from routing.services.arrivals import Delivery, Receipt, ReceiptKind

#: Which of several rows says what became of a request.
_WEIGHT = {kind: weight for weight, kind in enumerate(ReceiptKind)}


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
    delivery = Delivery(channel, request, _signature_for(parsed, signature), now)
    return take(delivery, parsed)


def _signature_for(parsed: Parsed, signature: str) -> str:
    """Return the signature if it stands for one row; each of several is known by its id alone."""
    rows = (*parsed.messages, *parsed.quarantine, *parsed.foreign)
    return signature if len(rows) == 1 else ""


def take(delivery: Delivery, parsed: Parsed) -> Receipt:
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


def _take_message(delivery: Delivery, message: InboundMessage) -> Receipt:
    return arrivals.store(delivery, message, arrivals.incoming_of(delivery, message))


def _quarantine(delivery: Delivery, why: Quarantine) -> Receipt:
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


def _hand_on(delivery: Delivery, part: ForeignPart) -> Receipt:
    """Give a row to the channel that has its number, if the same secret signs for that one too.

    The provider has one address for all numbers of an app. A number that no channel has is kept.
    """
    here, request = delivery.channel, delivery.request
    home = loaders.find_channel_of_number(provider=here.provider, number_id=part.number_id)
    if home is None or home.pk == here.pk or not _is_genuine_for(home, request):
        return _quarantine(delivery, Quarantine("unknown_sender", part.dedupe_key, part.raw))
    own = replace(request, body=part.raw)
    parsed = adapter_for(home.provider).parse_inbound(own, config_of(home))
    return take(Delivery(home, own, "", delivery.now), replace(parsed, foreign=()))


def _is_genuine_for(channel: Channel, request: InboundRequest) -> bool:
    try:
        adapter_for(channel.provider).verify(request, config_of(channel))
    except (SignatureRefusedError, SecretUnreadableError):
        return False
    return True


def _take_update(delivery: Delivery, update: StatusUpdate) -> Receipt:
    reports.record_report(delivery.channel, update=update, now=delivery.now)
    return Receipt(ReceiptKind.NOTED)


def _is_known(channel: Channel, signature: str) -> bool:
    """Say whether this signature came before: then this is a copy of it, in other clothes."""
    return (
        signature != "" and Envelope.objects.filter(channel=channel, signature=signature).exists()
    )
