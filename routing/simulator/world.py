"""The other side of the desk, played by hand: people come and go, answer and resolve."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from channels.services import played_sends
from conversations.actors import Actor
from conversations.models import Contact, Conversation, Message
from conversations.services import contacts, lifecycle, replies
from routing.simulator.people import PREPARED, Persona
from teams.models import Presence, User
from teams.permissions import Right, is_allowed
from teams.services import presence

#: More people than this are managed in the admin.
SHOWN = 40


def cast() -> QuerySet[User]:
    """Return who might be given something."""
    people: QuerySet[User] = User.objects.active().filter(is_receiving=True)
    return people.order_by("name", "pk")[:SHOWN]


def introduce(contact: Contact, *, persona: Persona, now: datetime) -> None:
    """Let the desk know which language a prepared person speaks: no provider tells it that."""
    if persona in PREPARED and not contact.language:
        contacts.update(contact, actor=Actor.system(), now=now, language=persona.language)


def may_change_presence(person: User, *, by: User) -> bool:
    """Say whether somebody may: their own always, others' with the right, nobody's above them."""
    if person.pk == by.pk:
        return True
    return is_allowed(by, Right.SET_PRESENCE_OF_OTHERS) and person.role <= by.role


def change_presence(person: User, *, wanted: Presence, now: datetime) -> User:
    return presence.set_presence(person, presence=wanted, now=now)


def answer(conversation: Conversation, *, stand_in: User, body: str, now: datetime) -> Message:
    """Answer as the assignee, or as `stand_in` where nobody has it. Raises `ReplyRefusedError`."""
    author = conversation.assignee or stand_in
    return replies.queue_reply(
        conversation,
        author=author,
        body=body,
        actor=Actor.person(author.pk, author.name),
        now=now,
    )


@transaction.atomic
def answer_in_vain(
    conversation: Conversation, *, stand_in: User, body: str, fault: str, now: datetime
) -> Message:
    """Answer as above, and let the provider fail at it: chosen before a worker sees the message."""
    message = answer(conversation, stand_in=stand_in, body=body, now=now)
    played_sends.plan_fault(str(message.public_id), fault=fault, now=now)
    return message


def resolve(conversation: Conversation, *, stand_in: User, now: datetime) -> Conversation:
    """Resolve as the assignee. Raises what `lifecycle.resolve` raises."""
    author = conversation.assignee or stand_in
    actor = Actor.person(author.pk, author.name)
    return lifecycle.resolve(conversation, actor=actor, now=now)
