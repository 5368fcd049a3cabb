"""Somebody leaves, as a supervisor's superior says it in the console."""

import pytest
from django.test import Client
from django.urls import reverse

from conversations.actors import Actor
from conversations.models import Conversation
from routing.services import assignment
from teams.models import Presence, Role, User
from tests import moments
from tests.console import sign_in
from tests.factories import (
    make_administrator,
    make_agent,
    make_contact,
    make_conversation,
    make_supervisor,
    make_team,
)

pytestmark = pytest.mark.django_db


def page(person: User, name: str) -> str:
    return reverse(f"admin:teams_user_{name}", args=[person.pk])


@pytest.fixture
def client() -> Client:
    return sign_in(make_administrator())


@pytest.fixture
def alice() -> User:
    return make_agent()


@pytest.fixture
def hers(alice: User) -> Conversation:
    conversation = make_conversation()
    now = moments.WEDNESDAY_MORNING
    assignment.assign_to(conversation, person=alice, actor=Actor.system(), now=now)
    return conversation


class TestLeaving:
    def test_says_what_there_is_and_asks(
        self, client: Client, alice: User, hers: Conversation
    ) -> None:
        make_contact(permanent_agent=alice)

        text = client.get(page(alice, "leave")).content.decode()

        assert "They have 1 open conversation." in text
        assert "1 customer has Alice as permanent agent" in text

    def test_waits_for_the_answer(self, client: Client, alice: User, hers: Conversation) -> None:
        answer = client.post(page(alice, "leave"), {"to": "person"})

        assert "Choose the person." in answer.content.decode()
        assert User.objects.get(pk=alice.pk).is_active

    @pytest.mark.parametrize("to", ["person", "team", "own_team"])
    def test_lets_the_work_go_on(
        self, client: Client, alice: User, hers: Conversation, to: str
    ) -> None:
        bob = make_agent(name="Bob")
        team = make_team(members=(bob,))

        form = {"to": to, "person": bob.pk, "team": team.pk}
        answer = client.post(page(alice, "leave"), form, follow=True)

        assert "Alice left; 1 open conversation went on." in answer.content.decode()
        owner = Conversation.objects.get(pk=hers.pk).assignee
        assert owner == (None if to == "own_team" else bob)
        assert not User.objects.get(pk=alice.pk).is_active

    def test_asks_nothing_where_there_is_no_work(self, client: Client, alice: User) -> None:
        client.post(page(alice, "leave"))

        assert not User.objects.get(pk=alice.pk).is_active

    def test_can_be_undone(self, client: Client, alice: User) -> None:
        client.post(page(alice, "leave"))

        client.post(page(alice, "return"))

        alice.refresh_from_db()
        assert (alice.is_active, alice.presence) == (True, Presence.OFFLINE)

    def test_is_not_for_oneself_the_owner_or_supervisors(self, alice: User) -> None:
        ada = make_administrator(name="Ada L.")
        owner = make_agent(name="Olga", role=Role.OWNER)

        for editor, person in ((ada, ada), (ada, owner), (make_supervisor(), alice)):
            assert sign_in(editor).post(page(person, "leave")).status_code == 403
            assert User.objects.get(pk=person.pk).is_active

    def test_is_offered_on_the_page(self, client: Client, alice: User) -> None:
        assert "Deactivate…" in client.get(page(alice, "change")).content.decode()
