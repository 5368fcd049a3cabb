"""Random rules in random situations: the engine says what the slow and obvious reading says."""

from hypothesis import example, given, settings
from hypothesis import strategies as some

from routing.engine.decide import decide
from routing.engine.facts import Outcome, Situation, Strategy, Target, TargetKind
from routing.engine.observer import evaluate
from routing.engine.replay import replay
from routing.engine.rule_sets import rules_from_json, rules_to_json
from routing.engine.serial import facts_from_json, facts_to_json
from tests.moments import WEDNESDAY_MORNING
from tests.unit.routing import slow_rules
from tests.unit.routing.builders import candidate, desk
from tests.unit.routing.random_rules import TEAMS, aimed, conditions, rule_lists, situations

ABLE = some.lists(some.booleans(), min_size=len(TEAMS), max_size=len(TEAMS))


def desks_of(able):
    """Return a desk for each team, with one person who can take it or not, and empty channels."""
    teams = {
        team: desk(candidate(presence="online" if is_able else "away"), target=team)
        for team, is_able in zip(TEAMS, able, strict=True)
    }
    channels = [Target(TargetKind.CHANNEL, id) for id in (20, 21)]
    return {**teams, **{c: desk(target=c, strategy=Strategy.CONCURRENT_LOAD) for c in channels}}


class TestRandomConditions:
    @settings(max_examples=400)
    @given(conditions(), situations())
    def test_hold_where_the_obvious_reading_says_so(self, condition, situation):
        finding = evaluate(condition, situation)
        assert finding["passed"] == slow_rules.condition_holds(condition, situation)

    @settings(max_examples=500)
    @given(aimed())
    def test_agree_at_the_very_value_that_they_ask_about(self, pair):
        condition, situation = pair
        finding = evaluate(condition, situation)
        assert finding["passed"] == slow_rules.condition_holds(condition, situation)

    def test_know_each_others_words(self):
        """The comparison is worth something: both readings see width, case and composition."""
        seen = Situation(WEDNESDAY_MORNING, "UTC", 20, "Tokyo", text="ﾘﾌｧﾝﾄﾞ STRASSE ＶＩＰ")
        assert slow_rules.seen("message.text", seen) == ["リファンド strasse vip"]


class TestRandomRules:
    @settings(max_examples=300)
    @given(rule_lists(), situations(), ABLE)
    @example((), Situation(WEDNESDAY_MORNING, "UTC", 20, "Tokyo"), [True] * 4)
    def test_go_where_the_obvious_reading_sends_them(self, rules, situation, able):
        desks = desks_of(able)
        by_target = dict(zip(TEAMS, able, strict=True))
        answer = decide(situation, rules=rules, open_desk=desks.__getitem__)

        winner = slow_rules.first_match(rules, situation, by_target.__getitem__)
        if winner is not None:
            assert answer.outcome is Outcome.ASSIGNED
        else:  # nobody can take it: it waits with the first team that a matching rule named
            assert answer.outcome is Outcome.WAITING
            winner = slow_rules.first_match(rules, situation, lambda target: True)
        assert answer.rule_id == (winner.id if winner else None)
        assert answer.team_id == (winner.target.id if winner else None)

    @settings(max_examples=80)
    @given(rule_lists(), situations(), ABLE)
    def test_give_the_same_answer_again_from_what_was_stored(self, rules, situation, able):
        desks = desks_of(able)
        answer = decide(situation, rules=rules, open_desk=desks.__getitem__)
        stored = facts_from_json(facts_to_json(situation, desks=desks))
        again = replay(stored, trigger="inbound", rules=rules_from_json(rules_to_json(rules)))
        assert again == answer
