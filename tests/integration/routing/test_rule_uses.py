"""What a published rule names does not go without a word."""

from datetime import datetime

import pytest

from conversations.actors import Actor
from routing.engine.facts import Target, TargetKind
from routing.models import Rule, SavedTest
from routing.services import retiring, rule_publishing, rules
from routing.services.retiring import TeamInUseError
from routing.services.rule_publishing import RedTestsError
from routing.services.rule_uses import rules_that_name
from tests.console import sign_in
from tests.factories import (
    make_administrator,
    make_agent,
    make_ai_agent,
    make_channel,
    make_rule,
    make_team,
    publish_all,
)

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()


class TestATeam:
    def test_stays_while_a_published_rule_names_it(self, now: datetime) -> None:
        """Also where the draft has let go of it already."""
        team = make_team(members=(make_agent(),))
        rules.delete(make_rule(name="VIP", team=team), actor=SYSTEM, now=now)
        with pytest.raises(TeamInUseError) as refused:
            retiring.retire(team)
        assert refused.value.rules == ("VIP",)
        publish_all()
        assert retiring.retire(team)

    def test_is_not_switched_off_without_a_word(self) -> None:
        team = make_team()
        make_rule(name="VIP", team=team)
        client = sign_in(make_administrator())
        page = f"/admin/teams/team/{team.pk}/change/"
        shown = client.get(page).context
        forms = [
            shown["adminform"].form,
            *(f.formset.management_form for f in shown["inline_admin_formsets"]),
        ]
        sent = {
            field.html_name: field.value()
            for form in forms
            for field in form
            if field.value() is not None and field.name != "is_active"
        }
        answer = client.post(page, sent, follow=True)
        assert "These rules name Support and will be passed over: “VIP”." in answer.content.decode()


class TestAPerson:
    def test_does_not_leave_without_a_word(self) -> None:
        alice = make_agent(name="Alice")
        make_rule(name="VIP", person=alice)
        client = sign_in(make_administrator())
        text = client.get(f"/admin/teams/user/{alice.pk}/leave/").content.decode()
        assert "These rules name Alice and will be passed over: “VIP”." in text


class TestAnAiAgent:
    def test_is_not_stopped_without_a_word(self) -> None:
        agent = make_ai_agent()
        make_rule(name="Opening hours", ai_agent=agent)
        client = sign_in(make_administrator())
        answer = client.post(f"/admin/routing/aiagent/{agent.pk}/switch/", follow=True)
        assert "will be passed over: “Opening hours”." in answer.content.decode()


class TestARule:
    def test_is_named_once_where_draft_and_published_say_the_same(self) -> None:
        team = make_team()
        make_rule(name="VIP", team=team)
        assert rules_that_name(Target(TargetKind.TEAM, team.pk)) == ["VIP"]
        assert rules_that_name(Target(TargetKind.PERSON, team.pk)) == []


class TestARedTest:
    def test_asks_for_a_reason(self, now: datetime) -> None:
        team, other = make_team(members=(make_agent(),)), make_team(name="Other")
        rule = make_rule(team=team, conditions=(("message.text", "contains", "refund"),))
        SavedTest.objects.create(
            name="Refunds",
            channel=make_channel(),
            text="refund",
            expected_team=team,
            created_at=now,
        )
        Rule.objects.filter(pk=rule.pk).update(team=other, name="Moved")
        with pytest.raises(RedTestsError) as refused:
            rule_publishing.publish(actor=SYSTEM, now=now)
        assert refused.value.names == ("Refunds",)
        client = sign_in(make_administrator())
        page = "/admin/routing/rule/publish/"
        form = {"revision": rule_publishing.read().revision, "note": ""}
        assert "These saved tests fail: “Refunds”." in client.post(page, form).content.decode()
        client.post(page, {**form, "note": "The team was renamed"})
        assert not rule_publishing.find_changes()
