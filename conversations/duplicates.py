"""Who may be the same person under another address: hints, for a person to decide."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from channels.phone_spellings import other_spelling
from conversations import scope
from conversations.models import Contact, Identity, PossibleDuplicate
from teams.models import User


def likely_same(contact: Contact, *, user: User) -> "QuerySet[Contact]":
    """Return who may be the same person, among the contacts that the user may see.

    One number on another medium or in another spelling; or the provider says so. An address that is
    no number (a business-scoped id) is compared by the number that came with it.
    """
    own = {*contact.identities.values_list("address", flat=True), contact.phone} - {""}
    numbers = own | {other for address in own if (other := other_spelling(address))}
    same = Identity.objects.filter(contact=OuterRef("pk"), address__in=sorted(numbers))
    noted = PossibleDuplicate.objects.filter(
        Q(contact=contact, other=OuterRef("pk")) | Q(contact=OuterRef("pk"), other=contact)
    )
    rows = scope.contacts_of(user).filter(Exists(same) | Exists(noted), merged_into=None)
    return rows.exclude(pk=contact.pk)
