"""Somebody leaves: nothing of theirs is lost, and nothing stays with them."""

from datetime import datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from conversations.actors import Actor
from conversations.models import Contact, Conversation, Event
from conversations.states import Status
from routing import invariants
from routing.models import Decision
from routing.services import assignment, leaving
from routing.services.assignment import AssignmentRefusedError
from routing.services.leaving import HandOver
from teams.models import Presence, Role, Strategy, User
from teams.services import directory
from teams.services.directory import PersonHasWorkError
from tests.factories import (
    make_administrator,
    make_agent,
    make_api_key,
    make_channel,
    make_contact,
    make_conversation,
    make_team,
)
from tests.settle import settle

pytestmark = pytest.mark.django_db


def give(person: User, *, now: datetime, **fields: Any) -> Conversation:
    conversation = make_conversation(**fields)
    team = conversation.team
    assignment.assign_to(conversation, person=person, actor=Actor.system(), now=now, team=team)
    conversation.refresh_from_db()
    return conversation


def leave(user: User, *, now: datetime, hand_over: HandOver | None = None) -> leaving.Belongings:
    ada = make_administrator()
    actor = Actor.person(ada.pk, ada.name)
    return leaving.leave(user, hand_over=hand_over, actor=actor, now=now)


class TestSomebodyWithOpenWork:
    def test_cannot_leave_without_saying_where_it_goes(self, now: datetime) -> None:
        alice = make_agent()
        conversation = give(alice, now=now)

        with pytest.raises(PersonHasWorkError):
            leave(alice, now=now)

        conversation.refresh_from_db()
        alice.refresh_from_db()
        assert (conversation.assignee, alice.is_active) == (alice, True)
        assert alice.presence == Presence.ONLINE

    def test_gives_it_to_a_person(self, now: datetime) -> None:
        alice, bob = make_agent(), make_agent(name="Bob", presence=Presence.AWAY, capacity=0)
        team = make_team(members=(alice, bob))
        ours, other = give(alice, team=team, now=now), give(alice, now=now)

        had = leave(alice, hand_over=HandOver(person=bob), now=now)

        for conversation in (ours, other):
            conversation.refresh_from_db()
            assert conversation.assignee == bob
        assert (ours.team, other.team) == (team, None)
        alice.refresh_from_db()
        bob.refresh_from_db()
        assert (alice.load, bob.load, had.conversations) == (0, 2, 2)

    def test_gives_it_to_a_team_whose_strategy_picks(self, now: datetime) -> None:
        alice, bob, chen = make_agent(), make_agent(name="Bob"), make_agent(name="Chen")
        team = make_team(members=(alice, bob, chen))
        mine = [give(alice, now=now) for _ in range(4)]

        leave(alice, hand_over=HandOver(team=team), now=now)

        owners = [Conversation.objects.get(pk=c.pk).assignee for c in mine]
        assert sorted(str(owner) for owner in owners) == ["Bob", "Bob", "Chen", "Chen"]

    def test_lets_each_go_its_own_way(self, now: datetime) -> None:
        alice, bob, chen = make_agent(), make_agent(name="Bob"), make_agent(name="Chen")
        team = make_team(members=(alice, bob))
        channel = make_channel(agents=(alice, chen))
        ours = give(alice, team=team, now=now)
        lone = give(alice, channel=channel, now=now)

        leave(alice, hand_over=HandOver(), now=now)
        settle(now=now)

        ours.refresh_from_db()
        lone.refresh_from_db()
        assert (ours.assignee, ours.team, lone.assignee) == (bob, team, chen)

    def test_never_gets_it_back_from_a_team_of_their_own(self, now: datetime) -> None:
        alice = make_agent()
        team = make_team(members=(alice,), strategy=Strategy.DEFAULT_USER, default_user=alice)
        conversation = give(alice, team=team, now=now)

        leave(alice, hand_over=HandOver(), now=now)

        conversation.refresh_from_db()
        team.refresh_from_db()
        assert (conversation.assignee, conversation.team, team.default_user) == (None, team, None)

    def test_leaves_a_decision_that_says_why(self, now: datetime) -> None:
        alice, bob = make_agent(), make_agent(name="Bob")
        conversation = give(alice, now=now)

        leave(alice, hand_over=HandOver(person=bob), now=now)

        decision = Decision.objects.filter(conversation=conversation).latest("pk")
        assert decision.facts["situation"]["reason"] == "Alice left."

    def test_keeps_it_all_if_it_cannot_go_there(self, now: datetime) -> None:
        alice, bob = make_agent(), make_agent(name="Bob", is_active=False)
        give(alice, now=now)

        for hand_over in (HandOver(person=bob), HandOver(person=alice)):
            with pytest.raises(AssignmentRefusedError):
                leave(alice, hand_over=hand_over, now=now)

        alice.refresh_from_db()
        assert (alice.is_active, alice.load) == (True, 1)

    def test_keeps_what_is_resolved(self, now: datetime) -> None:
        alice = make_agent()
        done = make_conversation(status=Status.RESOLVED, assignee=alice)

        leave(alice, now=now)

        done.refresh_from_db()
        assert done.assignee == alice


class TestWhoeverLeaves:
    def test_is_nobodys_permanent_agent_any_more(self, now: datetime) -> None:
        alice = make_agent()
        dora = make_contact(permanent_agent=alice)
        other = make_contact(name="Emil", permanent_agent=make_agent(name="Bob"))

        had = leave(alice, now=now)

        dora.refresh_from_db()
        other.refresh_from_db()
        assert (dora.permanent_agent, had.contacts) == (None, 1)
        assert other.permanent_agent is not None
        event = Event.objects.get(type="contact.permanent_agent_released")
        assert (event.contact, event.data["user_id"]) == (dora, alice.pk)

    def test_takes_no_key_along(self, now: datetime) -> None:
        alice = make_agent()
        make_api_key(user=alice)

        had = leave(alice, now=now)

        assert had.api_keys == 1
        assert not alice.api_keys.filter(revoked=False).exists()

    def test_is_offline_and_inactive(self, now: datetime) -> None:
        alice = make_agent()

        leave(alice, now=now)

        alice.refresh_from_db()
        assert (alice.is_active, alice.presence) == (False, Presence.OFFLINE)

    def test_is_not_the_owner(self, now: datetime) -> None:
        with pytest.raises(ValidationError):
            leave(make_agent(name="Olga", role=Role.OWNER), now=now)

    def test_can_come_back_to_their_teams(self, now: datetime) -> None:
        alice = make_agent()
        team = make_team(members=(alice,))
        leave(alice, now=now)

        alice = directory.update_person(alice, is_active=True, now=now)

        assert (alice.is_active, alice.presence) == (True, Presence.OFFLINE)
        assert list(alice.teams.all()) == [team]
        assert not Contact.objects.filter(permanent_agent=alice).exists()


class TestTheInvariant:
    def test_finds_work_that_stayed_with_somebody_who_left(self, now: datetime) -> None:
        alice = make_agent()
        conversation = give(alice, now=now)
        User.objects.filter(pk=alice.pk).update(is_active=False)

        assert list(invariants.open_work_of_people_who_left()) == [conversation]
