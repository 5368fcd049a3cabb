"""Rules are edited as a draft; what is published decides."""

from datetime import datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import override_settings

from channels.models import Channel
from conversations.actors import Actor
from conversations.models import Conversation, Event
from routing import loaders
from routing.engine.facts import ConditionSpec
from routing.engine.rule_diff import ChangeKind
from routing.models import Decision, Rule, RuleDraft, RuleSet
from routing.services import ai_agents, replays, rule_publishing, rules
from routing.services.ai_agents import Place
from routing.services.rule_publishing import (
    DraftChangedError,
    NothingToPublishError,
    Plan,
)
from teams.models import Role, Team, User
from tests.doors import customer_writes
from tests.factories import (
    make_administrator,
    make_ai_agent,
    make_channel,
    make_rule,
    make_team,
)

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def ada() -> User:
    return make_administrator()


@pytest.fixture
def actor(ada: User) -> Actor:
    return Actor.person(ada.pk, ada.name)


@pytest.fixture
def team() -> Team:
    return make_team()


@pytest.fixture
def rule(team: Team) -> Rule:
    return make_rule(team=team, conditions=(("message.text", "contains", "refund"),))


def rename(rule: Rule, name: str, *, actor: Actor, now: datetime) -> Rule:
    rule.name = name
    conditions = [ConditionSpec("message.text", "contains", "money")]
    return rules.save(rule, channels=[], conditions=conditions, actor=actor, now=now)


def types() -> list[str]:
    return list(Event.objects.filter(type__startswith="rules.").values_list("type", flat=True))


class TestADraft:
    def test_decides_nothing(self, rule: Rule, actor: Actor, now: datetime) -> None:
        rename(rule, "Money", actor=actor, now=now)
        customer_writes(make_channel(), "money")
        assert Conversation.objects.get().team is None
        assert [spec.name for spec in loaders.load_draft()] == ["Money"]

    def test_is_different_in_what_was_changed(
        self, rule: Rule, team: Team, actor: Actor, now: datetime
    ) -> None:
        rename(rule, "Money", actor=actor, now=now)
        rules.save(Rule(name="New", team=team), channels=[], conditions=[], actor=actor, now=now)
        kinds = [change.kind for change in rule_publishing.find_changes()]
        assert kinds == [ChangeKind.CHANGED, ChangeKind.ADDED]

    def test_is_kept_from_an_ai_agent_that_changes(
        self, rule: Rule, actor: Actor, now: datetime
    ) -> None:
        agent, channel = make_ai_agent(), make_channel()
        before = loaders.current_version()
        rename(rule, "Money", actor=actor, now=now)
        ai_agents.save(agent, places=[Place(channel, 1)], now=now)

        version = loaders.current_version()
        assert version != before
        assert [spec.name for spec in loaders.load_rules(version)] == ["Refunds"]
        assert loaders.load_ai_agent_ids(version, channel_id=channel.pk) == (agent.pk,)
        assert len(rule_publishing.find_changes()) == 1
        assert RuleSet.objects.latest("pk").number is None

    @override_settings(RULES_PUBLISH_AT_ONCE=True)
    def test_is_published_at_once_where_the_house_wants_it(
        self, rule: Rule, actor: Actor, now: datetime
    ) -> None:
        rename(rule, "Money", actor=actor, now=now)
        assert not rule_publishing.find_changes()
        newest = RuleSet.objects.latest("pk")
        assert (newest.number, newest.published_by_id) == (2, actor.user_id)
        rules.move(rule, to=1, actor=actor, now=now)  # nothing moved: no version of its own
        assert RuleSet.objects.latest("pk") == newest


class TestPublishing:
    def test_decides_from_the_next_message(
        self, rule: Rule, team: Team, actor: Actor, now: datetime
    ) -> None:
        channel = make_channel()
        customer_writes(channel, "refund")
        rename(rule, "Money", actor=actor, now=now)
        made = rule_publishing.publish(actor=actor, note="Season's over", now=now)

        customer_writes(channel, "money", address="+819000000009")
        first, second = Decision.objects.order_by("pk")
        assert Conversation.objects.latest("pk").team == team
        assert second.rule_set_version == made.version
        assert first.rule_set_version != made.version
        assert not any(replays.differs(each) for each in (first, second))

    def test_says_who_when_and_why(self, rule: Rule, actor: Actor, now: datetime) -> None:
        rename(rule, "Money", actor=actor, now=now)
        made = rule_publishing.publish(actor=actor, note="Season's over", now=now)
        assert (made.number, made.published_by_id, made.note) == (2, actor.user_id, "Season's over")
        assert (made.created_at, made.change_count) == (now, 1)
        event = Event.objects.get(type="rules.published", data__number=2)
        assert (event.actor_id, event.data["version"]) == (actor.user_id, str(made.version))

    def test_is_refused_for_another_draft_than_was_seen(
        self, rule: Rule, actor: Actor, now: datetime
    ) -> None:
        rename(rule, "Money", actor=actor, now=now)
        seen = rule_publishing.read().revision
        rename(rule, "More money", actor=actor, now=now)
        for verb in (rule_publishing.publish, rule_publishing.discard):
            with pytest.raises(DraftChangedError):
                verb(actor=actor, revision=seen, now=now)
        assert len(rule_publishing.find_changes()) == 1

    def test_is_refused_to_the_second_who_saw_the_same(
        self, rule: Rule, actor: Actor, now: datetime
    ) -> None:
        rename(rule, "Money", actor=actor, now=now)
        seen = rule_publishing.read().revision
        rule_publishing.publish(actor=actor, revision=seen, now=now)
        with pytest.raises(DraftChangedError):
            rule_publishing.publish(actor=actor, revision=seen, now=now)

    def test_needs_something_to_publish(self, rule: Rule, actor: Actor, now: datetime) -> None:
        for verb in (rule_publishing.publish, rule_publishing.discard):
            with pytest.raises(NothingToPublishError):
                verb(actor=actor, now=now)


class TestDiscarding:
    def test_brings_back_every_part_of_a_rule(
        self, team: Team, actor: Actor, now: datetime
    ) -> None:
        channel: Channel = make_channel()
        alice = make_administrator(name="Alice")
        rule = make_rule(
            person=alice,
            pins_contact=True,
            add_tags=["vip"],
            set_priority=3,
            match="any",
            note="Ask Bob",
            conditions=(("message.text", "contains", "a"), ("contact.tag", "in", "vip")),
        )
        rules.save(rule, channels=[channel], conditions=[], actor=actor, now=now)
        rule_publishing.publish(actor=actor, now=now)
        before = loaders.load_draft_rows()
        rule.person, rule.team, rule.pins_contact, rule.note = None, team, False, ""
        rules.save(rule, channels=[], conditions=[], actor=actor, now=now)
        rules.save(Rule(name="New", team=team), channels=[], conditions=[], actor=actor, now=now)

        assert rule_publishing.discard(actor=actor, now=now) == []
        assert loaders.load_draft_rows() == before
        assert not rule_publishing.find_changes()
        assert types()[-1] == "rules.discarded"

    def test_brings_back_deleted_rules_under_their_ids(
        self, rule: Rule, actor: Actor, now: datetime
    ) -> None:
        public_id = rule.public_id
        rules.delete(rule, actor=actor, now=now)
        rule_publishing.discard(actor=actor, now=now)
        assert Rule.objects.get().public_id == public_id


class TestRestoring:
    def test_makes_an_old_version_the_draft(self, rule: Rule, actor: Actor, now: datetime) -> None:
        first = RuleSet.objects.get()
        rename(rule, "Money", actor=actor, now=now)
        rule_publishing.publish(actor=actor, now=now)
        rule_publishing.restore(first, actor=actor, now=now)

        assert [spec.name for spec in loaders.load_draft()] == ["Refunds"]
        published = loaders.load_rules(loaders.current_version())
        assert [spec.name for spec in published] == ["Money"]
        made = rule_publishing.publish(actor=actor, now=now)
        assert (made.number, made.restored_from) == (3, first)

    def test_leaves_out_what_cannot_be_any_more(
        self, rule: Rule, team: Team, actor: Actor, now: datetime
    ) -> None:
        """A rule without its target would go nowhere."""
        first = RuleSet.objects.get()
        rule.team = make_team(name="Other")
        rules.save(rule, channels=[], conditions=[], actor=actor, now=now)
        rule_publishing.publish(actor=actor, now=now)
        team.delete()
        assert rule_publishing.restore(first, actor=actor, now=now) == ["Refunds"]
        assert not Rule.objects.exists()


class TestAPlan:
    @pytest.fixture
    def plan(self, now: datetime) -> Plan:
        return Plan(now + HOUR, "Asia/Tokyo", "Holidays")

    def test_is_carried_out_once_at_its_time(
        self, rule: Rule, actor: Actor, plan: Plan, now: datetime
    ) -> None:
        rename(rule, "Money", actor=actor, now=now)
        rule_publishing.plan(plan, actor=actor, now=now)
        assert not rule_publishing.publish_next(now=plan.at - timedelta(seconds=1))
        assert rule_publishing.publish_next(now=plan.at)
        assert not rule_publishing.publish_next(now=plan.at + HOUR)
        newest = RuleSet.objects.latest("pk")
        assert (newest.number, newest.note) == (2, "Holidays")
        assert (newest.published_by_id, newest.created_at) == (actor.user_id, plan.at)

    def test_is_not_carried_out_for_a_draft_that_nobody_confirmed(
        self, rule: Rule, actor: Actor, plan: Plan, now: datetime
    ) -> None:
        rename(rule, "Money", actor=actor, now=now)
        rule_publishing.plan(plan, actor=actor, now=now)
        rename(rule, "More money", actor=actor, now=now)
        assert rule_publishing.publish_next(now=plan.at)
        assert RuleSet.objects.count() == 1
        assert rule_publishing.read().skipped_at == plan.at
        assert types()[-1] == "rules.publish_skipped"
        assert not rule_publishing.publish_next(now=plan.at)

    @pytest.mark.parametrize("change", [{"role": Role.SUPERVISOR}, {"is_active": False}])
    def test_is_not_carried_out_for_somebody_who_may_not_publish_any_more(
        self, rule: Rule, ada: User, actor: Actor, plan: Plan, now: datetime, change
    ) -> None:
        rename(rule, "Money", actor=actor, now=now)
        rule_publishing.plan(plan, actor=actor, now=now)
        User.objects.filter(pk=ada.pk).update(**change)
        assert not rule_publishing.read().is_plan_confirmed
        assert rule_publishing.publish_next(now=plan.at)

        assert RuleSet.objects.count() == 1
        draft = rule_publishing.read()
        assert (draft.skipped_at, draft.skipped_because) == (plan.at, "not_allowed")
        event = Event.objects.latest("pk")
        assert (event.type, event.data["because"]) == ("rules.publish_skipped", "not_allowed")
        assert not rule_publishing.publish_next(now=plan.at)

    def test_is_confirmed_by_planning_again(
        self, rule: Rule, actor: Actor, plan: Plan, now: datetime
    ) -> None:
        rename(rule, "Money", actor=actor, now=now)
        rule_publishing.plan(plan, actor=actor, now=now)
        rename(rule, "More money", actor=actor, now=now)
        rule_publishing.plan(plan, actor=actor, now=now)
        rule_publishing.publish_next(now=plan.at)
        published = loaders.load_rules(loaders.current_version())
        assert [spec.name for spec in published] == ["More money"]

    @pytest.mark.parametrize("verb", [rule_publishing.publish, rule_publishing.discard])
    def test_ends_when_somebody_publishes_or_discards(
        self, rule: Rule, actor: Actor, plan: Plan, now: datetime, verb
    ) -> None:
        rename(rule, "Money", actor=actor, now=now)
        rule_publishing.plan(plan, actor=actor, now=now)
        verb(actor=actor, now=now)
        versions = RuleSet.objects.count()
        assert not rule_publishing.publish_next(now=plan.at)
        assert RuleSet.objects.count() == versions
        assert "rules.publish_canceled" in types()

    def test_is_canceled(self, rule: Rule, actor: Actor, plan: Plan, now: datetime) -> None:
        rename(rule, "Money", actor=actor, now=now)
        rule_publishing.plan(plan, actor=actor, now=now)
        assert rule_publishing.cancel_plan(actor=actor, now=now)
        assert not rule_publishing.cancel_plan(actor=actor, now=now)
        assert not rule_publishing.publish_next(now=plan.at)
        assert types().count("rules.publish_canceled") == 1

    def test_is_for_a_time_to_come(self, rule: Rule, actor: Actor, now: datetime) -> None:
        rename(rule, "Money", actor=actor, now=now)
        with pytest.raises(ValidationError):
            rule_publishing.plan(Plan(now, "UTC"), actor=actor, now=now)
        assert RuleDraft.objects.get().publish_due_at is None
