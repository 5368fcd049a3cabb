"""Who gets a conversation: the order of the stages, and every reason on the way."""

import time
from dataclasses import replace

import pytest
from hypothesis import given

from routing.engine.decide import (
    decide,
    decide_named,
    decide_reassignment,
    decide_reopened,
    decide_waiting,
)
from routing.engine.facts import Outcome, Strategy
from tests.unit.routing.anything import (
    houses,
    named_targets,
    rules,
    situations,
    waiting_targets,
)
from tests.unit.routing.builders import (
    ALICE,
    BOB,
    CHEN,
    SALES,
    SUPPORT,
    TOKYO,
    candidate,
    channel_desk,
    condition,
    desk,
    known,
    open_only,
    person,
    person_desk,
    rule,
    situation,
)

AWAY = candidate(ALICE, presence="away")


def codes(answer):
    return [step.code for step in answer.steps]


def facts(answer, code):
    return next(step.facts for step in answer.steps if step.code == code)


def ask(*given_rules, desks=(), **seen):
    return decide(situation(**seen), rules=given_rules, open_desk=open_only(*desks))


class TestPermanentAgent:
    def test_comes_before_every_rule_and_asks_nobody(self):
        answer = ask(rule(), permanent_agent=known(CHEN))
        assert (answer.outcome, answer.user_id, answer.via) == ("assigned", CHEN, "permanent")
        assert codes(answer) == ["received", "permanent_agent"]
        assert not answer.is_capacity_bound

    def test_who_left_is_named_and_passed_over(self):
        support = desk(candidate(ALICE))
        answer = ask(rule(), desks=[support], permanent_agent=known(CHEN, is_active=False))
        assert answer.user_id == ALICE
        assert "permanent_agent_inactive" in codes(answer)

    def test_comes_before_who_had_it(self):
        answer = ask(permanent_agent=known(CHEN), previous_owner=known(BOB))
        assert answer.user_id == CHEN


class TestReopening:
    def test_gives_it_back_to_who_had_it_with_the_same_team(self):
        answer = ask(rule(), previous_owner=known(BOB), previous_team_id=SALES.id)
        assert (answer.user_id, answer.team_id, answer.via) == (BOB, SALES.id, "reopened")

    def test_by_hand_says_who_did_it(self):
        asked = situation(asked_by="Erin", previous_owner=known(BOB))
        answer = decide_reopened(asked, rules=(), open_desk=open_only())
        assert codes(answer) == ["reopened", "previous_owner"]
        assert answer.steps[0].facts == {"actor": "Erin"}
        assert (answer.user_id, answer.via) == (BOB, "reopened")

    def test_routes_anew_if_who_had_it_left(self):
        gone = known(BOB, is_active=False)
        answer = ask(rule(), desks=[desk(candidate(ALICE))], previous_owner=gone)
        assert (answer.user_id, answer.via) == (ALICE, "rule")
        assert "previous_owner_inactive" in codes(answer)


class TestRules:
    def test_decide_by_the_first_match(self):
        answer = ask(
            rule(condition("refund"), id=1, target=SALES),
            rule(condition("broken"), id=2),
            rule(id=3, target=SALES),
            desks=[desk(candidate(ALICE))],
        )
        assert (answer.rule_id, answer.via, answer.team_id) == (2, "rule", SUPPORT.id)
        assert codes(answer) == ["received", "not_matched", "matched", "round_robin"]

    def test_are_tried_in_the_order_given_whatever_their_ids(self):
        support, sales = desk(candidate(ALICE)), desk(candidate(BOB), target=SALES)
        answer = ask(rule(id=9, target=SALES), rule(id=1), desks=[support, sales])
        assert answer.rule_id == 9

    def test_do_what_only_the_winner_asks(self):
        answer = ask(
            rule(id=1, target=SALES, add_tags=("sales",), set_priority=9),
            rule(id=2, add_tags=("fix",), set_priority=3),
            desks=[desk(AWAY, target=SALES), desk(candidate(BOB))],
        )
        assert (answer.add_tags, answer.set_priority) == (("fix",), 3)

    def test_makes_the_person_of_a_rule_permanent_and_says_so(self):
        keeps = rule(target=person(ALICE), pins_contact=True)

        answer = decide(situation(), rules=[keeps], open_desk=open_only(person_desk(ALICE)))

        assert (answer.user_id, answer.pins_contact) == (ALICE, True)
        assert answer.steps[-1] == ("contact", "noted", "pinned", {"user_id": 1, "name": "Alice"})

    def test_makes_nobody_permanent_who_cannot_take_it(self):
        keeps = rule(target=person(ALICE), pins_contact=True)
        away = person_desk(ALICE, presence="away")

        answer = decide(situation(), rules=[keeps], open_desk=open_only(away))

        assert (answer.user_id, answer.pins_contact) == (None, False)

    def test_whose_target_cannot_take_it_are_skipped_with_the_reason(self):
        answer = ask(
            rule(id=1, name="To Bob", target=person(BOB)),
            rule(id=2),
            desks=[person_desk(BOB, presence="offline"), desk(candidate(ALICE))],
        )
        assert answer.user_id == ALICE
        skipped = facts(answer, "skipped")
        assert (skipped["rule"], skipped["reason"]) == ("To Bob", "person_unable")

    def test_of_other_channels_are_not_walked(self):
        answer = ask(
            rule(channel_ids=(99,)), rule(id=2, channel_ids=(TOKYO.id, 99)), desks=[desk()]
        )
        assert [step.facts["rule_id"] for step in answer.steps if step.stage == "rule"] == [2, 2]

    def test_record_what_every_condition_saw(self):
        answer = ask(rule(condition("refund"), condition("broken"), match="any"), desks=[desk()])
        seen = [(c["value"], c["passed"]) for c in facts(answer, "matched")["conditions"]]
        assert seen == [("refund", False), ("broken", True)]

    def test_that_cannot_be_understood_hold_up_nothing(self):
        odd = rule(condition(field="contact.mood"), id=1, target=SALES)
        answer = ask(odd, rule(id=2), desks=[desk(candidate(ALICE))])
        assert answer.rule_id == 2
        assert facts(answer, "broken")["problem"] == "unknown_field"

    def test_with_a_team_by_hand_leave_it_there(self):
        by_hand = desk(candidate(ALICE), strategy=Strategy.MANUAL)
        answer = ask(rule(add_tags=("vip",)), desks=[by_hand, channel_desk(candidate(BOB))])
        assert (answer.outcome, answer.user_id, answer.team_id) == ("waiting", None, SUPPORT.id)
        assert (answer.rule_id, answer.add_tags) == (1, ("vip",))
        assert codes(answer)[-1] == "manual"

    def test_with_a_team_that_is_switched_off_are_skipped(self):
        off = desk(candidate(ALICE), is_active=False)
        answer = ask(rule(), desks=[off, channel_desk(candidate(BOB))])
        assert answer.user_id == BOB
        assert facts(answer, "skipped")["reason"] == "desk_inactive"

    @pytest.mark.parametrize("default_user_id", [None, 99])
    def test_with_a_team_whose_default_user_is_no_member_say_so(self, default_user_id):
        support = desk(
            candidate(ALICE), strategy=Strategy.DEFAULT_USER, default_user_id=default_user_id
        )
        answer = ask(rule(), desks=[support])
        assert (answer.outcome, answer.team_id) == ("waiting", SUPPORT.id)
        assert facts(answer, "skipped")["reason"] == "no_default_user"

    def test_keep_the_choice_within_capacity(self):
        assert ask(rule(), desks=[desk(candidate(ALICE))]).is_capacity_bound


class TestChannelsOwnAgents:
    def test_get_what_no_rule_took(self):
        answer = ask(rule(condition("refund")), desks=[channel_desk(candidate(BOB))])
        assert (answer.user_id, answer.team_id, answer.via) == (BOB, None, "strategy")

    def test_in_turn_may_exceed_their_capacity(self):
        full = channel_desk(candidate(BOB, load=9))
        answer = ask(desks=[replace(full, strategy=Strategy.SEQUENTIAL)])
        assert (answer.user_id, answer.is_capacity_bound, answer.cursor) == (BOB, False, TOKYO)


class TestWaiting:
    def test_is_with_the_first_team_that_a_rule_named(self):
        answer = ask(
            rule(id=1, target=person(BOB)),
            rule(id=2, add_tags=("fix",)),
            rule(id=3, target=SALES),
            desks=[person_desk(BOB, load=5), desk(AWAY), desk(AWAY, target=SALES)],
        )
        assert (answer.outcome, answer.team_id, answer.rule_id) == ("waiting", SUPPORT.id, 2)
        assert answer.add_tags == ("fix",)
        assert facts(answer, "queued") == {"team_id": SUPPORT.id, "desk": "Support"}

    def test_is_with_no_team_that_is_switched_off(self):
        off = desk(candidate(ALICE), is_active=False)
        sales = desk(AWAY, target=SALES)
        answer = ask(rule(id=1), rule(id=2, target=SALES), desks=[off, sales])
        assert (answer.team_id, answer.rule_id) == (SALES.id, 2)

    def test_is_with_the_channel_if_no_rule_named_a_team(self):
        answer = ask()
        assert (answer.outcome, answer.team_id, answer.rule_id) == ("waiting", None, None)
        assert facts(answer, "queued")["desk"] == "WhatsApp Tokyo"

    @pytest.mark.parametrize(
        ("people", "code"),
        [
            ((), "no_agents"),
            ((AWAY, candidate(BOB, is_active=False)), "all_away"),
            ((AWAY, candidate(BOB, load=5)), "all_full"),
        ],
    )
    def test_says_why_nobody_could_take_it(self, people, code):
        assert code in codes(ask(desks=[channel_desk(*people)]))


class TestLookingAgain:
    def ask(self, *desks, targets=(SUPPORT, TOKYO)):
        return decide_waiting(situation(), targets=targets, open_desk=open_only(*desks))

    def test_asks_the_team_before_the_channel(self):
        assert self.ask(desk(candidate(ALICE)), channel_desk(candidate(BOB))).user_id == ALICE
        assert self.ask(desk(AWAY), channel_desk(candidate(BOB))).user_id == BOB

    def test_goes_on_waiting_with_the_team(self):
        answer = self.ask(desk(AWAY))
        assert (answer.outcome, answer.team_id) == ("waiting", SUPPORT.id)
        assert facts(answer, "queued")["desk"] == "Support"

    def test_goes_on_waiting_with_the_channel(self):
        answer = self.ask(targets=(TOKYO,))
        assert (answer.outcome, answer.team_id) == ("waiting", None)

    def test_leaves_it_to_a_team_that_works_by_hand(self):
        by_hand = desk(candidate(ALICE), strategy=Strategy.MANUAL)
        answer = self.ask(by_hand, channel_desk(candidate(BOB)))
        assert (answer.outcome, answer.team_id) == ("waiting", SUPPORT.id)


class TestReassignment:
    def ask(self, *people, **fields):
        support = desk(*people, **{"reassign_after_s": 900, **fields})
        return decide_reassignment(
            situation(holder_id=ALICE, lapsed_ids=(ALICE,)),
            target=SUPPORT,
            open_desk=open_only(support),
        )

    def test_gives_it_to_the_next_one(self):
        answer = self.ask(candidate(ALICE), candidate(BOB), candidate(CHEN), cursor_user_id=ALICE)
        assert (answer.outcome, answer.user_id, answer.team_id) == ("assigned", BOB, SUPPORT.id)
        assert answer.cursor == SUPPORT
        assert facts(answer, "fired")["name"] == "Alice"

    def test_keeps_it_with_a_member_who_is_alone(self):
        answer = self.ask(candidate(ALICE))
        assert (answer.outcome, answer.user_id, answer.team_id) == ("kept", ALICE, SUPPORT.id)
        assert codes(answer) == ["fired", "only_holder", "kept"]

    def test_keeps_it_if_nobody_else_can_take_it(self):
        answer = self.ask(candidate(ALICE), candidate(BOB, load=5))
        assert (answer.outcome, codes(answer)[1]) == (Outcome.KEPT, "nobody_else")

    def test_keeps_it_if_the_holder_is_no_longer_in_a_team_without_others(self):
        answer = self.ask()
        assert (answer.outcome, answer.user_id) == ("kept", ALICE)
        assert facts(answer, "fired")["name"] is None

    @pytest.mark.parametrize("strategy", [Strategy.MANUAL, Strategy.ROUND_ROBIN])
    def test_keeps_it_if_the_team_does_not_reassign_any_more(self, strategy):
        answer = self.ask(
            candidate(ALICE), candidate(BOB), strategy=strategy, reassign_after_s=None
        )
        assert (answer.outcome, codes(answer)) == ("kept", ["timer_off"])

    def test_keeps_it_if_the_team_works_by_hand(self):
        answer = self.ask(candidate(ALICE), candidate(BOB), strategy=Strategy.MANUAL)
        assert (answer.outcome, answer.user_id) == ("kept", ALICE)


class TestNaming:
    def ask(self, *desks, targets, **seen):
        return decide_named(situation(**seen), targets=targets, open_desk=open_only(*desks))

    def test_a_person_gets_it_whatever_the_presence_and_load(self):
        busy = person_desk(BOB, presence="offline", load=9, is_receiving=False)
        answer = self.ask(busy, targets=(person(BOB),))
        assert (answer.user_id, answer.via, answer.is_capacity_bound) == (BOB, "manual", False)

    def test_a_person_within_a_team_gets_it_for_that_team(self):
        answer = self.ask(person_desk(BOB), targets=(SUPPORT, person(BOB)))
        assert (answer.user_id, answer.team_id, answer.cursor) == (BOB, SUPPORT.id, None)

    def test_a_team_lets_its_strategy_pick(self):
        answer = self.ask(desk(AWAY, candidate(BOB)), targets=(SUPPORT,))
        assert (answer.user_id, answer.team_id, answer.via) == (BOB, SUPPORT.id, "manual")
        assert answer.is_capacity_bound
        assert answer.cursor == SUPPORT

    @pytest.mark.parametrize("strategy", [Strategy.MANUAL, Strategy.LEAST_BUSY])
    def test_a_team_without_anybody_keeps_it_waiting(self, strategy):
        answer = self.ask(desk(AWAY, strategy=strategy), targets=(SUPPORT,))
        assert (answer.outcome, answer.team_id, answer.via) == ("waiting", SUPPORT.id, "manual")

    def test_says_who_asked_and_why(self):
        answer = self.ask(
            person_desk(BOB), targets=(person(BOB),), asked_by="Sachi", reason="Knows the bike"
        )
        assert facts(answer, "assigned") == {"actor": "Sachi", "reason": "Knows the bike"}

    def test_oneself_is_taking_it(self):
        answer = self.ask(person_desk(BOB), targets=(person(BOB),), asked_by="Bob", asked_by_id=BOB)
        assert (codes(answer)[0], answer.via) == ("claimed", "claim")


class TestAnyDecision:
    @given(situations(), rules(), houses())
    def test_leaves_the_conversation_with_somebody_or_in_a_queue(self, seen, some_rules, house):
        answer = decide(seen, rules=some_rules, open_desk=house.__getitem__)
        assert (answer.user_id is not None) == (answer.outcome is Outcome.ASSIGNED)
        assert answer.steps[0].code == "received"

    @given(situations(), rules(), houses())
    def test_opens_each_desk_only_when_it_gets_there(self, seen, some_rules, house):
        opened = []

        def open_desk(target):
            opened.append(target)
            return house[target]

        answer = decide(seen, rules=some_rules, open_desk=open_desk)
        if answer.via in {"permanent", "reopened"}:
            assert opened == []
        if answer.via == "rule" and answer.outcome is Outcome.ASSIGNED:
            assert TOKYO not in opened

    @given(situations(), houses(), waiting_targets())
    def test_never_waits_while_somebody_able_is_asked(self, seen, house, targets):
        answer = decide_waiting(seen, targets=targets, open_desk=house.__getitem__)
        reasons = [
            person["reason"]
            for step in answer.steps
            for person in step.facts.get("candidates", ())
            if step.facts["strategy"] is not Strategy.DEFAULT_USER
        ]
        if answer.outcome is Outcome.WAITING:
            assert "not_chosen" not in reasons

    @given(situations(), houses())
    def test_never_reassigns_to_who_has_it(self, seen, house):
        answer = decide_reassignment(seen, target=SUPPORT, open_desk=house.__getitem__)
        if answer.outcome is Outcome.ASSIGNED:
            assert answer.user_id != seen.holder_id

    @given(situations(), houses(), named_targets())
    def test_by_name_never_goes_to_anybody_else(self, seen, house, targets):
        answer = decide_named(seen, targets=targets, open_desk=house.__getitem__)
        wanted = [target.id for target in targets if target.kind == "person"]
        if wanted and answer.user_id is not None:
            assert answer.user_id == wanted[0]


class TestManyRules:
    def test_are_walked_without_folding_anything_again(self):
        """A thousand rules of three conditions take some two milliseconds; ten times that is a
        mistake in the making, however busy the machine is."""
        many = [
            rule(condition(f"wort{n}, 単語{n}"), condition(f"t{n}"), condition("x"), id=n)
            for n in range(1000)
        ]
        seen = situation(text="昨日届いた商品が壊れていました。" * 3)
        decide(seen, rules=many, open_desk=open_only())

        started = time.process_time()
        answer = decide(seen, rules=many, open_desk=open_only())

        assert time.process_time() - started < 0.02
        assert len(answer.steps) == 1000 + 3
