"""The door for people: strict about the browser, patient with typing errors, not with guessing."""

import pytest
from django.test import Client
from pytest_django import Settings

from teams.models import User

pytestmark = pytest.mark.django_db
LOGIN = "/admin/login/"


@pytest.fixture
def alice() -> User:
    return User.objects.create_superuser("alice@example.test", "correct horse battery")


class TestEveryPage:
    def test_forbids_foreign_and_inline_scripts(self, client: Client) -> None:
        policy = client.get(LOGIN).headers["content-security-policy"]
        assert "script-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy

    def test_tells_nobody_where_it_was_read(self, client: Client) -> None:
        headers = client.get(LOGIN).headers
        assert headers["referrer-policy"] == "same-origin"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"


class TestGuessing:
    @pytest.fixture(autouse=True)
    def _locks(self, settings: Settings) -> None:
        settings.AXES_ENABLED = True

    def guess(
        self,
        client: Client,
        *,
        password: str,
        address: str = "192.0.2.9",
        name: str = "alice@example.test",
    ) -> int:
        form = {"username": name, "password": password}
        return client.post(LOGIN, form, REMOTE_ADDR=address).status_code

    def test_ends_after_five_tries(self, client: Client, alice: User) -> None:
        assert [self.guess(client, password="wrong") for _ in range(5)] == [200] * 4 + [429]
        assert self.guess(client, password="correct horse battery") == 429

    @pytest.mark.parametrize("name", ["a" * 5000, "é" * 300, "a@b.c\x00"])
    def test_with_a_name_that_nobody_has_is_no_error(self, client: Client, name: str) -> None:
        assert self.guess(client, password="wrong", name=name) == 200

    def test_locks_nobody_out_who_comes_from_elsewhere(self, client: Client, alice: User) -> None:
        for _ in range(6):
            self.guess(client, password="wrong")
        entered = self.guess(client, password="correct horse battery", address="192.0.2.10")
        assert entered == 302

    def test_gets_no_further_tries_by_spelling(self, client: Client, alice: User) -> None:
        spellings = ["alice", "Alice", "ALICE", "aLICE", " alice"]
        for spelling in spellings:
            self.guess(client, password="wrong", name=f"{spelling}@example.test")
        assert self.guess(client, password="correct horse battery") == 429
