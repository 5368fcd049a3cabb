"""Saved tests and replays of history over the API."""

import pytest

from channels.models import Provider
from routing.models import RuleReplay, SavedTest
from routing.services import rule_replays
from teams.models import Team
from tests.doors import customer_writes
from tests.factories import make_agent, make_channel, make_rule, make_supervisor, make_team

pytestmark = pytest.mark.django_db


@pytest.fixture
def team():
    return make_team(name="Support", members=(make_agent(name="Alice"),))


@pytest.fixture
def rule(team):
    return make_rule(name="Refunds", team=team, conditions=(("message.text", "contains", "返金"),))


@pytest.fixture
def channel(rule):
    return make_channel(provider=Provider.SIMULATOR, agents=(make_agent(name="Chen"),))


@pytest.fixture
def api(call, channel):
    sachi = make_supervisor(name="Sachi", presence="offline")
    Team.objects.get().memberships.create(user=sachi, position=99)
    return call(sachi, scopes=["read", "channels"])


class TestTheTester:
    def test_asks_the_draft_where_that_is_said(self, api, channel, rule):
        rule.conditions.update(value="hello")
        body = {"channel_id": str(channel.public_id), "text": "hello"}
        assert api.post("rules/test/", body).json()["rule_id"] is None
        told = api.post("rules/test/", {**body, "rules": "draft"}).json()
        assert told["rule_id"] == str(rule.public_id)


class TestASavedTest:
    @pytest.fixture
    def body(self, channel, rule, team):
        return {
            "name": "Refund",
            "case": {
                "channel_id": str(channel.public_id),
                "text": "返金して",
                "new_contact": {"tags": ["vip"], "wrote_before": True},
            },
            "expected": {"rule_id": str(rule.public_id), "team_id": str(team.public_id)},
        }

    def test_is_made_read_changed_and_deleted(self, api, body, rule):
        made = api.post("rules/saved-tests/", body)
        assert made.status_code == 201
        told = made.json()
        assert told["results"] == {
            name: {"passed": True, "failed": []} for name in ("published", "draft")
        }
        assert told["case"]["new_contact"]["tags"] == ["vip"]
        assert told["case"]["new_contact"]["wrote_before"]
        assert told["expected"]["rule_id"] == str(rule.public_id)

        rule.conditions.update(value="exchange")
        address = f"rules/saved-tests/{told['id']}/"
        assert api.get(address).json()["results"]["draft"] == {
            "passed": False,
            "failed": ["rule", "team"],
        }
        changed = api.patch(address, {"expected": {"nobody": True}}).json()
        assert (changed["name"], changed["expected"]["rule_id"]) == ("Refund", None)
        assert [each["id"] for each in api.get("rules/saved-tests/").json()["data"]] == [told["id"]]
        assert api.delete(address).status_code == 204
        assert not SavedTest.objects.exists()

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"expected": {}}, "expected"),
            ({"expected": {"team_id": "0199c0de-0000-7000-8000-000000000241"}}, "expected.team_id"),
            ({"name": ""}, "name"),
            ({"color": "green"}, "color"),
        ],
    )
    def test_is_refused_where_it_cannot_be_read(self, api, body, change, field):
        answer = api.post("rules/saved-tests/", {**body, **change})
        assert answer.status_code in {400, 422}
        assert field in answer.json()["fields"]

    def test_has_a_name_of_its_own(self, api, body):
        api.post("rules/saved-tests/", body)
        assert "name" in api.post("rules/saved-tests/", body).json()["fields"]


class TestAReplay:
    def test_is_begun_and_says_what_moved(self, api, channel, rule, team):
        customer_writes(channel, "返金")
        rule.is_active = False
        rule.save()
        made = api.post("rules/replays/", {"rules": "draft", "conversations": 10})
        assert made.status_code == 201
        assert (made.json()["status"], made.json()["total"]) == ("running", 1)

        replay = RuleReplay.objects.get()
        rule_replays.work_next(now=replay.due_at)
        told = api.get(f"rules/replays/{made.json()['id']}/").json()
        assert (told["status"], told["done"], told["moved"]) == ("done", 1, 1)
        (move,) = told["moves"]
        assert (move["origin"]["name"], move["goal"]["kind"]) == ("Support", "channel")
        assert (move["count"], move["as_of_now"], len(move["conversation_ids"])) == (1, 1, 1)
        assert told["decided_by"] == [
            {"id": str(rule.public_id), "name": "Refunds", "before": 1, "after": 0}
        ]
        assert {each["name"]: (each["before"], each["after"]) for each in told["people"]} == {
            "Alice": (1, 0),
            "": (0, 1),
        }
        assert api.get("rules/replays/").json()["data"][0]["moved"] == 1

    def test_is_stopped(self, api, channel):
        customer_writes(channel, "hello")
        made = api.post("rules/replays/", {}).json()
        told = api.post(f"rules/replays/{made['id']}/cancel/", {}).json()
        assert told["status"] == "canceled"

    @pytest.mark.parametrize(
        "body",
        [
            {"rules": "version"},
            {"rules": "version", "version": "0199c0de-0000-7000-8000-000000000241"},
            {"rules": "draft", "version": "0199c0de-0000-7000-8000-000000000241"},
            {"conversations": 0},
            {"conversations": 100_001},
            {"rules": "mine"},
        ],
    )
    def test_is_refused_where_it_cannot_be_read(self, api, body):
        assert api.post("rules/replays/", body).status_code in {400, 422}


class TestWarnings:
    def test_are_listed_with_the_rule_that_they_have_to_do_with(self, api, rule, team):
        same = make_rule(name="Same", team=team, conditions=(("message.text", "contains", "返金"),))
        (told,) = api.get("rules/warnings/").json()["data"]
        assert (told["code"], told["title"]) == ("duplicate", "Same as another")
        assert (told["rule_id"], told["other_rule_id"]) == (
            str(same.public_id),
            str(rule.public_id),
        )
        assert "“Refunds”" in told["text"]
