"""People in the console: nobody rises above their role, and nobody above is touched."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from teams.models import Presence, Role, User
from tests.console import sign_in
from tests.factories import make_administrator, make_agent, make_supervisor, make_team

pytestmark = pytest.mark.django_db
LIST = "/admin/teams/user/"


def form_of(person: User, **changes: Any) -> dict[str, Any]:
    """Return what the form of this person posts."""
    fields = {
        "name": person.name,
        "email": person.email,
        "role": person.role,
        "capacity": "" if person.capacity is None else person.capacity,
        "is_receiving": "on",
        "phone": person.phone,
        "language": person.language,
        "time_zone": person.time_zone,
        "code": person.code or "",
        "external_id": person.external_id or "",
    }
    return {**fields, **changes}


def page(person: User, name: str = "change") -> str:
    return reverse(f"admin:teams_user_{name}", args=[person.pk])


@pytest.fixture
def ada() -> User:
    return make_administrator()


@pytest.fixture
def client(ada: User) -> Client:
    return sign_in(ada)


class TestAPerson:
    def test_is_added_with_a_role_and_a_password(self, client: Client) -> None:
        new = form_of(
            User(name="Chen", email="Chen@Example.com", role=Role.AGENT, phone="+81355502222")
        )
        answer = client.post(f"{LIST}add/", {**new, "password": "correct horse"})
        assert answer.status_code == 302
        chen = User.objects.get(email="chen@example.com")
        assert chen.check_password("correct horse")
        assert (chen.role, chen.phone) == (Role.AGENT, "+81355502222")

    def test_is_changed_by_an_administrator(self, client: Client) -> None:
        alice = make_agent()
        changed = {"name": "Alice B", "capacity": "3", "role": Role.SUPERVISOR}
        client.post(page(alice), form_of(alice, phone="+81355501111", **changed))
        alice.refresh_from_db()
        assert alice.phone == "+81355501111"
        assert (alice.name, alice.capacity, alice.role) == ("Alice B", 3, Role.SUPERVISOR)

    def test_is_marked_for_the_queue_when_given_more_room(self, client: Client) -> None:
        alice = make_agent(capacity=1)
        client.post(page(alice), form_of(alice, capacity="5"))
        assert User.objects.get(pk=alice.pk).offer_due_at is not None

    def test_is_only_read_by_a_supervisor(self) -> None:
        alice = make_agent()
        client = sign_in(make_supervisor())
        assert client.get(page(alice)).status_code == 200
        assert client.post(page(alice), form_of(alice, name="X")).status_code == 403
        assert User.objects.get(pk=alice.pk).name == "Alice"

    def test_cannot_be_deleted(self, client: Client) -> None:
        alice = make_agent()
        assert client.post(page(alice, "delete"), {"post": "yes"}).status_code == 403
        assert User.objects.filter(pk=alice.pk).exists()

    def test_is_refused_with_an_address_that_somebody_has(self, client: Client) -> None:
        make_agent(email="alice@example.com")
        new = form_of(User(name="Chen", email="ALICE@example.com", role=Role.AGENT))
        answer = client.post(f"{LIST}add/", new)
        assert answer.status_code == 200
        assert "email" in answer.context["adminform"].form.errors


class TestRights:
    def test_do_not_reach_above_oneself(self, client: Client) -> None:
        owner = make_agent(name="Olga", role=Role.OWNER)
        assert client.post(page(owner), form_of(owner, name="X")).status_code == 403
        assert client.post(page(owner, "password"), {}).status_code == 403
        assert client.post(page(owner, "presence"), {"presence": "away"}).status_code == 403

    def test_cannot_be_granted_beside_the_role(self, client: Client, ada: User) -> None:
        extra = {"is_superuser": "on", "user_permissions": ["1", "2"], "groups": ["1"]}
        answer = client.post(page(ada), form_of(ada, **extra))
        ada.refresh_from_db()
        assert answer.status_code == 302
        assert not ada.is_superuser
        assert not ada.user_permissions.exists()

    def test_cannot_be_raised_by_oneself(self, client: Client, ada: User) -> None:
        client.post(page(ada), form_of(ada, role=Role.OWNER))
        ada.refresh_from_db()
        assert ada.role == Role.ADMINISTRATOR

    def test_do_not_make_a_second_owner(self, client: Client) -> None:
        alice = make_agent()
        answer = client.post(page(alice), form_of(alice, role=Role.OWNER))
        assert answer.status_code == 200
        assert User.objects.get(pk=alice.pk).role == Role.AGENT

    def test_of_supervisors_end_before_passwords(self) -> None:
        alice = make_agent()
        assert sign_in(make_supervisor()).get(page(alice, "password")).status_code == 403


class TestThePassword:
    def test_is_set_and_noted_without_its_text(self, client: Client) -> None:
        alice = make_agent()
        both = {"new_password1": "correct horse 9", "new_password2": "correct horse 9"}
        client.post(page(alice, "password"), both)
        assert User.objects.get(pk=alice.pk).check_password("correct horse 9")
        history = client.get(page(alice, "history")).content.decode()
        assert "Changed the password." in history
        assert "correct horse" not in history

    def test_is_not_set_by_a_link(self, client: Client) -> None:
        alice = make_agent()
        client.get(page(alice, "password"), {"new_password1": "x", "new_password2": "x"})
        assert not User.objects.get(pk=alice.pk).check_password("x")

    def test_ends_what_was_open_elsewhere(self) -> None:
        alice = make_supervisor()
        elsewhere = sign_in(alice)
        both = {"new_password1": "correct horse 9", "new_password2": "correct horse 9"}
        sign_in(make_administrator()).post(page(alice, "password"), both)
        assert elsewhere.get("/admin/").status_code == 302


class TestPresence:
    def test_of_several_is_asked_about_first(self) -> None:
        alice, bob = make_agent(), make_agent(name="Bob")
        client = sign_in(make_supervisor())
        chosen = {"action": "set_away", "_selected_action": [alice.pk, bob.pk], "index": "0"}
        asked = client.post(LIST, chosen)
        assert asked.status_code == 200
        assert "Set 2 people away?" in asked.content.decode()
        assert User.objects.filter(presence=Presence.ONLINE).count() == 3
        client.post(LIST, {**chosen, "confirmed": "1"})
        assert User.objects.filter(presence=Presence.AWAY).count() == 2

    def test_leaves_those_above_alone(self) -> None:
        ada = make_administrator()
        client = sign_in(make_supervisor())
        chosen = {"action": "set_away", "_selected_action": [ada.pk], "confirmed": "1"}
        client.post(LIST, chosen)
        assert User.objects.get(pk=ada.pk).presence == Presence.ONLINE

    def test_of_one_person_changes_from_their_page(self) -> None:
        alice = make_agent()
        sign_in(make_supervisor()).post(page(alice, "presence"), {"presence": "offline"})
        assert User.objects.get(pk=alice.pk).presence == Presence.OFFLINE

    def test_does_not_change_by_a_link(self) -> None:
        alice = make_agent()
        sign_in(make_supervisor()).get(page(alice, "presence"), {"presence": "offline"})
        assert User.objects.get(pk=alice.pk).presence == Presence.ONLINE


class TestTheList:
    def test_shows_load_and_teams(self, client: Client) -> None:
        alice = make_agent(load=2, capacity=6)
        make_team(members=(alice,))
        text = client.get(LIST).content.decode()
        assert "2 / 6" in text
        assert "Support" in text

    def test_finds_by_address(self, client: Client) -> None:
        make_agent(email="alice@example.com")
        make_agent(name="Bob", email="bob@example.com")
        found = client.get(LIST, {"q": "alice@"}).context["cl"].result_list
        assert [person.name for person in found] == ["Alice"]
