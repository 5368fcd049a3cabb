"""Where AI agents come in: after the rules, before people, and never after people."""

import json

import pytest

from routing.engine.decide import decide, decide_handover
from routing.engine.explain import explain, heading
from routing.engine.facts import AiState, Desk, Outcome, Strategy, Target, TargetKind, Trigger
from routing.engine.handovers import SENTENCES, HandoverReason
from routing.engine.replay import replay
from routing.engine.serial import (
    answer_from_json,
    answer_to_json,
    facts_from_json,
    facts_to_json,
    steps_to_json,
)
from tests.unit.routing.builders import (
    ALICE,
    SUPPORT,
    candidate,
    channel_desk,
    condition,
    desk,
    known,
    open_only,
    rule,
    situation,
)

FAY, GUS = Target(TargetKind.AI, 31), Target(TargetKind.AI, 32)
PEOPLE = channel_desk(candidate(ALICE))


def ai_desk(target=FAY, **state):
    running = state.pop("is_running", True)
    name = {FAY: "Fay", GUS: "Gus"}[target]
    return Desk(target, name, Strategy.DIRECT, (), ai=AiState(running, **state))


def ask(*desks, rules=(), **fields):
    fields.setdefault("ai_agent_ids", (FAY.id, GUS.id))
    return decide(situation(**fields), rules=rules, open_desk=open_only(PEOPLE, *desks))


def codes(answer):
    return [step.code for step in answer.steps]


class TestDecide:
    def test_gives_it_to_the_first_that_runs(self):
        answer = ask(ai_desk(is_running=False), ai_desk(GUS))
        assert (answer.outcome, answer.ai_agent_id) == (Outcome.HELD, GUS.id)
        assert codes(answer) == ["received", "not_running", "accepted"]
        assert heading(answer).params == {"name": "Gus"}

    @pytest.mark.parametrize(
        ("state", "code"),
        [
            ({"is_running": False}, "not_running"),
            ({"messages_left": 0}, "out_of_messages"),
            ({"tokens_left": 0}, "out_of_tokens"),
        ],
    )
    def test_goes_on_to_people_and_says_why(self, state, code):
        answer = ask(ai_desk(**state), ai_agent_ids=(FAY.id,))
        assert answer.user_id == ALICE
        assert codes(answer)[1] == code

    def test_asks_none_after_people_had_it(self):
        answer = ask(ai_desk(), ai_desk(GUS), is_ai_silent=True)
        assert answer.user_id == ALICE
        assert codes(answer)[1:3] == ["silent", "silent"]

    def test_opens_no_desk_of_a_channel_without(self):
        assert ask(ai_agent_ids=()).user_id == ALICE

    def test_lets_rules_decide_first(self):
        answer = ask(
            ai_desk(), desk(candidate(ALICE)), rules=[rule(condition("broken"), target=SUPPORT)]
        )
        assert answer.team_id == SUPPORT.id

    def test_lets_a_rule_name_one(self):
        one = rule(condition("broken"), target=GUS, add_tags=("ai",), set_priority=2)
        answer = ask(ai_desk(GUS, messages_left=1), rules=[one], ai_agent_ids=())
        assert (answer.ai_agent_id, answer.via, answer.rule_id) == (GUS.id, "rule", 1)
        assert (answer.add_tags, answer.set_priority) == (("ai",), 2)

    def test_passes_over_a_rule_whose_ai_agent_cannot(self):
        one = rule(condition("broken"), target=GUS)
        answer = ask(ai_desk(GUS, is_running=False), rules=[one], ai_agent_ids=())
        assert codes(answer)[2:4] == ["not_running", "skipped"]
        assert answer.user_id == ALICE

    def test_can_be_stored_and_made_again(self):
        seen = situation(ai_agent_ids=(FAY.id, GUS.id))
        opened = {FAY: ai_desk(tokens_left=0), GUS: ai_desk(GUS, messages_left=3)}
        answer = decide(seen, rules=(), open_desk=open_only(*opened.values()))
        stored = json.loads(json.dumps(facts_to_json(seen, desks=opened)))
        assert replay(facts_from_json(stored), trigger=Trigger.INBOUND) == answer
        steps = steps_to_json(answer.steps)
        assert answer_from_json(answer_to_json(answer), steps=steps) == answer


class TestDecideHandover:
    def asked(self, *desks, **fields):
        seen = situation(asked_by="Fay", reason="words", **fields)
        return decide_handover(seen, open_desk=open_only(*desks))

    def test_asks_the_channels_people_and_no_rule(self):
        answer = self.asked(PEOPLE)
        assert (answer.user_id, answer.via) == (ALICE, "strategy")
        assert codes(answer) == ["handed_over", "concurrent_load"]

    def test_asks_the_permanent_agent_first(self):
        answer = self.asked(PEOPLE, permanent_agent=known(ALICE))
        assert answer.via == "permanent"

    def test_lets_it_wait_where_nobody_is_there(self):
        answer = self.asked(channel_desk(candidate(ALICE, presence="offline")))
        assert answer.outcome is Outcome.WAITING

    @pytest.mark.parametrize("reason", HandoverReason)
    def test_says_every_reason(self, reason):
        seen = situation(asked_by="Fay", reason=reason.value)
        answer = decide_handover(seen, open_desk=open_only(PEOPLE))
        (first, *_) = explain(answer.steps)
        assert first.template == SENTENCES[reason]
        assert first.params["name"] == "Fay"

    def test_can_be_made_again(self):
        seen = situation(asked_by="Fay", reason="off")
        answer = decide_handover(seen, open_desk=open_only(PEOPLE))
        stored = json.loads(json.dumps(facts_to_json(seen, desks={PEOPLE.target: PEOPLE})))
        assert replay(facts_from_json(stored), trigger=Trigger.HANDOVER) == answer
