"""A conversation that we begin: nobody wrote yet."""

from datetime import datetime

from django.db import IntegrityError, transaction

from channels.models import Channel
from conversations.actors import Actor
from conversations.models import Contact, Conversation, Identity
from conversations.services import events
from conversations.services.lifecycle import ConversationMovedError
from conversations.states import Status


@transaction.atomic
def begin(
    contact: Contact, *, channel: Channel, identity: Identity, actor: Actor, now: datetime
) -> Conversation:
    """Start a conversation with a contact, new and nobody's; the caller says who gets it.

    Raises `ConversationMovedError` if the contact has a live one on this channel by now.
    """
    try:
        with transaction.atomic():
            conversation = Conversation.objects.create(
                contact=contact,
                identity=identity,
                channel=channel,
                status=Status.NEW,
                opened_at=now,
                last_message_at=now,
                routing_due_at=now,
            )
    except IntegrityError as error:
        raise ConversationMovedError from error
    events.record("conversation.created", conversation=conversation, actor=actor, now=now)
    return conversation
