"""What customers do to a message that is here already: react to it, or take theirs back.

None of it is a message: nobody has to answer it, and it opens nothing. Where the message is not
known, or was somebody else's, the request stands in the inbound log and that is all.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from channels.models import Envelope, EnvelopeOutcome
from conversations.actors import Actor
from conversations.event_types import EventType
from conversations.models import Conversation, Message
from conversations.models.message import Direction
from conversations.services import events
from conversations.statements import Incoming, statements

#: Why a request stands in the log and nowhere else.
NOTHING_KNOWN = "aside_without_message"


@transaction.atomic
def react(incoming: Incoming, *, to: Iterable[str], emoji: str, at: datetime) -> bool:
    """Let a customer's reaction stand on a message; without an emoji an earlier one is taken back.

    `to`: what the provider may call the message. `at`: when the customer did it; an older reaction
    that comes late changes nothing. False: it came another time.
    """
    if not keep(incoming):
        return False
    message = _find(incoming, to)
    if message is None:
        note_nothing_known(incoming)
        return True
    newer = Q(reacted_at=None) | Q(reacted_at__lte=at)
    changed = Message.objects.filter(newer, pk=message.pk)
    if changed.update(reaction=emoji, reacted_at=at):
        _record("message.reacted", message, incoming=incoming, data={"emoji": emoji})
    return True


@transaction.atomic
def take_back(incoming: Incoming, *, message_ids: Iterable[str], at: datetime) -> bool:
    """Note that a customer deleted a message of theirs. It stays here. False: it came before."""
    if not keep(incoming):
        return False
    message = _find(incoming, message_ids)
    if message is None or message.direction != Direction.INBOUND:
        note_nothing_known(incoming)
    elif Message.objects.filter(pk=message.pk, revoked_at=None).update(revoked_at=at):
        _record("message.revoked", message, incoming=incoming, data={})
    return True


def keep(incoming: Incoming) -> bool:
    """Keep a request that is no message; False if it is there already."""
    if not statements().store_envelope(incoming):
        return False
    _envelope(incoming).update(outcome=EnvelopeOutcome.NOTED)
    return True


def note_nothing_known(incoming: Incoming) -> None:
    _envelope(incoming).update(reason=NOTHING_KNOWN)


def _envelope(incoming: Incoming) -> Any:
    return Envelope.objects.filter(channel=incoming.channel_id, dedupe_key=incoming.dedupe_key)


def _find(incoming: Incoming, message_ids: Iterable[str]) -> Message | None:
    """Lock the conversation of a message and return it, if it is one with this very customer."""
    names = [name for name in message_ids if name]
    addresses = (incoming.address, *incoming.other_addresses)
    message = (
        Message.objects.select_related("conversation")
        .filter(
            channel=incoming.channel_id,
            provider_message_id__in=names,
            conversation__contact__identities__medium=incoming.medium,
            conversation__contact__identities__address__in=addresses,
        )
        .first()
    )
    if message is not None:
        Conversation.objects.select_for_update(of=("self",)).get(pk=message.conversation_id)
    return message


def _record(
    type_: EventType, message: Message, *, incoming: Incoming, data: dict[str, Any]
) -> None:
    events.record(
        type_,
        conversation=message.conversation,
        actor=Actor.contact(),
        now=incoming.now,
        data={"message": str(message.public_id), **data},
    )
