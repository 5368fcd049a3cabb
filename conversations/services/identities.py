"""One person, several addresses: whatever shows that two belong together links them.

A provider may know somebody by a telephone number, in two spellings of it, and by ids of its own;
a message or a report may be the first to carry two of them.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from channels.phone_spellings import other_spelling
from conversations.actors import Actor
from conversations.models import Contact, Identity, PossibleDuplicate
from conversations.services import events
from conversations.statements import Incoming, statements


def link(medium: str, addresses: Iterable[str], *, now: datetime) -> None:
    """Let the addresses of one person belong to one contact; unknown people stay unknown.

    Where two contacts are there already nothing is moved: they are noted as a possible duplicate,
    and a person decides. One statement where all is linked.
    """
    wanted = sorted(set(addresses))
    known = _known(medium, wanted)
    if len(set(known.values())) > 1:
        note_duplicate(set(known.values()), now=now)
    elif known and len(known) < len(wanted):
        with transaction.atomic():
            statements().hold_addresses(medium, wanted)
            _complete(medium, wanted, now=now)


def is_known_otherwise(incoming: Incoming) -> bool:
    """Say whether a sender whose address is new is known by another one.

    Holds whoever is called by any of these addresses until the transaction ends: two deliveries at
    once, each by another address, make one contact.
    """
    names = _names(incoming)
    if len(names) == 1:
        return False
    statements().hold_addresses(incoming.medium, names)
    return bool(_known(incoming.medium, names))


@transaction.atomic
def recognise(incoming: Incoming) -> None:
    """Give the contact who is known by another address the one that was written from."""
    names = _names(incoming)
    statements().hold_addresses(incoming.medium, names)
    known = _known(incoming.medium, names)
    if known and incoming.address not in known:
        _add(min(known.values()), incoming.medium, incoming.address, now=incoming.now)


def _names(incoming: Incoming) -> list[str]:
    """Return every address that the sender may be known by, in order."""
    names = {incoming.address, *incoming.other_addresses}
    return sorted(names | {other for name in names if (other := other_spelling(name))})


def add_others(incoming: Incoming, *, contact_id: int) -> None:
    """Give a contact who was just made the other addresses that came along."""
    for address in incoming.other_addresses:
        _add(contact_id, incoming.medium, address, now=incoming.now)


def add_missing(contact_id: int, medium: str, addresses: Iterable[str], *, now: datetime) -> None:
    """Give a contact what nobody has of these addresses. They are held by the caller."""
    wanted = list(dict.fromkeys(addresses))
    known = _known(medium, wanted)
    for address in wanted:
        if address not in known:
            _add(contact_id, medium, address, now=now)


@transaction.atomic
def find_or_make(medium: str, address: str, *, name: str, now: datetime) -> Identity:
    """Return who is at an address, in either spelling; if nobody is, a new contact of this name."""
    names = sorted({address, other_spelling(address)} - {""})
    statements().hold_addresses(medium, names)
    known = Identity.objects.filter(medium=medium, address__in=names).select_related("contact")
    if found := known.order_by("pk").first():
        return found
    phone = address[:16] if address.startswith("+") else ""
    contact = Contact.objects.create(name=name[:200], phone=phone, created_at=now)
    return Identity.objects.create(contact=contact, medium=medium, address=address, created_at=now)


def _known(medium: str, addresses: list[str]) -> dict[str, int]:
    rows = Identity.objects.filter(medium=medium, address__in=addresses)
    return dict(rows.values_list("address", "contact_id"))


def _complete(medium: str, wanted: list[str], *, now: datetime) -> None:
    known = _known(medium, wanted)
    if len(set(known.values())) != 1:
        return  # somebody was faster; the next message looks again
    contact_id = next(iter(known.values()))
    for address in wanted:
        if address not in known:
            _add(contact_id, medium, address, now=now)


def _add(contact_id: int, medium: str, address: str, *, now: datetime) -> None:
    held = Contact.objects.select_for_update(of=("self",), no_key=True).get(pk=contact_id)
    contact_id = held.merged_into_id or contact_id  # somebody merged them in between
    Identity.objects.create(contact_id=contact_id, medium=medium, address=address, created_at=now)
    if address.startswith("+"):
        Contact.objects.filter(pk=contact_id, phone="").update(phone=address[:16])
    contact = Contact(pk=contact_id)
    data = {"medium": medium}
    events.record_of_contact(
        "contact.identity_linked", contact=contact, actor=Actor.provider(), now=now, data=data
    )


def note_duplicate(contact_ids: set[int], *, now: datetime) -> None:
    """Write down that contacts seem to be one person, for a person to decide."""
    first, *others = sorted(contact_ids)
    for other in others:
        _, is_new = PossibleDuplicate.objects.get_or_create(
            contact_id=first, other_id=other, defaults={"noted_at": now}
        )
        if is_new:
            data = {"other": str(Contact.objects.get(pk=other).public_id)}
            events.record_of_contact(
                "contact.possible_duplicate",
                contact=Contact(pk=first),
                actor=Actor.provider(),
                now=now,
                data=data,
            )
