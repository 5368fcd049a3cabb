"""API keys in the console: shown once, kept as a hash, revoked for good."""

from datetime import timedelta

import pytest
from django.contrib.admin.utils import quote
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from teams.models import ApiKey, Role, User
from teams.services import api_keys
from tests.console import sign_in
from tests.factories import make_administrator, make_agent, make_supervisor

pytestmark = pytest.mark.django_db
LIST = "/admin/teams/apikey/"
ADD = f"{LIST}add/"


@pytest.fixture
def ada() -> User:
    return make_administrator()


@pytest.fixture
def client(ada: User) -> Client:
    return sign_in(ada)


class TestAKey:
    def test_is_shown_once_and_works(self, client: Client, ada: User) -> None:
        posted = client.post(ADD, {"name": "CRM", "user": ada.pk, "scopes": ["read", "assign"]})
        assert posted.status_code == 302
        answer = client.get(posted["location"])
        key = answer.context["key"]
        assert key in answer.content.decode()
        assert "no-store" in answer.headers["cache-control"]
        found = api_keys.find_active(key, now=timezone.now())
        assert found is not None
        assert found.scopes == ["read", "assign"]
        assert key not in client.get(LIST).content.decode()

    def test_is_not_shown_or_issued_again_by_reloading(self, client: Client, ada: User) -> None:
        posted = client.post(ADD, {"name": "CRM", "user": ada.pk, "scopes": ["read"]})
        key = client.get(posted["location"]).context["key"]
        again = client.get(posted["location"], follow=True)
        assert key not in again.content.decode()
        assert "shown once" in again.content.decode()
        assert ApiKey.objects.count() == 1

    def test_waits_for_its_page_in_no_row_of_ours(self, client: Client, ada: User) -> None:
        posted = client.post(ADD, {"name": "CRM", "user": ada.pk, "scopes": ["read"]})
        cookie = posted.cookies["new_api_key"]
        assert cookie["httponly"]
        assert cookie["samesite"] == "Strict"
        assert cookie["path"] == posted["location"]
        key = client.get(posted["location"]).context["key"]
        assert key not in str(dict(client.session))

    def test_is_shown_to_nobody_else(self, client: Client, ada: User) -> None:
        posted = client.post(ADD, {"name": "CRM", "user": ada.pk, "scopes": ["read"]})
        other = sign_in(make_administrator(name="Olga"))
        other.cookies["new_api_key"] = posted.cookies["new_api_key"].value
        assert other.get(posted["location"]).status_code == 302

    def test_is_not_issued_by_a_link(self, client: Client, ada: User) -> None:
        client.get(ADD, {"name": "CRM", "user": ada.pk, "scopes": "read"})
        assert not ApiKey.objects.exists()

    def test_belongs_to_nobody_above_who_issues_it(self, client: Client) -> None:
        owner = make_agent(name="Olga", role=Role.OWNER)
        answer = client.post(ADD, {"name": "CRM", "user": owner.pk, "scopes": ["read"]})
        assert answer.status_code == 200
        assert not ApiKey.objects.exists()

    def test_of_somebody_above_is_not_listed(self, client: Client) -> None:
        owner = make_agent(name="Olga", role=Role.OWNER)
        api_keys.issue(owner, name="Secret project", scopes=["read"])
        assert "Secret project" not in client.get(LIST).content.decode()

    def test_is_asked_about_and_then_revoked(self, client: Client, ada: User) -> None:
        issued = api_keys.issue(ada, name="CRM", scopes=["read"])
        address = reverse("admin:teams_apikey_revoke", args=[quote(issued.api_key.pk)])
        assert "cannot be undone" in client.get(address).content.decode()
        assert not ApiKey.objects.get().revoked
        client.post(address)
        assert ApiKey.objects.get().revoked

    def test_is_no_affair_of_supervisors(self) -> None:
        client = sign_in(make_supervisor())
        assert client.get(LIST).status_code == 403
        assert client.get(ADD).status_code == 403

    def test_ends_when_its_form_says(self, client: Client, ada: User) -> None:
        page = client.get(ADD).content.decode()
        assert 'name="expires_at" value="' in page

        form = {"name": "CRM", "user": ada.pk, "scopes": ["read"]}
        past = client.post(ADD, form | {"expires_at": "2020-01-01T00:00"})
        assert "still to come" in past.content.decode()
        client.post(ADD, form | {"expires_at": "2099-01-01T00:00"})
        assert ApiKey.objects.get().expiry_date.year == 2099
        assert "2099" in client.get(LIST).content.decode()

    def test_that_nobody_uses_is_pointed_out(self, client: Client, ada: User) -> None:
        issued = api_keys.issue(ada, name="CRM", scopes=["read"])
        assert "Unused for 90 days" not in client.get(LIST).content.decode()
        old = timezone.now() - timedelta(days=91)
        ApiKey.objects.filter(pk=issued.api_key.pk).update(created=old)
        assert "Unused for 90 days" in client.get(LIST).content.decode()
