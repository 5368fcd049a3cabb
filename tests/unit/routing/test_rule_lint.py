"""What is odd about rules: everything that is said of them is true."""

import itertools
import time
from contextlib import suppress
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from routing.engine.conditions import ConditionError, ConditionSpec, validate
from routing.engine.facts import RuleSpec
from routing.engine.fields import OPERATORS, WITHOUT_VALUE, Field, write_field
from routing.engine.rule_lint import lint
from tests.unit.routing import slow_rules
from tests.unit.routing.builders import SUPPORT, situation
from tests.unit.routing.random_rules import aimed, conditions, rule_lists, situations


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
        for world in met:
            first = slow_rules.first_match(rules, world, lambda target: True)
            for warning in lint(rules):
                assert first is None or first.id != warning.rule_id


def _texts():
    return ["".join(letters) for n in range(4) for letters in itertools.product("abc", repeat=n)]


def _several(*members):
    return [list(some) for n in range(4) for some in itertools.combinations(members, n)]


def _at(*instants):
    return [{"at": datetime.fromisoformat(f"{each}:00+00:00"), "zone": "UTC"} for each in instants]


#: For each field some values to ask about, and every kind of value that can come.
SMALL_WORLDS = {
    Field.MESSAGE_TEXT: (("a", "ab", "b, ab", "ca"), [{"text": text} for text in _texts()]),
    Field.MESSAGE_TYPE: (
        ("text", "image", "text, image"),
        [{"message_types": types} for types in _several("text", "image", "video")],
    ),
    Field.MESSAGE_LANGUAGE: (
        ("ja", "ko", "ja, ko"),
        [{"text": t} for t in ("a", "あ", "감", "谢")],
    ),
    Field.CONTACT_TAG: (
        ("a", "b", "a, b"),
        [{"contact_tags": tags} for tags in _several("a", "b", "c")],
    ),
    Field.CONTACT_IS_NEW: (("yes", "no"), [{"is_new_contact": new} for new in (True, False)]),
    Field.CONTACT_LANGUAGE: (
        ("ja", "fr", "ja, fr"),
        [{"contact_language": language} for language in ("", "ja", "fr", "de")],
    ),
    Field.CONTACT_PHONE: (
        ("+81", "+8190", "+33"),
        [{"contact_phone": phone} for phone in ("", "+811", "+81901", "+33", "+1")],
    ),
    Field.CONTACT_ATTRIBUTE: (
        ("5", "5.0", "7", "a", "ab", "2026-11-18", "2026-12-18"),
        [
            {"contact_attributes": {"plan": value}}
            for value in (
                *("", "a", "ab", "ba", "5", 5.0, 6, "7.00", 8, "2026-11-18", "2026-12-01", "x"),
                *(["a", "7"], ["5", 9], [3, "ab"], ["2026-11-01", 8], ["5.00", "2027-01-01"]),
            )
        ],
    ),
    Field.CONVERSATION_PRIORITY: (
        ("5", "+6", "07"),
        [{"conversation_priority": number} for number in (-100, 4, 5, 6, 7, 8, 100)],
    ),
    Field.TIME_OF_DAY: (
        ("00:00", "09:00", "09:01", "12:30", "24:00"),
        _at(
            *(
                f"2026-11-18T{t}"
                for t in ("00:00", "08:59", "09:00", "09:01", "11:00", "12:30", "23:59")
            )
        ),
    ),
    Field.WEEKDAY: (
        ("monday", "tuesday", "monday, sunday"),
        _at(*(f"2026-11-{day}T12:00" for day in range(16, 23))),
    ),
    Field.DATE: (
        ("2026-11-18", "2026-11-19", "2026-12-01"),
        _at(
            *(f"2026-{day}T12:00" for day in ("11-01", "11-18", "11-19", "11-25", "12-01", "12-02"))
        ),
    ),
}
#: Where what is said is not only true, but all that there is to say about two conditions.
FULLY_KNOWN = set(SMALL_WORLDS) - {Field.MESSAGE_TEXT, Field.CONTACT_ATTRIBUTE}


class TestEveryPairOfConditions:
    """Each two conditions on a field, and every kind of value that the field can have."""

    @pytest.mark.parametrize("field", sorted(SMALL_WORLDS))
    def test_exclude_or_imply_each_other_as_was_said(self, field):
        values, worlds = SMALL_WORLDS[field]
        holds = {spec: _worlds_of(spec, worlds) for spec in _each_way(field, values)}
        for one, other in itertools.product(holds, repeat=2):
            both = RuleSpec(1, "1", SUPPORT, "all", (one, other))
            never = bool(lint((both,)))
            assert not (never and holds[one] & holds[other]), both.conditions
            behind = lint(
                tuple(RuleSpec(n, "", SUPPORT, "all", (c,)) for n, c in ((1, one), (2, other)))
            )
            is_taken = any(warning.rule_id == 2 for warning in behind)
            assert holds[other] <= holds[one] or not is_taken, both.conditions
            if field in FULLY_KNOWN:
                assert never is holds[one].isdisjoint(holds[other]), both.conditions
                assert is_taken is (holds[other] <= holds[one]), both.conditions


def _each_way(field, values):
    written = write_field(field, name="plan" if field is Field.CONTACT_ATTRIBUTE else "")
    for operator in sorted(OPERATORS[field]):
        for value in ("",) if operator in WITHOUT_VALUE else values:
            spec = ConditionSpec(written, operator.value, value)
            with suppress(ConditionError):
                validate(spec)
                yield spec


def _worlds_of(spec, worlds):
    return frozenset(
        number
        for number, world in enumerate(worlds)
        if slow_rules.condition_holds(spec, situation(**world))
    )
