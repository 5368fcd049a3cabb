"""Who carries an assignment out: a hand that does it, or one that only says what it would do."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from conversations.actors import Actor
from conversations.models import Assignment, Contact, Conversation
from routing.api.places import Place
from routing.api.serializers import show_answer, show_decision
from routing.engine.facts import Trigger
from routing.services import assignment
from routing.services.rehearsal import Rehearsal
from teams.models import Team, User

Shown = Mapping[str, Any] | None


class Hand(Protocol):
    """The verbs of an assignment. What they return is the decision as it is shown."""

    @property
    def is_dry(self) -> bool: ...

    def hold(self, place: Place) -> Place:
        """Return it as it is now; what is checked stays true until the answer is given."""

    def give(
        self, chat: Conversation, *, team: Team | None, person: User | None, reason: str
    ) -> Shown: ...

    def take_back(self, chat: Conversation, *, reason: str) -> None: ...

    def pin(self, place: Place, *, person: User, reason: str) -> Shown: ...

    def unpin(self, place: Place, *, reason: str) -> None: ...

    def look_again(self, place: Place) -> Place:
        """Return it as it is after all that."""

    def assigned_at(self, chat: Conversation) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class DoingHand:
    actor: Actor
    now: datetime
    is_dry: bool = False

    def hold(self, place: Place) -> Place:
        if place.conversation is None:
            return place
        locked = Conversation.objects.select_for_update(of=("self",))
        chat = locked.select_related("contact", "channel").get(pk=place.conversation.pk)
        return Place(chat.contact, chat)

    def give(
        self, chat: Conversation, *, team: Team | None, person: User | None, reason: str
    ) -> Shown:
        return show_decision(
            assignment.assign_to(
                chat, team=team, person=person, actor=self.actor, reason=reason, now=self.now
            )
        )

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
        contact = Contact.objects.select_related("permanent_agent").get(pk=place.contact.pk)
        if place.conversation is None:
            return Place(contact, None)
        rows = Conversation.objects.select_related("team", "assignee")
        return Place(contact, rows.get(pk=place.conversation.pk))

    def assigned_at(self, chat: Conversation) -> datetime | None:
        return _running_since(chat)


@dataclass(frozen=True, slots=True)
class RehearsingHand:
    actor: Actor
    now: datetime
    rehearsal: Rehearsal
    is_dry: bool = True

    def hold(self, place: Place) -> Place:
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
        return place

    def assigned_at(self, chat: Conversation) -> datetime | None:
        if self.rehearsal.is_given(chat):
            return self.now
        return _running_since(chat) if chat.assignee_id or chat.team_id else None


def _running_since(chat: Conversation) -> datetime | None:
    running = Assignment.objects.filter(conversation=chat, ended_at=None)
    return running.order_by("pk").values_list("started_at", flat=True).first()
