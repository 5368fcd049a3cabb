"""What is to be assigned, as other systems name it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from channels.models import Channel
from conversations import scope
from conversations.models import Contact, Conversation, Identity
from conversations.states import LIVE
from teams.api.problems import FieldProblem, NotFoundProblem
from teams.models import User

ONE_CHAT = ("one_of", _("Give either conversation_id or contact."))
ONE_CONTACT = ("one_of", _("Give either id, or channel_id and external_id."))


@dataclass(frozen=True, slots=True)
class Place:
    """What is to be assigned: a contact, with the conversation that is running or was last."""

    contact: Contact
    conversation: Conversation | None

    @property
    def owners(self) -> tuple[int | None, ...]:
        """All that an assignment may change, to see afterwards whether it did."""
        pinned, chat = self.contact.permanent_agent_id, self.conversation
        return (pinned, chat.assignee_id, chat.team_id) if chat else (pinned,)


def find_place(body: Mapping[str, Any], *, user: User) -> Place:
    """Return what the body names, if the caller may see it."""
    if ("conversation_id" in body) == ("contact" in body):
        raise FieldProblem({"conversation_id": ONE_CHAT})
    if "contact" in body:
        return _find_contact(body["contact"], user=user)
    rows = scope.conversations_of(user).select_related("contact", "channel")
    conversation = rows.filter(public_id=body["conversation_id"]).order_by("pk").first()
    if conversation is None:
        raise NotFoundProblem("conversation.not_found")
    return Place(conversation.contact, conversation)


def _find_contact(reference: Mapping[str, Any], *, user: User) -> Place:
    theirs = scope.contacts_of(user)
    talks = scope.conversations_of(user).select_related("contact", "channel")
    if set(reference) == {"id"}:
        contact = theirs.filter(public_id=reference["id"]).order_by("pk").first()
    elif set(reference) == {"channel_id", "external_id"}:
        channel = Channel.objects.filter(public_id=reference["channel_id"]).order_by("pk").first()
        if channel is None:
            raise NotFoundProblem("channel.not_found")
        identity = Identity.objects.filter(medium=channel.medium, address=reference["external_id"])
        contact = theirs.filter(identities__in=identity).order_by("pk").first()
        talks = talks.filter(channel=channel)
    else:
        raise FieldProblem({"contact": ONE_CONTACT})
    if contact is None:
        raise NotFoundProblem("contact.not_found")
    talks = talks.filter(contact=contact).order_by("-pk")
    latest = talks.filter(status__in=sorted(LIVE)).first() or talks.first()
    return Place(latest.contact if latest else contact, latest)
