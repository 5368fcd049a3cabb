"""Customers who want no more messages at an address, and who want them again."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from channels.models import Channel, Medium
from channels.stop_words import SMS_START_WORDS, SMS_STOP_WORDS, is_one_of
from conversations.actors import Actor
from conversations.models import Conversation, Identity, OptOutReason
from conversations.services import events

#: The word is kept with the event, so that a person can see what was taken for one.
_MOST_QUOTED = 40


@transaction.atomic
def record(
    conversation: Conversation,
    *,
    reason: OptOutReason,
    actor: Actor,
    now: datetime,
    said: str,
    address: str = "",
) -> bool:
    """Send nothing more to the address of this conversation; say whether that is new.

    `said` is the customer's word or the provider's code, and `address` where it was written from:
    a customer of two numbers means both. What is queued is refused when it is due.
    """
    theirs = _meant(conversation, address).filter(opted_out_at=None)
    if not theirs.update(opted_out_at=now, opted_out_reason=reason):
        return False
    events.record(
        "contact.opted_out",
        conversation=conversation,
        actor=actor,
        now=now,
        data={
            "medium": conversation.channel.medium,
            "reason": reason.value,
            "said": said[:_MOST_QUOTED],
        },
    )
    return True


@transaction.atomic
def record_return(
    conversation: Conversation, *, actor: Actor, now: datetime, said: str, address: str = ""
) -> bool:
    """Let messages go to this address again; say whether that is new."""
    theirs = _meant(conversation, address).filter(opted_out_at__isnull=False)
    if not theirs.update(opted_out_at=None, opted_out_reason=""):
        return False
    events.record(
        "contact.opted_in",
        conversation=conversation,
        actor=actor,
        now=now,
        data={"medium": conversation.channel.medium, "said": said[:_MOST_QUOTED]},
    )
    return True


def read(
    conversation_id: int, *, address: str, text: str, provider_word: str, now: datetime
) -> None:
    """Take a customer's message for what it says about messages. `says_something` said it does."""
    conversation = Conversation.objects.select_related("channel").get(pk=conversation_id)
    by, said = Actor.contact(), provider_word or text
    if provider_word == "START" or _is_start(text, channel=conversation.channel):
        record_return(conversation, actor=by, now=now, said=said, address=address)
        return
    reason = OptOutReason.PROVIDER if provider_word else OptOutReason.WORD
    record(conversation, reason=reason, actor=by, now=now, said=said, address=address)


def says_something(text: str, *, channel: Channel, provider_word: str) -> bool:
    """Say whether a customer's message is about wanting messages, by a word or by the provider."""
    if provider_word:
        return provider_word in ("STOP", "START")
    return _is_stop(text, channel=channel) or _is_start(text, channel=channel)


def _meant(conversation: Conversation, address: str) -> QuerySet[Identity]:
    """Return the address that is answered here, and the one that was written from."""
    written_from = Q(medium=conversation.channel.medium, address=address)
    return Identity.objects.filter(Q(pk=conversation.identity_id) | written_from)


def _is_stop(text: str, *, channel: Channel) -> bool:
    own = SMS_STOP_WORDS if channel.medium == Medium.SMS else ""
    return is_one_of(text, words=f"{channel.stop_words},{own}")


def _is_start(text: str, *, channel: Channel) -> bool:
    own = SMS_START_WORDS if channel.medium == Medium.SMS else ""
    return is_one_of(text, words=f"{channel.start_words},{own}")
