"""What we know of a contact."""

from datetime import datetime
from typing import Any

from django.db import transaction

from conversations.actors import Actor
from conversations.models import Contact
from conversations.services import events


@transaction.atomic
def update(contact: Contact, *, actor: Actor, now: datetime, **changes: Any) -> Contact:
    """Change the name, the language, the tags or the attributes of a contact."""
    locked = Contact.objects.select_for_update(of=("self",)).get(pk=contact.pk)
    changed = {name: value for name, value in changes.items() if getattr(locked, name) != value}
    if not changed:
        return locked
    Contact.objects.filter(pk=locked.pk).update(**changed)
    locked.refresh_from_db()
    events.record_of_contact(
        "contact.updated", contact=locked, actor=actor, now=now, data={"changed": sorted(changed)}
    )
    return locked
