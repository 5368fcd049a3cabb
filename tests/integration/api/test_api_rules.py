"""Rules over the API: written into the draft, by the reader that the console has."""

import pytest

from routing.models import Rule, RuleSet
from tests.factories import (
    make_administrator,
    make_agent,
    make_api_key,
    make_channel,
    make_rule,
    make_supervisor,
    make_team,
)

pytestmark = pytest.mark.django_db
ABSENT = "01990000-0000-7000-8000-0000000000ff"


@pytest.fixture
def call(client):
    def call(method, path="", body=None, *, key=None):
        key = key or make_api_key(user=make_administrator(), scopes=["read", "rules"])
        return getattr(client, method)(
            f"/api/v1/rules/{path}",
            data=body,
            content_type="application/json",
            headers={"Authorization": f"Bearer {key}"},
        )

    return call


@pytest.fixture
def team():
    return make_team(name="Support")


def asks(field="message.text", operator="contains", value="refund", **also):
    return {"field": field, "operator": operator, "value": value, **also}


class TestANewRule:
    def test_is_in_the_draft_and_decides_nothing_yet(self, call, team):
        tokyo = make_channel(name="Tokyo")
        body = {
            "name": "Refunds",
            "conditions": [asks(), asks("contact.tag", "in", "vip", group="a")],
            "channel_ids": [str(tokyo.public_id)],
            "team_id": str(team.public_id),
            "add_tags": ["refund"],
            "set_priority": 10,
            "note": "Asked for by Alice.",
        }
        answer = call("post", body=body)

        assert answer.status_code == 201
        shown = answer.json()
        assert [each["group"] for each in shown["conditions"]] == [None, "A"]
        assert (shown["team"]["name"], shown["channels"][0]["name"]) == ("Support", "Tokyo")
        assert (shown["add_tags"], shown["set_priority"]) == (["refund"], 10)
        assert (shown["is_active"], shown["match"]) == (True, "all")
        assert not RuleSet.objects.exists()
        assert len(call("get", "draft/").json()["changes"]) == 1

    def test_stands_last_or_where_it_is_put(self, call, team):
        for name, place in (("one", {}), ("two", {}), ("three", {"position": 0})):
            call("post", body={"name": name, "team_id": str(team.public_id), **place})
        assert [rule.name for rule in Rule.objects.all()] == ["three", "one", "two"]

    @pytest.mark.parametrize(
        ("wrong", "field", "code"),
        [
            ({"conditions": [asks("nothing")]}, "conditions.0.field", "unknown_field"),
            ({"conditions": [asks(), asks(value="")]}, "conditions.1.value", "value_required"),
            ({"conditions": [asks("time.weekday", "in", "Mo")]}, "conditions.0.value", ...),
            ({"conditions": [asks(operator="sounds_like")]}, "conditions.0.operator", ...),
            ({"conditions": [asks(group="1")]}, "conditions.0.group", "unknown_group"),
            ({"conditions": [asks()] * 51}, "conditions", ...),
            ({"team_id": ABSENT}, "team_id", "not_found"),
            ({"team_id": None}, "team_id", "one_of"),
            ({"person_id": "alice"}, "team_id", "one_of"),
            ({"channel_ids": [ABSENT]}, "channel_ids", "not_found"),
            ({"pins_contact": True}, "pins_contact", "person_required"),
            ({"set_priority": 101}, "set_priority", ...),
            ({"add_tags": ["x" * 65]}, "add_tags.0", ...),
            ({"match": "most"}, "match", ...),
            ({"colour": "red"}, "colour", "unknown_field"),
        ],
    )
    def test_is_refused_by_what_is_wrong_with_it(self, call, team, wrong, field, code):
        body = {"name": "Refunds", "team_id": str(team.public_id), **wrong}
        if body.get("person_id"):
            body["person_id"] = str(make_agent().public_id)

        answer = call("post", body=body)

        assert answer.status_code in (400, 422)
        found = answer.json()["fields"]
        assert field in found
        assert code in (..., found[field][0]["code"])
        assert not Rule.objects.exists()

    def test_does_not_send_to_who_left(self, call):
        left = make_agent(is_active=False)
        answer = call("post", body={"name": "Old", "person_id": str(left.public_id)})
        assert answer.json()["fields"]["person_id"][0]["code"] == "not_found"


class TestARule:
    def test_changes_in_what_is_named_alone(self, call, team):
        rule = make_rule(name="Refunds", team=team, conditions=(("message.text", "contains", "a"),))
        published = RuleSet.objects.latest("pk").rules

        answer = call("patch", f"{rule.public_id}/", {"name": "Money", "is_active": False})

        shown = answer.json()
        assert (answer.status_code, shown["name"], shown["is_active"]) == (200, "Money", False)
        assert (shown["team"]["name"], len(shown["conditions"])) == ("Support", 1)
        assert RuleSet.objects.latest("pk").rules == published

    def test_sends_to_one_place(self, call, team):
        rule, alice = make_rule(team=team), make_agent(name="Alice")
        body = {"person_id": str(alice.public_id), "pins_contact": True}
        shown = call("patch", f"{rule.public_id}/", body).json()
        assert (shown["team"], shown["person"]["name"]) == (None, "Alice")
        answer = call("patch", f"{rule.public_id}/", {"team_id": str(team.public_id)})
        assert answer.json()["fields"]["pins_contact"][0]["code"] == "person_required"

    def test_goes_from_the_draft(self, call, team):
        rule = make_rule(team=team)
        assert call("delete", f"{rule.public_id}/").status_code == 204
        assert call("get", f"{rule.public_id}/").status_code == 404
        assert RuleSet.objects.latest("pk").rules

    def test_asks_for_its_scope_and_its_right(self, call, team):
        body = {"name": "Refunds", "team_id": str(team.public_id)}
        reader = make_api_key(user=make_administrator(), scopes=["read"])
        supervisor = make_api_key(user=make_supervisor(), scopes=["read", "rules"])
        for key in (reader, supervisor):
            assert call("post", body=body, key=key).status_code == 403
