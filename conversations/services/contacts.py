"""What we know of a contact."""

from datetime import datetime
from typing import Any

from django.db import transaction

from conversations import properties
from conversations.actors import Actor
from conversations.event_types import EventType
from conversations.models import Contact, Conversation
from conversations.services import events
from teams.models import User


class ContactMergedError(Exception):
    """This contact was merged into another one, which has all of it now."""

    code = "contact.merged"


@transaction.atomic
def update(contact: Contact, *, actor: Actor, now: datetime, **changes: Any) -> Contact:
    """Change the name, the language, the tags or the attributes of a contact.

    Of the attributes those that are named change, and None takes one away. Raises
    `ContactMergedError` if it was merged into another one.
    """
    locked = Contact.objects.select_for_update(of=("self",)).get(pk=contact.pk)
    if locked.merged_into_id is not None:
        raise ContactMergedError
    if "attributes" in changes:
        changes["attributes"] = properties.changed(locked.attributes, changes["attributes"])
    changed = {name: value for name, value in changes.items() if getattr(locked, name) != value}
    if not changed:
        return locked
    Contact.objects.filter(pk=locked.pk).update(**changed)
    locked.refresh_from_db()
    events.record_of_contact(
        "contact.updated", contact=locked, actor=actor, now=now, data={"changed": sorted(changed)}
    )
    return locked


@transaction.atomic
def set_permanent_agent(
    contact: Contact,
    *,
    person: User,
    actor: Actor,
    now: datetime,
    conversation: Conversation | None = None,
    reason: str = "",
) -> bool:
    """Let a person have every conversation of the contact from now on; say whether that is new.

    The last thing in a transaction: contacts are locked after conversations, teams and people.
    """
    others = Contact.objects.filter(pk=contact.pk).exclude(permanent_agent=person)
    if not others.update(permanent_agent=person):
        return False
    data = {"user_id": person.pk, "reason": reason}
    _record("contact.permanent_agent_set", contact, conversation, actor, now, data)
    return True


@transaction.atomic
def release_permanent_agent(
    contact: Contact,
    *,
    actor: Actor,
    now: datetime,
    conversation: Conversation | None = None,
    reason: str = "",
) -> bool:
    """Let nobody in particular have the contact's next conversations; say whether somebody had.

    The last thing in a transaction, too.
    """
    rows = Contact.objects.select_for_update(of=("self",), no_key=True)
    user_id = rows.get(pk=contact.pk).permanent_agent_id
    if user_id is None:
        return False
    Contact.objects.filter(pk=contact.pk).update(permanent_agent=None)
    data = {"user_id": user_id, "reason": reason}
    _record("contact.permanent_agent_released", contact, conversation, actor, now, data)
    return True


def _record(
    type_: EventType,
    contact: Contact,
    conversation: Conversation | None,
    actor: Actor,
    now: datetime,
    data: dict[str, Any],
) -> None:
    """Write it into the conversation that it was about; without one, to the contact alone."""
    if conversation is not None:
        events.record(type_, conversation=conversation, actor=actor, now=now, data=data)
    else:
        events.record_of_contact(type_, contact=contact, actor=actor, now=now, data=data)
