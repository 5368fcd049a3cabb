"""What a person may see: everything that hangs on a conversation follows that conversation."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from conversations.models import Attachment, Contact, Conversation, Message, Survey
from teams.models import Role, User


def conversations_of(user: User) -> "QuerySet[Conversation]":
    return Conversation.objects.visible_to(user)


def messages_of(user: User) -> "QuerySet[Message]":
    return Message.objects.filter(conversation__in=conversations_of(user))


def surveys_of(user: User) -> "QuerySet[Survey]":
    return Survey.objects.filter(conversation__in=conversations_of(user))


def attachments_of(user: User) -> "QuerySet[Attachment]":
    return Attachment.objects.filter(message__conversation__in=conversations_of(user))


def contacts_of(user: User) -> "QuerySet[Contact]":
    """Return the contacts with whom there is a conversation that the person may see.

    And those that were merged into one of them.
    """
    if user.role >= Role.ADMINISTRATOR:
        return Contact.objects.all()
    theirs = conversations_of(user).filter(contact=OuterRef("pk"))
    heirs = conversations_of(user).filter(contact=OuterRef("merged_into"))
    return Contact.objects.filter(Exists(theirs) | Q(merged_into__isnull=False) & Exists(heirs))
