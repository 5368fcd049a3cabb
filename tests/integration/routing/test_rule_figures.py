"""How often a rule decides, and how often a person corrects it."""

from datetime import datetime, timedelta

import pytest
from django.test import Client

from conversations.actors import Actor
from conversations.models import Conversation
from routing.models import Decision, Rule
from routing.rule_figures import PERIOD, with_figures, wrong_share
from routing.services import assignment
from teams.models import Team, User
from tests.console import sign_in
from tests.doors import customer_writes
from tests.factories import make_administrator, make_agent, make_channel, make_rule, make_team

pytestmark = pytest.mark.django_db


@pytest.fixture
def support() -> Team:
    return make_team(name="Support", members=(make_agent(name="Alice"),))


@pytest.fixture
def sales() -> Team:
    return make_team(name="Sales", members=(make_agent(name="Bob"),))


@pytest.fixture
def rule(support: Team) -> Rule:
    return make_rule(team=support, conditions=(("message.text", "contains", "refund"),))


@pytest.fixture
def ada() -> User:
    return make_administrator()


def written(text: str, *, number: int) -> Conversation:
    customer_writes(make_channel(), text, address=f"+81900000{number:04d}")
    return Conversation.objects.latest("pk")


def moment() -> datetime:
    """An instant after the last decision."""
    return Decision.objects.latest("decided_at").decided_at + timedelta(minutes=5)


def give(conversation: Conversation, *, team: Team, by: User) -> None:
    actor = Actor.person(by.pk, by.name)
    assignment.assign_to(conversation, team=team, actor=actor, now=moment())


def figures(rule: Rule, *, now: datetime):
    return with_figures(Rule.objects.filter(pk=rule.pk), now=now).get()


class TestAHit:
    def test_is_a_decision_that_the_rule_made(self, rule: Rule) -> None:
        written("refund", number=1)
        written("Refund!", number=2)
        written("Hello", number=3)
        found = figures(rule, now=moment())
        newest = Decision.objects.filter(rule_id=rule.pk).latest("pk")
        assert (found.hits, found.last_hit_at) == (2, newest.decided_at)

    def test_counts_for_seven_days_and_is_the_last_one_for_ever(self, rule: Rule) -> None:
        written("refund", number=1)
        later = figures(rule, now=moment() + PERIOD)
        assert later.hits == 0
        assert later.last_hit_at is not None
        assert wrong_share(later) is None

    def test_is_none_of_another_rule(self, rule: Rule, sales: Team) -> None:
        other = make_rule(name="Never", team=sales, conditions=(("contact.tag", "in", "vip"),))
        written("refund", number=1)
        found = figures(other, now=moment())
        assert (found.hits, found.last_hit_at) == (0, None)


class TestAWrongTeam:
    def test_is_one_that_a_person_corrected(self, rule: Rule, sales: Team, ada: User) -> None:
        wrong, _right = written("refund", number=1), written("refund", number=2)
        give(wrong, team=sales, by=ada)
        assert wrong_share(figures(rule, now=moment())) == 0.5

    def test_is_not_the_same_team_again(self, rule: Rule, support: Team, ada: User) -> None:
        give(written("refund", number=1), team=support, by=ada)
        assert wrong_share(figures(rule, now=moment())) == 0

    def test_counts_once_for_a_conversation_that_is_moved_twice(
        self, rule: Rule, sales: Team, ada: User
    ) -> None:
        conversation = written("refund", number=1)
        give(conversation, team=sales, by=ada)
        give(conversation, team=make_team(name="Third", members=(make_agent(),)), by=ada)
        assert figures(rule, now=moment()).moved == 1

    def test_is_not_what_nobody_did(self, rule: Rule, sales: Team) -> None:
        """What the desk moves by itself says nothing about the rule."""
        conversation = written("refund", number=1)
        assignment.assign_to(conversation, team=sales, actor=Actor.system(), now=moment())
        assert figures(rule, now=moment()).moved == 0


class TestTheList:
    def test_shows_them(self, rule: Rule, sales: Team, ada: User) -> None:
        give(written("refund", number=1), team=sales, by=ada)
        text = sign_in(ada).get("/admin/routing/rule/").content.decode()
        assert "100 %" in text

    def test_costs_the_same_for_many_rules(
        self, rule: Rule, support: Team, ada: User, django_assert_max_num_queries
    ) -> None:
        client: Client = sign_in(ada)
        for name in "ABCDEFGH":
            make_rule(name=name, team=support)
        with django_assert_max_num_queries(30):
            client.get("/admin/routing/rule/")
