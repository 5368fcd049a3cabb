"""Keys: who calls, and what the key may be used for."""

from datetime import timedelta

import pytest
from django.test import Client

from teams.models import ApiKey, Presence
from teams.services import api_keys, directory
from tests import moments
from tests.factories import make_agent, make_api_key, make_supervisor

pytestmark = pytest.mark.django_db
NOW = moments.WEDNESDAY_MORNING


def get(**headers):
    return Client().get("/api/v1/me/", headers=headers)


class TestApiKey:
    def test_is_taken_as_a_bearer(self, ada):
        answer = get(Authorization=f"Bearer {make_api_key(user=ada)}")

        assert answer.status_code == 200
        assert answer.json()["user"]["email"] == ada.email

    def test_is_taken_from_its_own_header(self, ada):
        assert get(apikey=make_api_key(user=ada)).status_code == 200

    def test_is_stored_as_a_hash(self, ada):
        key = make_api_key(user=ada)

        assert key.partition(".")[2] not in str(list(ApiKey.objects.values()))

    def test_that_has_expired_says_so(self, ada):
        issued = api_keys.issue(ada, name="Old", scopes=["read"], expires_at=NOW)

        answer = get(apikey=issued.key)

        assert (answer.status_code, answer.json()["code"]) == (401, "auth.invalid_api_key")
        assert answer.json()["detail"] == "This API key has expired."

    def test_that_was_revoked_is_refused(self, ada):
        issued = api_keys.issue(ada, name="CRM", scopes=["read"])
        api_keys.revoke(issued.api_key)

        answer = get(apikey=issued.key)

        assert (answer.status_code, answer.json()["code"]) == (403, "auth.api_key_disabled")

    def test_of_somebody_who_left_is_refused(self, ada):
        key = make_api_key(user=ada)
        type(ada).objects.filter(pk=ada.pk).update(is_active=False)

        assert get(apikey=key).json()["code"] == "auth.api_key_disabled"

    def test_ends_when_its_owner_leaves_even_if_they_come_back(self, ada):
        alice = make_agent()
        key = make_api_key(user=alice)

        directory.deactivate(alice, now=NOW)
        directory.update_person(alice, now=NOW, is_active=True)

        assert get(apikey=key).json()["code"] == "auth.api_key_disabled"

    def test_outlives_a_new_password_of_its_owner(self, ada):
        key = make_api_key(user=ada)

        ada.set_password("another-long-password")
        ada.save(update_fields=["password"])

        assert get(apikey=key).status_code == 200

    def test_notes_its_use_at_most_once_a_minute(self, ada):
        issued = api_keys.issue(ada, name="CRM", scopes=["read"])
        instants = [NOW, NOW + timedelta(seconds=59), NOW + timedelta(seconds=60)]
        seen = []

        for instant in instants:
            api_keys.note_use(api_keys.find_active(issued.key, now=instant), now=instant)
            seen.append(ApiKey.objects.get().last_used_at)

        assert seen == [NOW, NOW, NOW + timedelta(seconds=60)]

    @pytest.mark.parametrize(
        ("headers", "code"),
        [
            ({}, "not_authenticated"),
            ({"Authorization": "Basic !!!"}, "malformed"),
            ({"Authorization": "Bearer"}, "auth.invalid_api_key"),
            ({"Authorization": "Bearer \x00"}, "auth.invalid_api_key"),
            ({"Authorization": "Bearer " + "x" * 9000}, "auth.invalid_api_key"),
            ({"Authorization": "Bearer abcdefgh.ü"}, "auth.invalid_api_key"),
            ({"Authorization": "Bearer abcdefgh.nobody"}, "auth.invalid_api_key"),
            ({"apikey": "\x00.\x00"}, "auth.invalid_api_key"),
        ],
    )
    def test_that_is_none_is_answered_401(self, headers, code):
        answer = get(**headers)

        assert (answer.status_code, answer.json()["code"]) == (401, code)
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.headers["Content-Type"] == "application/problem+json"

    def test_in_an_address_is_never_read(self, ada):
        answer = Client().get(f"/api/v1/conversations/?apikey={make_api_key(user=ada)}")

        assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


class TestScopes:
    def test_are_listed_by_me(self, ada, call):
        body = call(ada, scopes=["messages", "read"]).get("me/").json()

        assert body["api_key"]["scopes"] == ["read", "messages"]
        assert body["now"] == "2026-11-18T09:00:00Z"

    def test_that_are_missing_are_named(self, ada, call):
        answer = call(ada, scopes=["read"]).post("teams/", {"code": "cs", "name": "CS"})

        assert (answer.status_code, answer.json()["code"]) == (403, "auth.scope_missing")
        assert "teams" in answer.json()["detail"]

    def test_without_read_show_nothing(self, ada, call):
        assert call(ada, scopes=["teams"]).get("teams/").status_code == 403


class TestRoles:
    def test_decide_over_and_above_the_scopes(self, call):
        answer = call(make_supervisor()).post("teams/", {"code": "cs", "name": "CS"})

        assert (answer.status_code, answer.json()["code"]) == (403, "auth.role_insufficient")

    def test_let_agents_set_their_own_presence_only(self, call):
        alice, bob = make_agent(presence="offline"), make_agent(name="Bob", presence="offline")
        caller = call(alice)

        own = caller.put(f"users/{alice.public_id}/presence/", {"presence": "online"})
        foreign = caller.put(f"users/{bob.public_id}/presence/", {"presence": "online"})

        assert (own.status_code, foreign.status_code) == (200, 403)
        alice.refresh_from_db()
        assert (alice.presence, alice.offer_due_at) == (Presence.ONLINE, NOW)
