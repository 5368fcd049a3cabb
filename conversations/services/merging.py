"""Making one contact of two that are the same person, and parting them again.

Locks: both contacts' conversations by id, their addresses by id, then the contacts by id. Whoever
starts a conversation locks in the same order, so that a message in between lands with whoever has
its address when both are done.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from conversations import joining
from conversations.actors import Actor
from conversations.event_types import EventType
from conversations.models import Contact, ContactMerge, Conversation, Identity
from conversations.services import events
from conversations.states import LIVE

#: Messages that come while it is locked make it look again.
_MOST_TRIES = 5


class MergeRefusedError(Exception):
    """Two contacts that cannot be merged, or a merge that cannot be undone. `code` says why:
    `contact.same`, `contact.merged`, `contact.both_open`, `contact.not_merged`,
    `contact.merge_busy`. `channels` names those on which both have something open."""

    def __init__(self, code: str, *, channels: Sequence[str] = ()) -> None:
        self.code = code
        self.channels = tuple(channels)
        super().__init__(code)


class _MovedOnError(Exception):
    """A conversation was started while the two were being locked."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What merging does: how many rows move, what changes in the target, and why it cannot be.

    `kept` names the single values that both have and that differ: the target's stay.
    """

    source: Contact
    target: Contact
    conversation_ids: tuple[int, ...]
    identity_ids: tuple[int, ...]
    changes: joining.Changes
    kept: tuple[str, ...]
    refusal: str = ""
    channels: tuple[str, ...] = field(default=())


def plan(source: Contact, *, into: Contact) -> Plan:
    """Return what merging would do as things are now. Nothing is locked or changed."""
    mine, theirs = _data(into), _data(source)
    channels = _channels_of_both(source, into)
    refusal = ""
    if source.pk == into.pk:
        refusal = "contact.same"
    elif source.merged_into_id or into.merged_into_id:
        refusal = "contact.merged"
    elif channels:
        refusal = "contact.both_open"
    differ = (name for name in joining.SINGLE if mine[name] and theirs[name])
    return Plan(
        source=source,
        target=into,
        conversation_ids=_keys(Conversation.objects.filter(contact=source)),
        identity_ids=_keys(Identity.objects.filter(contact=source)),
        changes=joining.join(mine, theirs),
        kept=tuple(name for name in differ if mine[name] != theirs[name]),
        refusal=refusal,
        channels=channels,
    )


def merge(source: Contact, *, into: Contact, actor: Actor, now: datetime) -> ContactMerge:
    """Let everything of `source` belong to `into`: addresses, conversations, tags, attributes.

    What `into` has stays; `source` is left empty and remembers where it went. Raises
    `MergeRefusedError`: where both have a live conversation on one channel, one of them must be
    resolved first, because two transcripts that were put together could not be parted again.
    """
    for _try in range(_MOST_TRIES):
        try:
            return _merge(source, into=into, actor=actor, now=now)
        except _MovedOnError:
            continue
    raise MergeRefusedError("contact.merge_busy")


def unmerge(source: Contact, *, actor: Actor, now: datetime) -> ContactMerge:
    """Part two contacts again: the addresses go back, and every conversation with its address.

    What somebody changed in the target since stays. Raises `MergeRefusedError`.
    """
    for _try in range(_MOST_TRIES):
        try:
            return _unmerge(source, actor=actor, now=now)
        except _MovedOnError:
            continue
    raise MergeRefusedError("contact.merge_busy")


@transaction.atomic
def _merge(source: Contact, *, into: Contact, actor: Actor, now: datetime) -> ContactMerge:
    locked = _lock(source.pk, into.pk)
    planned = plan(locked[source.pk], into=locked[into.pk])
    if planned.refusal:
        raise MergeRefusedError(planned.refusal, channels=planned.channels)
    Conversation.objects.filter(pk__in=planned.conversation_ids).update(contact=into)
    Identity.objects.filter(pk__in=planned.identity_ids).update(contact=into)
    Contact.objects.filter(pk=source.pk).update(merged_into=into)
    after = {name: value for name, (_before, value) in planned.changes.items()}
    if after:
        Contact.objects.filter(pk=into.pk).update(**after)
    merged = ContactMerge.objects.create(
        source=source,
        target=into,
        identities=list(planned.identity_ids),
        conversation_count=len(planned.conversation_ids),
        changes=planned.changes,
        actor_kind=actor.kind,
        actor_id=actor.user_id,
        actor_label=actor.label,
        merged_at=now,
    )
    _note("contact.merged", merged, actor=actor, now=now)
    return merged


@transaction.atomic
def _unmerge(source: Contact, *, actor: Actor, now: datetime) -> ContactMerge:
    merged = ContactMerge.objects.filter(source=source, undone_at=None).order_by("-pk").first()
    if merged is None:
        raise MergeRefusedError("contact.not_merged")
    locked = _lock(source.pk, merged.target_id)
    if not ContactMerge.objects.filter(pk=merged.pk, undone_at=None).update(undone_at=now):
        raise MergeRefusedError("contact.not_merged")
    target = locked[merged.target_id]
    if target.merged_into_id is not None:
        raise MergeRefusedError("contact.merged")
    Contact.objects.filter(pk=source.pk).update(merged_into=None)
    Identity.objects.filter(pk__in=merged.identities).update(contact=source)
    Conversation.objects.filter(identity__in=merged.identities).update(contact=source)
    before = joining.part(_data(target), merged.changes)
    if before:
        Contact.objects.filter(pk=target.pk).update(**before)
    merged.refresh_from_db()
    _note("contact.unmerged", merged, actor=actor, now=now)
    return merged


def _lock(*contact_ids: int) -> dict[int, Contact]:
    """Lock everything of both; `_MovedOnError` if something was started in between."""
    talks = Conversation.objects.filter(contact__in=contact_ids).order_by("pk")
    seen = list(talks.select_for_update(of=("self",)).values_list("pk", flat=True))
    addresses = Identity.objects.filter(contact__in=contact_ids).order_by("pk")
    list(addresses.select_for_update(of=("self",)).values_list("pk", flat=True))
    contacts = Contact.objects.filter(pk__in=contact_ids).order_by("pk")
    locked = {contact.pk: contact for contact in contacts.select_for_update(of=("self",))}
    if list(talks.values_list("pk", flat=True)) != seen:
        raise _MovedOnError
    return locked


def _channels_of_both(source: Contact, target: Contact) -> tuple[str, ...]:
    """Return on which channels both have something live."""
    live = Conversation.objects.filter(status__in=LIVE)
    theirs = live.filter(contact=source).values("channel")
    both = live.filter(contact=target, channel__in=theirs).order_by("channel__name", "pk")
    return tuple(both.values_list("channel__name", flat=True))


def _data(contact: Contact) -> dict[str, Any]:
    return {name: getattr(contact, name) for name in joining.FIELDS}


def _keys(rows: Any) -> tuple[int, ...]:
    return tuple(rows.order_by("pk").values_list("pk", flat=True))


def _note(type_: EventType, merged: ContactMerge, *, actor: Actor, now: datetime) -> None:
    """Tell of both, for each has a history of its own."""
    data = {
        "source": str(merged.source.public_id),
        "target": str(merged.target.public_id),
        "conversations": merged.conversation_count,
        "addresses": len(merged.identities),
        "changed": sorted(merged.changes),
    }
    for contact in (merged.source, merged.target):
        events.record_of_contact(type_, contact=contact, actor=actor, now=now, data=data)
