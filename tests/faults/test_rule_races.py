"""Two who publish, two who move rules: one version, one order."""

from datetime import datetime, timedelta
from threading import Barrier

import pytest

from conversations.actors import Actor
from routing.models import Rule, RuleSet
from routing.services import rule_publishing, rules
from routing.services.rule_publishing import DraftChangedError, Plan
from tests.factories import make_administrator, make_rule, make_team
from tests.faults.two_sessions import Session

pytestmark = pytest.mark.django_db(transaction=True)
CROWD = 4


@pytest.fixture
def twelve() -> list[Rule]:
    team = make_team()
    return [make_rule(name=f"Rule {n}", team=team, position=n) for n in range(12)]


def at_once(works) -> list[object]:
    """Do all of these at the same time; return what each said or raised."""
    gate = Barrier(len(works))

    def after_gate(work):
        def run():
            gate.wait()
            try:
                return work()
            except DraftChangedError as error:
                return error

        return run

    sessions = [Session(after_gate(work)) for work in works]
    return [session.wait() for session in sessions]


def publish(now: datetime, revision: int):
    return lambda: rule_publishing.publish(actor=Actor.system(), revision=revision, now=now)


class TestTwoWhoPublish:
    def test_make_one_version(self, twelve: list[Rule], now: datetime) -> None:
        rules.switch_off(twelve[0], actor=Actor.system(), now=now)
        seen, before = rule_publishing.read().revision, RuleSet.objects.count()
        answers = at_once([publish(now, seen)] * CROWD)
        assert RuleSet.objects.count() == before + 1
        refused = [each for each in answers if isinstance(each, DraftChangedError)]
        assert len(refused) == CROWD - 1

    def test_make_one_version_with_what_was_planned(
        self, twelve: list[Rule], now: datetime
    ) -> None:
        ada = make_administrator()
        actor = Actor.person(ada.pk, ada.name)
        rules.switch_off(twelve[0], actor=actor, now=now)
        at = now + timedelta(hours=1)
        rule_publishing.plan(Plan(at, "UTC"), actor=actor, now=now)
        seen, before = rule_publishing.read().revision, RuleSet.objects.count()
        sweep = [lambda: rule_publishing.publish_next(now=at)] * CROWD
        at_once([publish(at, seen), *sweep])
        rule_publishing.publish_next(now=at)
        assert RuleSet.objects.count() == before + 1


class TestTwoWhoMoveRules:
    def test_lose_nothing(self, twelve: list[Rule], now: datetime) -> None:
        works = [
            lambda rule=rule, to=to: rules.move(rule, to=to, actor=Actor.system(), now=now)
            for rule, to in zip(twelve[:CROWD], (12, 1, 12, 5), strict=True)
        ]
        at_once(works)
        assert sorted(Rule.objects.values_list("position", flat=True)) == list(range(12))

    def test_do_not_bring_back_an_order_that_was_read_before(
        self, twelve: list[Rule], now: datetime
    ) -> None:
        """Who saves a rule while others move keeps its new place."""
        stale = Rule.objects.get(pk=twelve[0].pk)
        rules.move(twelve[0], to=12, actor=Actor.system(), now=now)
        stale.name = "Renamed"
        rules.save(stale, channels=[], conditions=[], actor=Actor.system(), now=now)
        assert Rule.objects.order_by("-position").first() == stale
