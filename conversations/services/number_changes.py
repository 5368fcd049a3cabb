"""A customer has another telephone number: whoever had the old one has the new one.

The address moves in place, so that conversations, consent and history go on, and the next message
goes to the new number. The old number is forgotten: somebody else may get it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from django.db import transaction

from channels.phone_spellings import other_spelling
from conversations.actors import Actor
from conversations.models import Contact, Conversation, Identity
from conversations.phones import mask_phone
from conversations.services import asides, events, identities
from conversations.statements import Incoming, statements

Outcome = Literal["duplicate", "moved", "nothing"]


@dataclass(frozen=True, slots=True)
class NumberChange:
    """`old`: what the customer was known by. `new`: the number; `new_names`: ids beside it."""

    old: tuple[str, ...]
    new: str
    new_names: tuple[str, ...] = ()


@transaction.atomic
def move(incoming: Incoming, *, change: NumberChange) -> Outcome:
    """Move a customer to another number, once. The caller vouches that the provider said so.

    Nothing is moved where the new number is another customer's: the two are noted as a possible
    duplicate, and a person decides. Nobody gets into a conversation by claiming its number.
    """
    old, new = _spellings(change.old), _spellings((change.new, *change.new_names))
    statements().hold_addresses(incoming.medium, sorted({*old, *new}))
    if not asides.keep(incoming):
        return "duplicate"
    rows = _lock(incoming.medium, old)
    holders = {row.contact_id for row in rows}
    taken = _contacts_of(incoming.medium, new)
    if not rows:
        asides.note_nothing_known(incoming)
        return "nothing"
    if len(holders | set(taken.values())) > 1:
        identities.note_duplicate(holders | set(taken.values()), now=incoming.now)
        return "nothing"
    contact = Contact.objects.select_for_update(of=("self",)).get(pk=rows[0].contact_id)
    _readdress(rows, new=change.new, taken=taken)
    names = (change.new, *change.new_names)
    identities.add_missing(contact.pk, incoming.medium, names, now=incoming.now)
    _tell(contact, change, old=old, incoming=incoming)
    return "moved"


def _spellings(addresses: Iterable[str]) -> list[str]:
    names = [name for name in addresses if name]
    return [*names, *(other for name in names if (other := other_spelling(name)))]


def _lock(medium: str, addresses: list[str]) -> list[Identity]:
    """Lock whoever has these addresses: conversations first, as everywhere."""
    holders = set(_contacts_of(medium, addresses).values())
    conversations = Conversation.objects.select_for_update(of=("self",)).filter(contact__in=holders)
    list(conversations.order_by("pk").values_list("pk", flat=True))
    rows = Identity.objects.select_for_update(of=("self",)).filter(
        medium=medium, address__in=addresses
    )
    return list(rows.order_by("pk"))


def _contacts_of(medium: str, addresses: list[str]) -> dict[str, int]:
    rows = Identity.objects.filter(medium=medium, address__in=addresses)
    return dict(rows.values_list("address", "contact_id"))


def _readdress(rows: list[Identity], *, new: str, taken: dict[str, int]) -> None:
    """Let the old number's row be the new one's; a second one, of its other spelling, goes.

    What was written by way of the row that goes is the new number's, and so is its opt-out.
    """
    is_free = new not in taken
    for row in (row for row in rows if row.address.startswith("+")):
        if is_free:
            Identity.objects.filter(pk=row.pk).update(address=new)
            is_free = False
            continue
        kept = Identity.objects.get(medium=row.medium, address=new)
        Conversation.objects.filter(identity=row).update(identity=kept)
        if row.opted_out_at is not None and kept.opted_out_at is None:
            Identity.objects.filter(pk=kept.pk).update(
                opted_out_at=row.opted_out_at, opted_out_reason=row.opted_out_reason
            )
        row.delete()


def _tell(contact: Contact, change: NumberChange, *, old: list[str], incoming: Incoming) -> None:
    """Write it where people look: on the customer, and in the last conversation."""
    if contact.phone in ("", *old):
        Contact.objects.filter(pk=contact.pk).update(phone=change.new[:16])
    before = next((name for name in old if name.startswith("+")), "")
    data = {"from": mask_phone(before), "to": mask_phone(change.new)}
    actor, now = Actor.provider(), incoming.now
    last = Conversation.objects.filter(contact=contact, channel=incoming.channel_id)
    conversation = last.order_by("-pk").first()
    if conversation is not None:
        events.record(
            "contact.number_changed", conversation=conversation, actor=actor, now=now, data=data
        )
    else:
        events.record_of_contact(
            "contact.number_changed", contact=contact, actor=actor, now=now, data=data
        )
