"""Publishing rules over the API, and what was published before."""

import pytest
from django.utils import timezone

from conversations.actors import Actor
from routing.models import Rule, RuleSet
from routing.services import rules
from tests.factories import make_rule, make_team

pytestmark = pytest.mark.django_db


@pytest.fixture
def rule():
    rule = make_rule(name="Refunds", team=make_team())
    rules.switch_off(rule, actor=Actor.system(), now=timezone.now())
    return rule


class TestTheDraft:
    def test_says_what_is_not_published(self, api, rule):
        draft = api.get("rules/draft/").json()
        assert [change["text"] for change in draft["changes"]] == ["“Refunds” is changed."]
        assert draft["changes"][0]["rule_id"] == str(rule.public_id)
        assert draft["changes"][0]["parts"] == [{"code": "switch", "before": "On", "after": "Off"}]
        assert draft["planned_at"] is None

    def test_is_published_as_it_was_read(self, api, rule):
        revision = api.get("rules/draft/").json()["revision"]
        answer = api.post("rules/publish/", {"revision": revision, "note": "Sale is over"})
        assert answer.status_code == 200
        assert (answer.json()["number"], answer.json()["note"]) == (2, "Sale is over")
        again = api.post("rules/publish/", {"revision": revision})
        assert (again.status_code, again.json()["code"]) == (409, "rules.draft_changed")
        assert RuleSet.objects.count() == 2

    def test_is_discarded(self, api, rule):
        revision = api.get("rules/draft/").json()["revision"]
        answer = api.post("rules/discard/", {"revision": revision})
        assert answer.json()["changes"] == []
        assert Rule.objects.get().is_active

    def test_is_planned_and_not(self, api, rule):
        revision = api.get("rules/draft/").json()["revision"]
        plan = {"revision": revision, "at": "2099-01-01T00:00:00Z", "time_zone": "Asia/Tokyo"}
        planned = api.post("rules/plan/", plan).json()
        assert (planned["planned_at"], planned["is_plan_confirmed"]) == (
            "2099-01-01T00:00:00Z",
            True,
        )
        past = api.post("rules/plan/", {**plan, "at": "2020-01-01T00:00:00Z"})
        assert past.status_code == 422
        assert api.delete("rules/plan/").status_code == 204
        assert api.get("rules/draft/").json()["planned_at"] is None


class TestAVersion:
    def test_is_listed_read_and_restored(self, api, rule):
        first = RuleSet.objects.get()
        revision = api.get("rules/draft/").json()["revision"]
        made = api.post("rules/publish/", {"revision": revision}).json()

        listed = api.get("rule-versions/").json()["data"]
        assert [each["number"] for each in listed] == [2, 1]
        assert listed[0]["id"] == made["id"]
        shown = api.get(f"rule-versions/{made['id']}/").json()
        assert [change["kind"] for change in shown["changes"]] == ["changed"]
        draft = api.post(f"rule-versions/{first.version}/restore/", {}).json()
        assert len(draft["changes"]) == 1
        assert Rule.objects.get().is_active


class TestARule:
    def test_says_how_it_does(self, api, rule):
        shown = api.get(f"rules/{rule.public_id}/").json()
        assert (shown["hits"], shown["moved"], shown["last_hit_at"]) == (0, 0, None)
