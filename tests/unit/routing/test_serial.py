"""Decisions as JSON: nothing is lost, and the same facts give the same answer again."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given

from routing.engine.decide import (
    decide,
    decide_named,
    decide_offline,
    decide_reassignment,
    decide_reopened,
    decide_waiting,
)
from routing.engine.facts import Outcome, Trigger
from routing.engine.replay import replay
from routing.engine.serial import (
    answer_from_json,
    answer_to_json,
    facts_from_json,
    facts_to_json,
    steps_from_json,
    steps_to_json,
)
from tests.unit.routing.anything import (
    houses,
    named_targets,
    rules,
    situations,
    waiting_targets,
)
from tests.unit.routing.builders import (
    ALICE,
    SUPPORT,
    TOKYO,
    candidate,
    channel_desk,
    desk,
    rule,
    situation,
)


def through_json(stored):
    return json.loads(json.dumps(stored))


def stored_and_read(seen, house, **also):
    return facts_from_json(through_json(facts_to_json(seen, desks=house, **also)))


class Opened(dict):
    """Opens desks of a house, and remembers which."""

    def __init__(self, house):
        super().__init__()
        self.house = house

    def __call__(self, target):
        return self.setdefault(target, self.house[target])


class TestReplaying:
    """Only the desks that were opened are stored: any other would be a `KeyError`."""

    @given(situations(), rules(), houses())
    def test_a_message_gives_the_same_answer(self, seen, some_rules, house):
        opened = Opened(house)
        answer = decide(seen, rules=some_rules, open_desk=opened)
        facts = stored_and_read(seen, opened, rules=some_rules)
        assert replay(facts, trigger=Trigger.INBOUND) == answer
        # The rules may also come from the version that the decision names.
        facts = stored_and_read(seen, opened)
        assert replay(facts, trigger=Trigger.INBOUND, rules=some_rules) == answer

    @given(situations(), houses(), waiting_targets())
    def test_a_second_look_gives_the_same_answer(self, seen, house, targets):
        opened = Opened(house)
        answer = decide_waiting(seen, targets=targets, open_desk=opened)
        facts = stored_and_read(seen, opened, targets=targets)
        assert replay(facts, trigger=Trigger.WAITING) == answer

    @given(situations(), houses())
    def test_a_reassignment_gives_the_same_answer(self, seen, house):
        opened = Opened(house)
        answer = decide_reassignment(seen, target=SUPPORT, open_desk=opened)
        facts = stored_and_read(seen, opened, targets=(SUPPORT,))
        assert replay(facts, trigger=Trigger.REASSIGN) == answer

    @given(situations(), houses())
    def test_going_offline_gives_the_same_answer(self, seen, house):
        opened = Opened(house)
        answer = decide_offline(seen, target=SUPPORT, open_desk=opened)
        facts = stored_and_read(seen, opened, targets=(SUPPORT,))
        assert replay(facts, trigger=Trigger.OFFLINE) == answer

    @given(situations(), rules(), houses())
    def test_a_reopening_by_hand_gives_the_same_answer(self, seen, some_rules, house):
        opened = Opened(house)
        answer = decide_reopened(seen, rules=some_rules, open_desk=opened)
        facts = stored_and_read(seen, opened, rules=some_rules)
        assert replay(facts, trigger=Trigger.REOPENED) == answer

    @given(situations(), houses(), named_targets())
    def test_an_assignment_by_name_gives_the_same_answer(self, seen, house, targets):
        opened = Opened(house)
        answer = decide_named(seen, targets=targets, open_desk=opened)
        facts = stored_and_read(seen, opened, targets=targets)
        assert replay(facts, trigger=Trigger.MANUAL) == answer

    def test_uses_the_rules_that_are_given_even_if_they_are_none(self):
        house = {SUPPORT: desk(candidate(ALICE)), TOKYO: channel_desk()}
        facts = stored_and_read(situation(), house, rules=[rule()])
        assert replay(facts, trigger=Trigger.INBOUND).user_id == ALICE
        assert replay(facts, trigger=Trigger.INBOUND, rules=()).user_id is None

    def test_with_other_rules_fails_where_a_desk_was_not_seen(self):
        facts = stored_and_read(situation(), {TOKYO: channel_desk()})
        with pytest.raises(KeyError):
            replay(facts, trigger=Trigger.INBOUND, rules=[rule()])


class TestJson:
    @given(situations(), rules(), houses())
    def test_loses_nothing_of_the_facts(self, seen, some_rules, house):
        targets = tuple(house)
        facts = stored_and_read(seen, house, rules=some_rules, targets=targets)
        assert facts.situation == seen
        assert facts.rules == tuple(some_rules)
        assert facts.desks == house
        assert facts.targets == targets

    @given(situations(), rules(), houses())
    def test_loses_nothing_of_the_answer(self, seen, some_rules, house):
        answer = decide(seen, rules=some_rules, open_desk=house.__getitem__)
        stored, steps = answer_to_json(answer), steps_to_json(answer.steps)
        assert "steps" not in stored
        assert answer_from_json(through_json(stored), steps=through_json(steps)) == answer
        assert steps_from_json(steps) == answer.steps
        # What is stored is what comes back: facts hold only what JSON can hold.
        assert through_json(stored) == stored
        assert through_json(steps) == steps

    def test_keeps_instants_with_their_offset(self):
        at = datetime(2026, 11, 18, 9, 0, 0, 123456, tzinfo=UTC)
        stored = facts_to_json(situation(at=at), desks={})
        assert stored["situation"]["at"] == "2026-11-18T09:00:00.123456+00:00"
        assert facts_from_json(stored).situation.at == at

    def test_is_read_though_it_is_older_than_some_fields(self):
        stored = facts_to_json(situation(), desks={SUPPORT: desk(candidate(ALICE))})
        del stored["situation"]["asked_by_id"]
        del stored["desks"][0]["reassign_after_s"]
        facts = facts_from_json(stored)
        assert facts.situation.asked_by_id is None
        assert facts.desks[SUPPORT].reassign_after_s is None

    def test_keeps_the_cursor_of_an_answer(self):
        answer = decide(
            situation(), rules=[rule()], open_desk={SUPPORT: desk(candidate(ALICE))}.__getitem__
        )
        again = answer_from_json(answer_to_json(answer), steps=[])
        assert (again.outcome, again.cursor) == (Outcome.ASSIGNED, SUPPORT)
