"""Requests that could not be used: kept as they came, with the reason, until somebody looks."""

import logging
from datetime import datetime

from django.db import IntegrityError, transaction

from channels.addresses import inbound_url
from channels.models import Channel, Envelope, EnvelopeOutcome
from channels.models.envelope import UNVERIFIED
from channels.providers import adapter_for
from channels.providers.base import InboundRequest, Quarantine, SignatureRefusedError
from conversations.models import Message

logger = logging.getLogger(__name__)

#: The channel's secret matches no key of ours, so that no signature can be checked.
KEY_MISSING = "key_missing"
UNPARSEABLE = "unparseable"
#: Longer than any provider's signature.
_MAX_SIGNATURE = 120


class NotInQuarantineError(Exception):
    """The request is not in quarantine (any more): somebody else processed it."""


def keep(
    channel: Channel, *, request: InboundRequest, why: Quarantine, signature: str, now: datetime
) -> bool:
    """Keep what we could not understand; False if it is there already."""
    try:
        with transaction.atomic():
            Envelope.objects.create(
                channel=channel,
                dedupe_key=why.dedupe_key,
                signature=signature,
                content_type=request.content_type[:200],
                raw_body=why.raw or request.body,
                outcome=EnvelopeOutcome.QUARANTINED,
                reason=why.reason,
                received_at=now,
            )
    except IntegrityError:
        return False
    logger.warning("Quarantined a request on channel %s: %s.", channel.public_id, why.reason)
    return True


def keep_unverified(
    channel: Channel, *, request: InboundRequest, signature: str, now: datetime
) -> None:
    """Keep a request whose signature nobody can check now; it is checked when it is replayed.

    Raises `SignatureRefusedError` for one that no key could ever make genuine.
    """
    if not signature:
        raise SignatureRefusedError("signature_missing")
    if len(signature) > _MAX_SIGNATURE or not (signature.isascii() and signature.isprintable()):
        raise SignatureRefusedError("signature_invalid")
    why = Quarantine(KEY_MISSING, f"{UNVERIFIED}{signature}")
    keep(channel, request=request, why=why, signature="", now=now)


def lock(envelope: Envelope) -> Envelope:
    """Lock and return a request in quarantine. Raises `NotInQuarantineError`.

    Nobody who holds a conversation ever waits for this row: a delivery of the same message passes
    it by. So it may be locked first.
    """
    kept = (
        Envelope.objects.select_for_update(of=("self",))
        .select_related("channel")
        .filter(pk=envelope.pk, outcome=EnvelopeOutcome.QUARANTINED)
        .order_by("pk")
        .first()
    )
    if kept is None:
        raise NotInQuarantineError
    return kept


def request_of(kept: Envelope) -> InboundRequest:
    """Return the request as it came, over the address that the channel has today."""
    return InboundRequest(
        url=inbound_url(kept.channel),
        content_type=kept.content_type,
        body=bytes(kept.raw_body),
        headers=adapter_for(kept.channel.provider).headers_of(_signature_of(kept)),
    )


def replay_key(kept: Envelope) -> str:
    """Return the key under which the message is stored while its own key is still taken."""
    return f"replay:{kept.pk}"


def has_message(kept: Envelope, provider_message_id: str) -> bool:
    """Say whether the message came another time meanwhile."""
    return Message.objects.filter(
        channel=kept.channel, provider_message_id=provider_message_id
    ).exists()


def hold(kept: Envelope, *, reason: str) -> None:
    kept.reason = reason[:64]
    kept.save(update_fields=["reason"])


def close_as_copy(kept: Envelope) -> None:
    kept.outcome, kept.reason = EnvelopeOutcome.DUPLICATE, ""
    kept.save(update_fields=["outcome", "reason"])


def close_as_replayed(kept: Envelope) -> None:
    """Note that every row of it was taken; each that was stored has a row of its own in the log."""
    kept.outcome, kept.reason = EnvelopeOutcome.REPLAYED, ""
    kept.save(update_fields=["outcome", "reason"])


def release(kept: Envelope, *, dedupe_key: str) -> None:
    """Note that the message is stored. The log keeps one row of it: the one that was here first."""
    Envelope.objects.filter(channel=kept.channel, dedupe_key=replay_key(kept)).delete()
    kept.signature = _signature_of(kept)
    kept.dedupe_key = dedupe_key
    kept.outcome, kept.reason = EnvelopeOutcome.REPLAYED, ""
    kept.save(update_fields=["signature", "dedupe_key", "outcome", "reason"])


def _signature_of(kept: Envelope) -> str:
    return kept.dedupe_key.removeprefix(UNVERIFIED) if kept.is_unverified else kept.signature
