"""Somebody leaves: where their open work goes, and what else they let go of."""

from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from conversations.actors import Actor
from conversations.models import Contact, Conversation
from conversations.models.assignment import EndReason
from conversations.services import assignments, events
from conversations.states import OPEN
from routing.flow_uses import find_flows, needed_by
from routing.services import assignment
from routing.services.assignment import AssignmentRefusedError
from teams.models import Membership, Presence, Role, Team, User
from teams.services import directory, presence
from teams.services.directory import PersonHasWorkError

BATCH = 500
#: Something may come in while somebody leaves; then it is all done again.
_TRIES = 3


@dataclass(frozen=True, slots=True)
class HandOver:
    """Who gets the open conversations: one person, or one team by its strategy.

    Neither: each goes to its own team, or back to the queue of its channel.
    """

    person: User | None = None
    team: Team | None = None


@dataclass(frozen=True, slots=True)
class Belongings:
    """What somebody still has: open conversations, contacts for good, and live API keys."""

    conversations: int
    contacts: int
    api_keys: int


def count_belongings(user: User) -> Belongings:
    """Return what would have to go elsewhere if this person left."""
    return Belongings(
        conversations=_open_work(user).count(),
        contacts=Contact.objects.filter(permanent_agent=user).count(),
        api_keys=user.api_keys.filter(revoked=False).count(),
    )


def leave(
    user: User, *, actor: Actor, now: datetime, hand_over: HandOver | None = None
) -> Belongings:
    """Let somebody leave: all of it, or nothing. Returns what they had.

    1. Their open conversations go where `hand_over` says, each by a decision that can be read.
    2. Their contacts have no permanent agent any more; each says so in its history.
    3. They are nobody's default user, their API keys end, and they are offline and inactive.

    Raises `PersonHasWorkError` if there is open work and nobody said where it goes,
    `AssignmentRefusedError` if it cannot go there, and `ValidationError` for the owner and for
    somebody to whom a flow gives conversations.
    """
    for _try in range(_TRIES - 1):
        try:
            return _leave(user, hand_over=hand_over, actor=actor, now=now)
        except PersonHasWorkError:
            if hand_over is None:
                raise
    return _leave(user, hand_over=hand_over, actor=actor, now=now)


@transaction.atomic
def _leave(user: User, *, hand_over: HandOver | None, actor: Actor, now: datetime) -> Belongings:
    _refuse(user, hand_over)
    conversations = _lock_work(user, hand_over)
    if conversations and hand_over is None:
        raise PersonHasWorkError
    # From here on nobody's strategy chooses them.
    presence.set_presence(user, presence=Presence.OFFLINE, by=_person(actor), now=now)
    Team.objects.filter(default_user=user).update(default_user=None)
    reason = _("%(name)s left.") % {"name": user.name}
    for conversation in conversations:
        _give_away(conversation, to=hand_over or HandOver(), actor=actor, reason=reason, now=now)
    contacts = _release_contacts(user, actor=actor, now=now)
    keys = user.api_keys.filter(revoked=False).count()
    directory.deactivate(user, now=now)
    user.refresh_from_db()
    return Belongings(len(conversations), contacts, keys)


def _refuse(user: User, hand_over: HandOver | None) -> None:
    if user.role == Role.OWNER:
        raise ValidationError({"is_active": _("The owner cannot leave.")})
    if names := find_flows(user):
        raise ValidationError({"is_active": needed_by(names)}, code="flow.needs_it")
    person = hand_over.person if hand_over else None
    if person is not None and (person.pk == user.pk or not person.is_active):
        raise AssignmentRefusedError("member.inactive")
    if hand_over and hand_over.team is not None and not hand_over.team.is_active:
        raise AssignmentRefusedError("team.inactive")


def _open_work(user: User) -> QuerySet[Conversation]:
    rows: QuerySet[Conversation] = Conversation.objects.filter(assignee=user, status__in=OPEN)
    return rows.order_by("pk")


def _release_contacts(user: User, *, actor: Actor, now: datetime) -> int:
    """Take the permanent agent from every contact that has this one.

    After everything else: contacts are locked after conversations, teams and people.
    """
    released = 0
    while True:
        theirs = Contact.objects.select_for_update(of=("self",), no_key=True)
        batch = list(theirs.filter(permanent_agent=user).order_by("pk")[:BATCH])
        if not batch:
            return released
        for contact in batch:
            events.record_of_contact(
                "contact.permanent_agent_released",
                contact=contact,
                actor=actor,
                now=now,
                data={"user_id": user.pk, "reason": "left"},
            )
        Contact.objects.filter(pk__in=[contact.pk for contact in batch]).update(
            permanent_agent=None
        )
        released += len(batch)


def _lock_work(user: User, hand_over: HandOver | None) -> list[Conversation]:
    """Lock the open work, then the teams that may get it, then everybody who may: in one order.

    Other decisions lock in this order too, so that nobody waits for somebody who waits for them.
    """
    locked = _open_work(user).select_for_update(of=("self",))
    conversations = list(locked.select_related("team"))
    wanted = {conversation.team_id for conversation in conversations if conversation.team_id}
    if hand_over and hand_over.team:
        wanted.add(hand_over.team.pk)
    teams = Team.objects.filter(Q(pk__in=wanted) | Q(default_user=user)).order_by("pk")
    team_ids = list(teams.select_for_update(no_key=True).values_list("pk", flat=True))
    people = Membership.objects.filter(team__in=team_ids).values_list("user_id", flat=True)
    named = [hand_over.person.pk] if hand_over and hand_over.person else []
    assignments.lock_people({*people, *named, user.pk})
    return conversations


def _give_away(
    conversation: Conversation, *, to: HandOver, actor: Actor, reason: str, now: datetime
) -> None:
    team = to.team
    if team is None and conversation.team is not None and conversation.team.is_active:
        team = conversation.team
    person = to.person
    if person is not None and team is not None and not _is_member(person, team):
        team = None
    if team is None and person is None:
        _back_to_queue(conversation, actor=actor, now=now)
        return
    assignment.assign_to(
        conversation, team=team, person=person, actor=actor, reason=reason, now=now
    )


def _person(actor: Actor) -> User | None:
    return User.objects.filter(pk=actor.user_id).order_by("pk").first() if actor.user_id else None


def _back_to_queue(conversation: Conversation, *, actor: Actor, now: datetime) -> None:
    """Let it wait in its channel's queue, and be looked at by the sweep at once."""
    assignments.take_back(conversation, reason=EndReason.REPLACED, actor=actor, now=now)
    Conversation.objects.filter(pk=conversation.pk).update(placing_due_at=now)


def _is_member(person: User, team: Team) -> bool:
    return Membership.objects.filter(team=team, user=person).exists()
