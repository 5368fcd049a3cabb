"""Customers who want no more messages at an address, and who want them again."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max, Q, QuerySet

from channels.models import Channel, Medium
from channels.stop_words import SMS_START_WORDS, SMS_STOP_WORDS, is_one_of
from conversations.actors import Actor
from conversations.event_types import EventType
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


@transaction.atomic
def record_by_hand(
    identities: Collection[Identity], *, actor: Actor, now: datetime, why: str = ""
) -> int:
    """Send nothing more to these addresses, because a colleague says so; say for how many it is
    new. `why` is in their own words."""
    talks = _lock_latest(identities)
    changes = {"opted_out_at": now, "opted_out_reason": OptOutReason.PERSON}
    changed = _change(identities, is_out=False, **changes)
    for identity in changed:
        data = {"medium": identity.medium, "reason": OptOutReason.PERSON.value, "note": why}
        _note("contact.opted_out", identity, talks=talks, actor=actor, now=now, data=data)
    return len(changed)


@transaction.atomic
def lift_by_hand(identities: Collection[Identity], *, actor: Actor, now: datetime, why: str) -> int:
    """Let messages go to these addresses again, because a colleague says so; say for how many it
    is new. `why` is in their own words, and not blank: somebody said that they wanted none.
    """
    if not why.strip():
        raise ValueError("Lifting an opt-out needs a reason.")
    talks = _lock_latest(identities)
    changed = _change(identities, is_out=True, opted_out_at=None, opted_out_reason="")
    for identity in changed:
        data = {"medium": identity.medium, "reason": OptOutReason.PERSON.value, "note": why}
        _note("contact.opted_in", identity, talks=talks, actor=actor, now=now, data=data)
    return len(changed)


def _lock_latest(identities: Collection[Identity]) -> dict[int, Conversation]:
    """Lock the latest conversation at each address, before the address itself as everybody does."""
    keys = [identity.pk for identity in identities]
    latest = Conversation.objects.filter(identity__in=keys).order_by().values("identity")
    chosen = list(latest.annotate(latest=Max("pk")).values_list("latest", flat=True))
    rows = Conversation.objects.select_for_update(of=("self",)).filter(pk__in=chosen)
    return {talk.identity_id: talk for talk in rows.order_by("pk")}


def _change(identities: Collection[Identity], *, is_out: bool, **changes: Any) -> list[Identity]:
    """Change those that are, or are not, opted out; return them."""
    wanted = {"opted_out_at__isnull": not is_out}
    return [
        identity
        for identity in sorted(identities, key=lambda each: each.pk)
        if Identity.objects.filter(pk=identity.pk, **wanted).update(**changes)
    ]


def _note(
    type_: EventType,
    identity: Identity,
    *,
    talks: dict[int, Conversation],
    actor: Actor,
    now: datetime,
    data: dict[str, Any],
) -> None:
    """Write it into the latest conversation at this address; without one, to the contact."""
    talk = talks.get(identity.pk)
    if talk is not None:
        events.record(type_, conversation=talk, actor=actor, now=now, data=data)
    else:
        events.record_of_contact(type_, contact=identity.contact, actor=actor, now=now, data=data)


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
