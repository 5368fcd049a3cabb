"""What is odd about rules: everything that is said of them is true."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from routing.engine.conditions import ConditionSpec
from routing.engine.facts import RuleSpec
from routing.engine.fields import Field
from routing.engine.rule_lint import lint
from tests.unit.routing import slow_rules
from tests.unit.routing.builders import SUPPORT
from tests.unit.routing.random_rules import aimed, conditions, of_one_field, rule_lists, situations


def rule(number, *written, match="all", channels=()):
    """Return a rule from conditions such as "A message.text contains refund"."""
    specs = []
    for text in written:
        group, rest = (text[0], text[2:]) if text[1] == " " else ("", text)
        field, operator, value = (*rest.split(" ", 2), "")[:3]
        specs.append(ConditionSpec(field, operator, value, group))
    return RuleSpec(number, f"Rule {number}", SUPPORT, match, tuple(specs), channels)


def found(*rules):
    return [(each.code, each.rule_id, each.other_id) for each in lint(rules)]


TEXT = "message.text contains refund"
VIP = "contact.tag in vip"
NEVER = [
    ("contact.is_new equals yes", "contact.is_new equals no"),
    ("contact.tag in vip", "contact.tag not_in vip, gold"),
    ("contact.tag in vip", "contact.tag is_not_set"),
    ("time.of_day gte 18:00", "time.of_day lt 09:00"),
    ("time.of_day gt 23:59",),
    ("time.of_day gte 24:00",),
    ("time.date gt 2026-12-24", "time.date lt 2026-12-25"),
    ("time.weekday in monday", "time.weekday not_in monday, tuesday"),
    ("conversation.priority gt 5", "conversation.priority lt 6"),
    ("contact.language in ja", "contact.language in fr"),
    ("message.text equals stop", "message.text contains refund"),
    ("message.text contains refunds", "message.text not_contains Refund"),
    ("message.text starts_with a, b", "message.text starts_with c"),
    ("message.text is_not_set", "message.text contains a"),
    ("contact.phone starts_with +81", "contact.phone starts_with +33"),
    ("contact.attribute.plan equals gold", "contact.attribute.plan is_not_set"),
    ("contact.attribute.age equals 5", "contact.attribute.age not_equals 5.0"),
]
SOMETIMES = [
    ("contact.tag in vip", "contact.tag not_in gold"),
    ("time.of_day gte 09:00", "time.of_day lt 18:00"),
    ("contact.attribute.age gt 65", "contact.attribute.age lt 18"),  # a list can have both
    ("message.text contains refund", "message.text contains order"),
    ("message.type in image", "message.type in video"),  # a message with two files
    ("message.text starts_with a", "message.text starts_with ab"),
    ("message.text matches x*", "message.text is_not_set"),
    ("conversation.priority gt 5", "conversation.priority lt 7"),
]
#: What an earlier rule asks for, and a later one that it takes everything from.
TAKEN = [
    ((), (TEXT,)),
    ((), ()),
    ((TEXT,), (TEXT, VIP)),
    ((TEXT,), ("message.text contains refunds, Refunded",)),
    (("message.text contains refund, 返金",), (TEXT,)),
    (("contact.tag is_set",), (VIP,)),
    (("message.text contains a",), ("message.text equals abc, cab",)),
    (("time.of_day gte 09:00",), ("time.of_day gt 09:00", "time.of_day lt 12:00")),
    (("time.weekday not_in sunday",), ("time.weekday in monday, tuesday",)),
    (("conversation.priority gte 6",), ("conversation.priority gt 5",)),
    (("contact.attribute.age gt 5",), ("contact.attribute.age gte 5.5",)),
    (("contact.attribute.age gte 5",), ("contact.attribute.age in 7",)),
    (("contact.attribute.plan is_set",), ("contact.attribute.plan contains go",)),
]
LEFT = [
    ((TEXT, VIP), (TEXT,)),
    (("message.text contains refunds",), (TEXT,)),
    (("contact.tag in vip, gold",), ("contact.tag is_set",)),
    (("contact.attribute.age gt 5",), ("contact.attribute.age gte 5",)),
    (("contact.attribute.age gte 5",), ("contact.attribute.age in 7, 8",)),  # “7, 8” is one, too
    (("contact.attribute.plan contains go",), ("contact.attribute.plan contains gold",)),
    (("message.text is_set",), ("message.text matches x*",)),
]


class TestARule:
    @pytest.mark.parametrize("asked", NEVER)
    def test_that_contradicts_itself_never_matches(self, asked):
        assert found(rule(1, *asked)) == [("never_matches", 1, None)]

    @pytest.mark.parametrize("asked", SOMETIMES)
    def test_that_could_match_is_left_alone(self, asked):
        assert found(rule(1, *asked)) == []

    @pytest.mark.parametrize(("earlier", "later"), TAKEN)
    def test_behind_one_that_takes_everything_is_never_reached(self, earlier, later):
        ((code, *rules),) = found(rule(1, *earlier), rule(2, *later))
        assert (code, rules) == ("never_reached" if earlier != later else "duplicate", [2, 1])

    @pytest.mark.parametrize(("earlier", "later"), LEFT)
    def test_behind_one_that_leaves_something_is_left_alone(self, earlier, later):
        assert found(rule(1, *earlier), rule(2, *later)) == []

    def test_that_asks_the_same_in_another_order_is_a_duplicate(self):
        assert found(rule(1, TEXT, VIP), rule(2, VIP, TEXT)) == [("duplicate", 2, 1)]

    def test_of_another_channel_is_left_alone(self):
        assert found(rule(1, TEXT, channels=(20,)), rule(2, TEXT)) == []
        assert found(rule(1, channels=(20,)), rule(2, TEXT, channels=(20, 21))) == []

    def test_of_one_of_its_channels_is_never_reached(self):
        rules = rule(1, TEXT, channels=(20, 21)), rule(2, TEXT, channels=(20,))
        assert found(*rules) == [("never_reached", 2, 1)]

    def test_with_groups_is_taken_part_by_part(self):
        either = rule(1, TEXT, VIP, match="any")
        assert found(either, rule(2, f"A {TEXT}", f"A {VIP}")) == [("never_reached", 2, 1)]
        assert found(either, rule(2, f"A {TEXT}", "A contact.is_new equals yes")) == []

    def test_behind_one_that_never_matches_is_left_alone(self):
        never = rule(1, "contact.is_new equals yes", "contact.is_new equals no")
        assert found(never, rule(2, TEXT)) == [("never_matches", 1, None)]

    def test_that_cannot_be_understood_is_named(self):
        broken = rule(1, "message.text matches (")
        (warning,) = lint((broken, rule(2, "message.text matches (")))[:1]
        assert (warning.code, warning.facts["problem"]) == ("broken", "not_a_pattern")

    def test_among_hundreds_is_found_in_time(self):
        rules = tuple(rule(n, f"message.text contains word{n:04}", VIP) for n in range(300))
        began = time.perf_counter()
        assert found(*rules, rule(300, "message.text equals word0299", VIP)) == [
            ("never_reached", 300, 299)
        ]
        assert time.perf_counter() - began < 20


NARROW = conditions(fields=(Field.MESSAGE_TEXT, Field.CONTACT_ATTRIBUTE, Field.CONTACT_TAG))
FEW_FIELDS = NARROW | conditions(
    fields=(Field.TIME_OF_DAY, Field.DATE, Field.CONVERSATION_PRIORITY, Field.MESSAGE_LANGUAGE)
)


class TestRandomRules:
    @settings(max_examples=150)
    @given(
        rule_lists(condition=FEW_FIELDS | conditions(), most=6),
        some.lists(situations() | aimed().map(lambda pair: pair[1]), min_size=3, max_size=3),
    )
    def test_that_are_never_reached_never_match_first(self, rules, met):
        for situation in met:
            first = slow_rules.first_match(rules, situation, lambda target: True)
            for warning in lint(rules):
                assert first is None or first.id != warning.rule_id

    @settings(max_examples=300)
    @given(of_one_field())
    def test_never_do_what_was_said_to_be_impossible(self, drawn):
        """Of conditions on one field, the last alone in an earlier rule, the others in a later."""
        (*later, earlier), near = drawn
        together = RuleSpec(1, "Rule 1", SUPPORT, "all", (*later, earlier))
        if lint((together,)):
            assert not any(slow_rules.rule_matches(together, each) for each in near)
        pair = (
            RuleSpec(1, "1", SUPPORT, "all", (earlier,)),
            RuleSpec(2, "2", SUPPORT, "all", tuple(later)),
        )
        if any(warning.rule_id == 2 for warning in lint(pair)):
            for each in near:
                first = slow_rules.first_match(pair, each, lambda target: True)
                assert first is None or first.id == 1
