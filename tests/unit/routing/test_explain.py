"""Every code that a decision can store has a sentence, and every hole in it is filled."""

import ast
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given

from routing.engine import explain_conditions, explain_rules, phrases
from routing.engine.conditions import ConditionSpec
from routing.engine.decide import decide, decide_named, decide_reassignment, decide_waiting
from routing.engine.explain import explain, heading, rules_did_not_match
from routing.engine.facts import Step, Strategy
from routing.engine.fields import OPERATORS, Field, read_field, write_field
from routing.engine.observer import evaluate
from routing.engine.phrases import Phrase, all_of, any_of
from tests.unit.routing.anything import (
    conditions,
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

ENGINE = Path(explain_rules.__file__).parent
FALLBACK = re.compile(r"^(\w+): (\w+)$")


def marked(path):
    """Return the texts of a module that are marked for translation; each must be a literal."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"_", "ngettext"}:
            yield from (ast.literal_eval(argument) for argument in node.args)


def write(phrase):
    """Return the phrase in English."""
    return phrases.write(
        phrase,
        translate=str,
        translate_count=lambda one, many, count: one if count == 1 else many,
    )


def sentences(answer):
    return [write(sentence.phrase) for sentence in explain(answer.steps)]


def details(answer, code):
    (found,) = (s.details for s in explain(answer.steps) if s.code == code)
    return [write(detail.phrase) for detail in found]


def ask(*given_rules, desks=(), **seen):
    return decide(situation(**seen), rules=given_rules, open_desk=open_only(*desks))


def assert_told(answer):
    told = explain(answer.steps)
    assert [(s.stage, s.outcome, s.code) for s in told] == [step[:3] for step in answer.steps]
    for sentence in told:
        assert not FALLBACK.match(write(sentence.phrase)), sentence.code
        assert write(sentence.phrase).endswith((".", "?"))
        for detail in sentence.details:
            assert write(detail.phrase)
    assert write(heading(answer)).endswith("?")


class TestEveryDecision:
    @given(situations(), rules(), houses())
    def test_about_a_message_can_be_told(self, seen, some_rules, house):
        assert_told(decide(seen, rules=some_rules, open_desk=house.__getitem__))

    @given(situations(), houses(), waiting_targets())
    def test_about_what_waits_can_be_told(self, seen, house, targets):
        assert_told(decide_waiting(seen, targets=targets, open_desk=house.__getitem__))

    @given(situations(), houses())
    def test_about_somebody_silent_can_be_told(self, seen, house):
        assert_told(decide_reassignment(seen, target=SUPPORT, open_desk=house.__getitem__))

    @given(situations(), houses(), named_targets())
    def test_by_name_can_be_told(self, seen, house, targets):
        assert_told(decide_named(seen, targets=targets, open_desk=house.__getitem__))


class TestStrategies:
    def test_least_busy_shows_everybodys_load_and_who_could_not(self):
        support = desk(
            candidate(ALICE, load=4, capacity=6),
            candidate(BOB, presence="away"),
            candidate(CHEN, load=2, capacity=6),
            strategy=Strategy.LEAST_BUSY,
        )
        answer = ask(rule(), desks=[support])
        assert sentences(answer)[-1] == "Least busy of Support: Chen."
        assert details(answer, "least_busy") == [
            "Chen has 2 of 6",
            "Alice has 4 of 6",
            "Bob is away",
        ]

    def test_least_busy_says_what_broke_the_tie(self):
        people = [candidate(ALICE, last_assigned_at=situation().at), candidate(BOB)]
        support = desk(*people, strategy=Strategy.LEAST_BUSY)
        assert sentences(ask(rule(), desks=[support]))[-1] == (
            "Least busy of Support: Bob, level with Alice, but longest without a new one."
        )
        support = desk(candidate(CHEN), candidate(BOB), strategy=Strategy.LEAST_BUSY)
        assert sentences(ask(rule(), desks=[support]))[-1] == (
            "Least busy of Support: Chen, level with Bob, but first in the order."
        )

    def test_round_robin_says_after_whom(self):
        people = [candidate(ALICE), candidate(BOB)]
        after_alice = desk(*people, cursor_user_id=ALICE)
        assert sentences(ask(rule(), desks=[after_alice]))[-1] == (
            "Next in turn of Support after Alice: Bob."
        )
        assert sentences(ask(rule(), desks=[desk(*people)]))[-1] == (
            "First in turn of Support: Alice."
        )

    @pytest.mark.parametrize(
        ("fields", "expected"),
        [
            ({"load": 5}, "Alice is at capacity: 5 of 5"),
            ({"presence": "offline"}, "Alice is offline"),
            ({"is_active": False}, "Alice no longer works here"),
            ({"is_receiving": False}, "Alice gets nothing automatically"),
            ({"capacity": None, "load": 7}, "Alice has 7, without a limit"),
        ],
    )
    def test_tell_why_somebody_was_passed_over(self, fields, expected):
        answer = ask(desks=[channel_desk(candidate(ALICE, **fields), candidate(BOB))])
        assert expected in details(answer, "concurrent_load")

    def test_show_the_chosen_one_first_and_leave_out_a_crowd(self):
        crowd = [candidate(n, presence="away") for n in range(100, 150)]
        shown = details(ask(rule(), desks=[desk(*crowd, candidate(ALICE))]), "round_robin")
        assert shown[0] == "Alice has 0 of 5"
        assert shown[-1] == "21 other people"

    def test_say_of_one_person_alone_why_not(self):
        answer = ask(rule(target=person(BOB)), desks=[person_desk(BOB, load=5)])
        assert "Bob is at capacity: 5 of 5." in sentences(answer)
        assert details(answer, "person_unable") == []


class TestRules:
    def test_that_match_name_the_part_that_was_found_as_it_was_typed(self):
        refund = rule(condition("返金, Broken"), name="Broken or refund")
        answer = ask(refund, desks=[desk()], text="It is BROKEN")
        assert "Rule “Broken or refund” matched: the message contains Broken." in sentences(answer)

    def test_that_do_not_match_name_the_value_that_was_seen(self):
        vip = rule(condition("vip", field="contact.tag", operator="in"), name="VIP")
        told = sentences(ask(vip, contact_tags=("new", "tokyo")))
        assert "Rule “VIP” did not match: the contact has the tags new, tokyo, not vip." in told
        assert "Rule “VIP” did not match: the contact has no tag." in sentences(ask(vip))

    def test_of_all_name_the_first_condition_that_failed(self):
        both = rule(condition("wheel"), condition("chain"), name="Parts")
        (told,) = [s for s in sentences(ask(both)) if "Parts" in s]
        assert "wheel" in told
        assert "chain" not in told

    def test_of_any_name_every_condition_that_failed(self):
        either = rule(condition("wheel"), condition("chain"), name="Parts", match="any")
        (told,) = [s for s in sentences(ask(either)) if "Parts" in s]
        assert "wheel" in told
        assert "chain" in told

    def test_with_several_conditions_tell_each_of_them(self):
        either = rule(condition("wheel"), condition("saddle"), match="any")
        (told,) = [s for s in explain(ask(either, desks=[desk()]).steps) if s.code == "matched"]
        assert [detail.outcome for detail in told.details] == ["no", "matched"]

    def test_quote_no_more_of_a_message_than_a_line(self):
        told = sentences(ask(rule(condition("refund")), text="broken\n" * 500))
        assert max(map(len, told)) < 160
        assert all("\n" not in sentence for sentence in told)

    def test_in_groups_say_what_decided(self):
        either = [replace(condition(value), group="A") for value in ("wheel", "saddle")]
        broken = condition("broken")
        parts = rule(*either, broken, name="Parts")
        told = sentences(ask(parts, text="The saddle is broken", desks=[desk()]))
        assert (
            "Rule “Parts” matched: the message contains saddle and the message contains broken."
        ) in told
        told = sentences(ask(parts, text="broken"))
        assert (
            "Rule “Parts” did not match: the message “broken” does not contain wheel and the "
            "message “broken” does not contain saddle."
        ) in told
        both = rule(*either, condition("chain"), name="Parts", match="any")
        told = sentences(ask(both, text="The saddle"))
        assert (
            "Rule “Parts” did not match: the message “The saddle” does not contain wheel and the "
            "message “The saddle” does not contain chain."
        ) in told

    @given(conditions(), situations())
    def test_say_of_every_condition_what_it_asks_and_what_it_found(self, spec, seen):
        assert write(explain_conditions.describe_condition(spec))
        if spec.operator in OPERATORS[read_field(spec.field).field] and seen.zone != "Mars/Olympus":
            try:
                finding = evaluate(spec, seen)
            except ValueError:
                return
            assert write(explain_conditions.describe_finding(finding))

    @pytest.mark.parametrize("field", Field)
    def test_know_a_phrase_for_every_operator(self, field):
        for operator in OPERATORS[field]:
            name = "plan" if field is Field.CONTACT_ATTRIBUTE else ""
            spec = ConditionSpec(write_field(field, name=name), operator, "yes")
            phrase = explain_conditions.describe_condition(spec)
            assert operator not in phrase.params


class TestDescribingARule:
    def test_reads_as_a_sentence(self):
        refund = rule(condition("壊れ, 返金"), add_tags=("refund",), set_priority=10)
        described = explain_rules.describe_rule(refund, names={SUPPORT: "Support"})
        assert list(map(write, described)) == [
            "If the message contains 壊れ or 返金",
            "→ Support",
            "+ tag refund",
            "priority 10",
        ]

    def test_says_who_keeps_the_customer(self):
        keeps = rule(target=SUPPORT, pins_contact=True)
        described = explain_rules.describe_rule(keeps, names={SUPPORT: "Alice"})
        assert list(map(write, described)) == ["Always", "→ Alice", "as permanent agent"]

    def test_says_on_which_channels_it_holds(self):
        names = {SUPPORT: "Support", TOKYO: "WhatsApp Tokyo"}
        limited = rule(condition("yes", field="contact.is_new", operator="equals"))
        limited = replace(limited, channel_ids=(TOKYO.id,))
        asks, _ = explain_rules.describe_rule(limited, names=names)
        assert write(asks) == "If the contact is new, on WhatsApp Tokyo"

    def test_combines_all_and_any(self):
        two = [condition("a"), condition("monday, sunday", field="time.weekday", operator="in")]
        said = [
            write(explain_rules.describe_rule(rule(*two, match=match), names={})[0])
            for match in ("all", "any")
        ]
        assert said == [
            "If the message contains a and it is Monday or Sunday",
            "If the message contains a or it is Monday or Sunday",
        ]

    def test_puts_a_group_in_brackets(self):
        inside = [replace(condition(value), group="A") for value in ("a", "b")]
        grouped = [rule(*inside, condition("c"), match=match) for match in ("all", "any")]
        said = [write(explain_rules.describe_rule(each, names={})[0]) for each in grouped]
        assert said == [
            "If (the message contains a or the message contains b) and the message contains c",
            "If (the message contains a and the message contains b) or the message contains c",
        ]

    def test_without_conditions_is_always(self):
        assert write(explain_rules.describe_rule(rule(), names={})[0]) == "Always"

    def test_survives_a_target_that_is_gone_and_a_condition_from_another_time(self):
        odd = rule(condition("x", field="contact.mood"))
        said = list(map(write, explain_rules.describe_rule(odd, names={})))
        assert said == ["If contact.mood contains x", "→ (deleted)"]


class TestHeading:
    def test_asks_about_the_winner(self):
        assert write(heading(ask(permanent_agent=known(CHEN)))) == "Why Chen?"
        assert write(heading(ask(rule(), desks=[desk(candidate(BOB))]))) == "Why Bob?"

    def test_asks_why_nobody_has_it(self):
        assert write(heading(ask())) == "Why is nobody assigned?"

    def test_asks_why_it_did_not_move(self):
        answer = decide_reassignment(
            situation(holder_id=ALICE),
            target=SUPPORT,
            open_desk=open_only(desk(candidate(ALICE), reassign_after_s=900)),
        )
        assert write(heading(answer)) == "Why still Alice?"
        assert sentences(answer)[0] == "Alice did not answer within 15 minutes."

    def test_does_without_a_name_that_nobody_knows(self):
        answer = replace(ask(permanent_agent=known(CHEN)), user_id=99)
        assert write(heading(answer)) == "Why this person?"


class TestByHand:
    def test_says_who_asked_and_why(self):
        seen = situation(asked_by="Sachi", reason="Knows the bike")
        answer = decide_named(
            seen, targets=(person(BOB),), open_desk=open_only(person_desk(BOB, presence="away"))
        )
        assert sentences(answer) == [
            "Assigned by Sachi.",
            "Bob was named, whatever the presence and load.",
        ]
        assert details(answer, "assigned") == ["Reason: Knows the bike"]

    @pytest.mark.parametrize(
        ("step", "sentence"),
        [
            (("manual", "unassigned", {"actor": "Sachi"}), "Unassigned by Sachi."),
            (("manual", "unassigned", {"actor": ""}), "Unassigned by hand."),
            (
                ("presence", "back_to_queue", {"name": "Bob"}),
                "Bob went offline, so it went back to the queue.",
            ),
        ],
    )
    def test_tells_what_services_record_themselves(self, step, sentence):
        stage, code, facts = step
        (told,) = explain([Step(stage, "attention", code, facts)])
        assert write(told.phrase) == sentence


class TestStepsFromAnotherTime:
    @pytest.mark.parametrize(
        "step",
        [
            Step("flow", "matched", "step_entered", {}),
            Step("rule", "matched", "matched", {"rule": "From the past"}),
            Step("people", "attention", "on_the_moon", {"desk": "Support", "desk_kind": "team"}),
            Step("rule", "error", "broken", {"rule": "Odd", "problem": "never_heard_of"}),
        ],
    )
    def test_are_told_by_their_code(self, step):
        (told,) = explain([step])
        assert write(told.phrase) == f"{step.stage}: {step.code}"


class TestPhrases:
    def test_list_alternatives(self):
        assert any_of(["a"], limit=4) == "a"
        assert write(any_of(["a", "b", "c"], limit=4)) == "a, b or c"
        assert write(any_of(list("abcdefg"), limit=4)) == "a, b, c or 4 others"
        assert write(all_of(list("ab"), limit=4)) == "a and b"
        assert write(all_of(list("abcde"), limit=4)) == "a, b, c and 2 others"

    def test_count(self):
        assert write(rules_did_not_match(1)) == "1 rule did not match."
        assert write(rules_did_not_match(4)) == "4 rules did not match."

    def test_put_in_what_people_typed_as_it_is(self):
        assert write(Phrase("%(name)s?", {"name": "100% %(evil)s {0}"})) == "100% %(evil)s {0}?"

    def test_are_literals_with_named_holes_only(self):
        templates = [text for path in ENGINE.glob("*.py") for text in marked(path)]
        assert len(templates) > 80
        assert [text for text in templates if "%" in re.sub(r"%\(\w+\)s", "", text)] == []
