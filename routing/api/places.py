"""What is to be assigned, as other systems name it."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from channels.models import Channel
from conversations import scope
from conversations.models import Contact, Conversation, Identity
from conversations.states import LIVE
from teams.api.problems import FieldProblem, NotFoundProblem
from teams.models import Role, User
from teams.queries import InstanceQuery

ONE_CHAT = ("one_of", _("Give either conversation_id or contact."))
ONE_CONTACT = ("one_of", _("Give either id, or channel_id and external_id."))


@dataclass(frozen=True, slots=True)
class Place:
    """What is to be assigned: a contact, with the conversation that is running or was last."""

    contact: Contact
    conversation: Conversation | None
    #: Since when whoever has the conversation has it; only known where it was looked up.
    assigned_at: datetime | None = None

    @property
    def owners(self) -> tuple[int | None, ...]:
        """All that an assignment may change, to see afterwards whether it did."""
        pinned, chat = self.contact.permanent_agent_id, self.conversation
        return (pinned, chat.assignee_id, chat.team_id) if chat else (pinned,)


Rows = QuerySet[Conversation]
#: The query for the conversation with an id that a person of a role may see: person, id.
ChatsByRole = Mapping[int, InstanceQuery[Conversation]]


def _chats(lock: Callable[[Rows], Rows]) -> ChatsByRole:
    def query(role: Role) -> InstanceQuery[Conversation]:
        def build(user_id: int, public_id: uuid.UUID) -> Rows:
            visible = scope.conversations_of(User(pk=user_id, role=role))
            return lock(with_facts(visible.filter(public_id=public_id)).order_by())

        return InstanceQuery(build, 1, uuid.UUID(int=0))

    return {role: query(role) for role in Role}


def with_facts(rows: Rows) -> Rows:
    """Return the rows with what a decision reads of their contact and channel."""
    return rows.select_related("contact", "channel")


SEEN = _chats(lambda rows: rows)
HELD = _chats(lambda rows: rows.select_for_update(of=("self",)))


def find_place(body: Mapping[str, Any], *, user: User, chats: ChatsByRole) -> Place:
    """Return what the body names, if the caller may see it; `chats` find a conversation by id."""
    if ("conversation_id" in body) == ("contact" in body):
        raise FieldProblem({"conversation_id": ONE_CHAT})
    if "contact" in body:
        return _find_contact(body["contact"], user=user)
    conversation = chats[user.role].first(user.pk, body["conversation_id"])
    if conversation is None:
        raise NotFoundProblem("conversation.not_found")
    return Place(conversation.contact, conversation)


def _find_contact(reference: Mapping[str, Any], *, user: User) -> Place:
    theirs = scope.contacts_of(user)
    talks = with_facts(scope.conversations_of(user))
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
