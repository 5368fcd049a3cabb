"""Who carries an assignment out: a hand that does it, or one that only says what it would do."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from django.db.models import OuterRef, QuerySet, Subquery

from conversations.actors import Actor
from conversations.models import Assignment, Contact, Conversation
from routing.api.places import HELD, SEEN, Place, find_place, with_facts
from routing.api.serializers import show_answer, show_decision
from routing.engine.facts import Trigger
from routing.services import assignment
from routing.services.rehearsal import Rehearsal
from teams.models import Team, User
from teams.queries import InstanceQuery

Order = Mapping[str, Any]
Shown = Mapping[str, Any] | None


class Hand(Protocol):
    """The verbs of an assignment. What they return is the decision as it is shown."""

    @property
    def is_dry(self) -> bool: ...

    def find(self, order: Order, *, user: User) -> Place:
        """Return what the order names, if the caller may see it, as it is now.

        What is checked stays true until the answer is given.
        """

    def give(
        self, chat: Conversation, *, team: Team | None, person: User | None, reason: str
    ) -> Shown: ...

    def take_back(self, chat: Conversation, *, reason: str) -> None: ...

    def pin(self, place: Place, *, person: User, reason: str) -> Shown: ...

    def unpin(self, place: Place, *, reason: str) -> None: ...

    def look_again(self, place: Place) -> Place:
        """Return it as it is after all that."""


@dataclass(frozen=True, slots=True)
class DoingHand:
    actor: Actor
    now: datetime
    is_dry: bool = False

    def find(self, order: Order, *, user: User) -> Place:
        place = find_place(order, user=user, chats=HELD)
        if "conversation_id" in order or place.conversation is None:
            return place
        locked = Conversation.objects.select_for_update(of=("self",))
        chat = with_facts(locked).get(pk=place.conversation.pk)
        return Place(chat.contact, chat)

    def give(
        self, chat: Conversation, *, team: Team | None, person: User | None, reason: str
    ) -> Shown:
        decision = assignment.assign_held(
            chat, team=team, person=person, actor=self.actor, reason=reason, now=self.now
        )
        return show_decision(decision, known=[row for row in (team, person) if row])

    def take_back(self, chat: Conversation, *, reason: str) -> None:
        assignment.unassign(chat, actor=self.actor, reason=reason, now=self.now)

    def pin(self, place: Place, *, person: User, reason: str) -> Shown:
        return show_decision(
            assignment.pin(
                place.contact,
                person=person,
                conversation=place.conversation,
                actor=self.actor,
                reason=reason,
                now=self.now,
            )
        )

    def unpin(self, place: Place, *, reason: str) -> None:
        assignment.unpin(
            place.contact,
            conversation=place.conversation,
            actor=self.actor,
            reason=reason,
            now=self.now,
        )

    def look_again(self, place: Place) -> Place:
        if place.conversation is None:
            rows = Contact.objects.select_related("permanent_agent")
            return Place(rows.get(pk=place.contact.pk), None)
        chat = _AFTERWARDS.only(place.conversation.pk)
        return Place(chat.contact, chat, assigned_at=chat.running_since)


@dataclass(frozen=True, slots=True)
class RehearsingHand:
    actor: Actor
    now: datetime
    rehearsal: Rehearsal
    is_dry: bool = True

    def find(self, order: Order, *, user: User) -> Place:
        place = find_place(order, user=user, chats=SEEN)
        if place.conversation is None:
            return place
        chat = self.rehearsal.look(place.conversation)
        return Place(chat.contact, chat)

    def give(
        self, chat: Conversation, *, team: Team | None, person: User | None, reason: str
    ) -> Shown:
        answer = self.rehearsal.assign_to(
            chat, team=team, person=person, actor=self.actor, reason=reason
        )
        return show_answer(answer, trigger=Trigger.MANUAL, now=self.now)

    def take_back(self, chat: Conversation, *, reason: str) -> None:
        self.rehearsal.unassign(chat)

    def pin(self, place: Place, *, person: User, reason: str) -> Shown:
        answer = self.rehearsal.pin(
            place.contact,
            person=person,
            conversation=place.conversation,
            actor=self.actor,
            reason=reason,
        )
        return show_answer(answer, trigger=Trigger.MANUAL, now=self.now)

    def unpin(self, place: Place, *, reason: str) -> None:
        self.rehearsal.unpin(place.contact)

    def look_again(self, place: Place) -> Place:
        chat = place.conversation
        return replace(place, assigned_at=self._assigned_at(chat) if chat else None)

    def _assigned_at(self, chat: Conversation) -> datetime | None:
        if self.rehearsal.is_given(chat):
            return self.now
        has_owner = chat.assignee_id or chat.team_id
        return _running(chat.pk).first() if has_owner else None


def _running(chat: Any) -> QuerySet[Assignment, datetime]:
    """Return since when whoever has the conversation has it: at most one row."""
    running = Assignment.objects.filter(conversation=chat, ended_at=None)
    return running.order_by("pk").values_list("started_at", flat=True)


_WHO = ("public_id", "name", "email", "code")
#: What an answer says of a conversation, and `running_since`. It is read with every call, so no
#: column more than that.
_SHOWN = (
    *("public_id", "status", "version", "team", "assignee", "contact"),
    *("contact__public_id", "contact__permanent_agent"),
    *("team__public_id", "team__code", "team__name"),
    *(f"assignee__{name}" for name in _WHO),
    *(f"contact__permanent_agent__{name}" for name in _WHO),
)
_AFTERWARDS = InstanceQuery[Any](
    lambda id: (
        Conversation.objects.order_by()
        .filter(pk=id)
        .select_related("team", "assignee", "contact__permanent_agent")
        .only(*_SHOWN)
        .annotate(running_since=Subquery(_running(OuterRef("pk"))[:1]))
    ),
    1,
)
