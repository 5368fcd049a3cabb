"""The catalogue's hostile inputs for the admin and for rules, played against our own pages.

The catalogue speaks of working names (`/admin/core/contact/`); each row is read here as the page of
ours that it is about. It lies beside the repository and may be absent.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from conversations.models import Conversation, Message
from routing.models import Rule
from teams.models import Role, User
from tests.console import sign_in
from tests.factories import (
    AUTH_TOKEN,
    make_administrator,
    make_agent,
    make_channel,
    make_contact,
    make_conversation,
    make_message,
    make_rule,
    make_supervisor,
    make_team,
)

pytestmark = pytest.mark.django_db
CATALOGUE = Path(__file__).parents[4] / "shared" / "data" / "bad_inputs.jsonl"
SURFACES = {"admin", "routing_rule"}
LIST = "/admin/conversations/conversation/"
#: Rows that are not played, and why.
SKIPPED = {
    "AD-021": "no form of ours takes JSON: tags are typed with commas",
    "AD-022": "no form of ours takes JSON: tags are typed with commas",
    "RR-001": "no operator takes a pattern; see RR-003",
}
#: Rows that are answered otherwise, because our pages are made otherwise.
OTHERWISE = {
    "RR-003": "a pattern is an unknown operator here, refused at that field",
    "AD-035": "messages have no page of their own: there is nothing to post to",
}


@dataclass
class House:
    """Who and what the rows speak of."""

    sachi: User
    ada: User
    owner: User
    foreign: Conversation
    message: Message

    @property
    def supervisor(self) -> Client:
        return sign_in(self.sachi)

    @property
    def administrator(self) -> Client:
        return sign_in(self.ada)


@pytest.fixture
def house() -> House:
    sales = make_team(name="Sales")
    foreign = make_conversation(team=sales)
    return House(
        sachi=make_supervisor(),
        ada=make_administrator(),
        owner=make_agent(name="Olga", role=Role.OWNER, is_superuser=True),
        foreign=foreign,
        message=make_message(conversation=foreign),
    )


def rule_form(**changes: Any) -> dict[str, Any]:
    form = {
        "name": "Refunds",
        "is_active": "on",
        "match": "all",
        "team": changes.pop("team", None) or make_team(members=(make_agent(),)).pk,
        "conditions-TOTAL_FORMS": 1,
        "conditions-INITIAL_FORMS": 0,
        "conditions-0-field": "message.text",
        "conditions-0-operator": "contains",
        "conditions-0-value": "refund",
    }
    return {**form, **changes}


def add_rule(house: House, **changes: Any) -> HttpResponse:
    return house.administrator.post("/admin/routing/rule/add/", rule_form(**changes))


def person(user: User, name: str = "change") -> str:
    return reverse(f"admin:teams_user_{name}", args=[user.pk])


def hostile(house: House, row: dict[str, Any]) -> HttpResponse:
    """Store the value wherever strangers and colleagues can write, and look at every page of it."""
    value = row["input"]["value"]
    team = make_team(name=value, code="hostile")
    conversation = make_conversation(
        contact=make_contact(name=value), channel=make_channel(name=value), tags=[value], team=team
    )
    media = [{"content_type": value, "url": value}]
    make_message(conversation=conversation, body=value, media=media)
    rule = make_rule(name=value, team=team, conditions=(("message.text", "contains", value),))
    client = sign_in(house.owner)
    pages = [
        *(f"{LIST}{path}" for path in ("", f"{conversation.pk}/change/")),
        f"{LIST}{conversation.pk}/history/",
        "/admin/",
        "/admin/teams/team/",
        f"/admin/teams/team/{team.pk}/change/",
        "/admin/channels/channel/",
        "/admin/routing/rule/",
        f"/admin/routing/rule/{rule.pk}/delete/",
        f"/admin/routing/rule/{rule.pk}/history/",
    ]
    for page in pages:
        answer = client.get(page)
        assert answer.status_code == 200, page
        text = answer.content.decode()
        assert "<svg/onload" not in text
        assert "<script>alert" not in text
    return answer


def get(path: str) -> Callable[[House, dict[str, Any]], HttpResponse]:
    return lambda house, row: house.supervisor.get(path)


def select(value: str, action: str) -> Callable[[House, dict[str, Any]], HttpResponse]:
    form = {"action": action, "_selected_action": value, "index": "0"}
    return lambda house, row: house.supervisor.post(LIST, form)


PLAYS: dict[str, Callable[[House, dict[str, Any]], HttpResponse]] = {
    "AD-002": get(f"{LIST}?status__exact=%00"),
    "AD-003": get(f"{LIST}?team__id__exact=abc"),
    "AD-004": get(f"{LIST}?id__in=1,99999999999999999999"),
    "AD-008": get(f"{LIST}%00/change/"),
    "AD-009": get(f"{LIST}?contact__phone__regex=(a%2B)%2B$"),
    "AD-011": get(f"{LIST}?_to_field=password"),
    "AD-015": select("\x00", "delete_selected"),
    "AD-016": select("99999999999999999999", "delete_selected"),
    "AD-017": select("1", "no_such_action"),
    "AD-024": lambda house, row: house.supervisor.post(person(house.owner), {"is_superuser": "on"}),
    "AD-025": lambda house, row: house.administrator.post(
        person(house.ada),
        {
            "name": house.ada.name,
            "email": house.ada.email,
            "time_zone": "UTC",
            "is_receiving": "on",
            "user_permissions": ["1", "2", "3"],
        },
    ),
    "AD-027": lambda house, row: house.supervisor.post(person(house.owner, "password"), {}),
    "AD-029": get("/admin/authtoken/token/"),
    "AD-030": lambda house, row: house.supervisor.get(
        reverse("admin:channels_channel_change", args=[house.foreign.channel_id])
    ),
    "AD-031": lambda house, row: house.supervisor.get(
        reverse("admin:channels_channel_history", args=[house.foreign.channel_id])
    ),
    "AD-033": lambda house, row: house.supervisor.get(f"{LIST}{house.foreign.pk}/change/"),
    "AD-034": lambda house, row: house.supervisor.get(
        LIST, {"view": "all", "team__id__exact": house.foreign.team_id}
    ),
    "AD-035": lambda house, row: house.supervisor.post(
        f"/admin/conversations/message/{house.message.pk}/delete/", {"post": "yes"}
    ),
    "AD-038": hostile,
    "AD-040": hostile,
    "AD-041": hostile,
    "RR-003": lambda house, row: add_rule(
        house, **{"conditions-0-operator": "matches", "conditions-0-value": "(a)\\1"}
    ),
    "RR-007": lambda house, row: add_rule(
        house, **{"conditions-0-operator": "equals", "conditions-0-value": ""}
    ),
    "RR-009": lambda house, row: add_rule(house, **{"conditions-0-value": "a\x00"}),
    "RR-010": lambda house, row: add_rule(house, order="-1"),
    "RR-012": lambda house, row: add_rule(house, team=make_team(name="Empty").pk),
    "RR-013": lambda house, row: add_rule(house, team=make_team(is_active=False).pk),
    "RR-015": lambda house, row: add_rule(
        house, **{"conditions-0-field": '__import__("os").system("id")'}
    ),
}


def read_rows() -> list[dict[str, Any]]:
    if not CATALOGUE.exists():
        return []
    rows = map(json.loads, CATALOGUE.read_text().splitlines())
    return [row for row in rows if row["surface"] in SURFACES]


ROWS = read_rows()
PLAYED = [pytest.param(row, id=row["id"]) for row in ROWS if row["id"] in PLAYS]
needs_catalogue = pytest.mark.skipif(not ROWS, reason=f"{CATALOGUE} is not here")


@needs_catalogue
class TestTheCatalogue:
    def test_is_played_in_full(self) -> None:
        assert {row["id"] for row in ROWS} == {*PLAYS, *SKIPPED}

    @pytest.mark.parametrize("row", PLAYED)
    def test_is_answered_as_it_expects(self, house: House, row: dict[str, Any]) -> None:
        answer = PLAYS[row["id"]](house, row)
        expected = row["expected"]
        status = 404 if row["id"] == "AD-035" else expected["status"]
        assert answer.status_code == status
        if "location" in expected:
            assert answer.headers["location"].endswith(expected["location"])
        assert AUTH_TOKEN.encode() not in answer.content
        assert Message.objects.filter(pk=house.message.pk).exists()
        for user in (house.ada, house.sachi):
            assert not User.objects.get(pk=user.pk).is_superuser
            assert not user.user_permissions.exists()
        if row["surface"] == "routing_rule":
            assert Rule.objects.exists() == (status == 302)
