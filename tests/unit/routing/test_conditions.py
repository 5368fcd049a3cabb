"""What a rule can ask for, and what each question finds."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from routing.engine.conditions import ConditionError, ConditionSpec, validate
from routing.engine.fields import OPERATORS, WEEKDAYS, WITHOUT_VALUE, Field, Operator, read_field
from routing.engine.observer import MAX_SEEN_LENGTH, Observed, evaluate, matches, walk
from routing.engine.text import fold, split_values
from tests import moments
from tests.unit.routing.builders import condition, rule, situation

TEXT, TAG, NEW = Field.MESSAGE_TEXT, Field.CONTACT_TAG, Field.CONTACT_IS_NEW
CHANNEL, CLOCK, DAY = Field.CHANNEL, Field.TIME_OF_DAY, Field.WEEKDAY
OPEN, DATE = Field.OPEN_HOURS, Field.DATE
KIND, SCRIPT = Field.MESSAGE_TYPE, Field.MESSAGE_LANGUAGE
SPEAKS, FROM, PHONE = Field.CONTACT_LANGUAGE, Field.CONTACT_COUNTRY, Field.CONTACT_PHONE
LABEL, PRIORITY = Field.CONVERSATION_TAG, Field.CONVERSATION_PRIORITY
PLAN = f"{Field.CONTACT_ATTRIBUTE}.plan"


def holds(field, operator, value="", **seen):
    return evaluate(ConditionSpec(field, operator, value), situation(**seen))["passed"]


class TestEachQuestion:
    """One row for every operator of every field, answered yes and no."""

    TABLE = [
        (TEXT, "equals", "stop", {"text": "Stop"}, {"text": "stop it"}),
        (TEXT, "not_equals", "stop", {"text": "stop it"}, {"text": "STOP"}),
        (TEXT, "contains", "broken, 壊れ", {"text": "商品が壊れた"}, {"text": "商品は無事"}),
        (TEXT, "not_contains", "broken, 壊れ", {"text": "fine"}, {"text": "It broke: Broken."}),
        (TEXT, "starts_with", "order, 注文", {"text": "注文の件"}, {"text": "My order"}),
        (TEXT, "is_set", "", {"text": "?"}, {"text": " \u3000\n"}),
        (TEXT, "is_not_set", "", {"text": ""}, {"text": "?"}),
        (TAG, "in", "vip, gold", {"contact_tags": ("Gold",)}, {"contact_tags": ("golden",)}),
        (TAG, "not_in", "vip", {"contact_tags": ("gold",)}, {"contact_tags": ("new", "VIP")}),
        (TAG, "is_set", "", {"contact_tags": ("gold",)}, {"contact_tags": ()}),
        (TAG, "is_not_set", "", {"contact_tags": ()}, {"contact_tags": ("gold",)}),
        (NEW, "equals", "yes", {"is_new_contact": True}, {"is_new_contact": False}),
        (CHANNEL, "in", "whatsapp tokyo", {}, {"channel_name": "WhatsApp Tokyo 2"}),
        (CHANNEL, "not_in", "WhatsApp Paris", {}, {"channel_name": "WhatsApp Paris"}),
        (CLOCK, "gte", "18:00", {"zone": "Asia/Tokyo"}, {"zone": "UTC"}),
        (CLOCK, "lt", "18:00", {"zone": "UTC"}, {"zone": "Asia/Tokyo"}),
        (OPEN, "equals", "no", {"is_open": False}, {"is_open": True}),
        (DAY, "in", "wednesday", {}, {"at": moments.SATURDAY_NOON}),
        (DAY, "not_in", "saturday, sunday", {}, {"at": moments.SATURDAY_NOON}),
        (CLOCK, "gt", "17:59", {"zone": "Asia/Tokyo"}, {"zone": "UTC"}),
        (CLOCK, "lte", "17:59", {"zone": "UTC"}, {"zone": "Asia/Tokyo"}),
        (DATE, "equals", "2026-11-18", {}, {"at": moments.SATURDAY_NOON}),
        (DATE, "not_equals", "2026-11-18", {"at": moments.SATURDAY_NOON}, {}),
        (DATE, "gt", "2026-11-18", {"at": moments.SATURDAY_NOON}, {}),
        (DATE, "gte", "2026-11-19", {"at": moments.SATURDAY_NOON}, {}),
        (DATE, "lt", "2026-11-19", {}, {"at": moments.SATURDAY_NOON}),
        (DATE, "lte", "2026-11-18", {}, {"at": moments.SATURDAY_NOON}),
        (TEXT, "matches", r"#\d{4}", {"text": "order #1234"}, {"text": "order #12"}),
        (KIND, "in", "image, video", {"message_types": ("image",)}, {"message_types": ("text",)}),
        (KIND, "not_in", "text", {"message_types": ("audio",)}, {"message_types": ("text",)}),
        (SCRIPT, "in", "ja, ko", {"text": "ありがとう"}, {"text": "thanks"}),
        (SCRIPT, "not_in", "ja", {"text": "谢谢"}, {"text": "返金できますか"}),
        (SCRIPT, "is_set", "", {"text": "감사합니다"}, {"text": "merci 123"}),
        (SCRIPT, "is_not_set", "", {"text": ""}, {"text": "ﾘﾌｧﾝﾄﾞ"}),
        (SPEAKS, "in", "fr, JA", {"contact_language": "ja"}, {"contact_language": ""}),
        (SPEAKS, "not_in", "ja", {"contact_language": ""}, {"contact_language": "ja"}),
        (SPEAKS, "is_set", "", {"contact_language": "ja"}, {}),
        (SPEAKS, "is_not_set", "", {}, {"contact_language": "ja"}),
        (FROM, "in", "jp", {"contact_phone": "+819012345678"}, {"contact_phone": "+33612345678"}),
        (FROM, "not_in", "JP", {"contact_phone": ""}, {"contact_phone": "+819012345678"}),
        (FROM, "is_set", "", {"contact_phone": "+819012345678"}, {"contact_phone": "+8"}),
        (FROM, "is_not_set", "", {"contact_phone": "junk"}, {"contact_phone": "+33612345678"}),
        (PHONE, "starts_with", "+8190, +33", {"contact_phone": "+81901"}, {"contact_phone": "+1"}),
        (PHONE, "is_set", "", {"contact_phone": "+81901"}, {}),
        (PHONE, "is_not_set", "", {}, {"contact_phone": "+81901"}),
        (LABEL, "in", "refund", {"conversation_tags": ("Refund",)}, {"contact_tags": ("refund",)}),
        (LABEL, "not_in", "refund", {}, {"conversation_tags": ("refund",)}),
        (LABEL, "is_set", "", {"conversation_tags": ("a",)}, {}),
        (LABEL, "is_not_set", "", {}, {"conversation_tags": ("a",)}),
        (PRIORITY, "equals", "10", {"conversation_priority": 10}, {"conversation_priority": 1}),
        (PRIORITY, "not_equals", "10", {}, {"conversation_priority": 10}),
        (PRIORITY, "gt", "5", {"conversation_priority": 10}, {"conversation_priority": 5}),
        (PRIORITY, "gte", "5", {"conversation_priority": 5}, {"conversation_priority": -10}),
        (PRIORITY, "lt", "-5", {"conversation_priority": -10}, {"conversation_priority": -5}),
        (PRIORITY, "lte", "-5", {"conversation_priority": -5}, {"conversation_priority": 5}),
        (PLAN, "equals", "gold", {"contact_attributes": {"Plan": "GOLD"}}, {}),
        (PLAN, "not_equals", "gold", {}, {"contact_attributes": {"plan": "gold"}}),
        (PLAN, "in", "gold, 5", {"contact_attributes": {"plan": 5.0}}, {}),
        (PLAN, "not_in", "gold", {}, {"contact_attributes": {"plan": ["new", "gold"]}}),
        (PLAN, "contains", "old", {"contact_attributes": {"plan": "gold"}}, {}),
        (PLAN, "not_contains", "old", {}, {"contact_attributes": {"plan": "gold"}}),
        (PLAN, "starts_with", "go", {"contact_attributes": {"plan": ["a", "gold"]}}, {}),
        (PLAN, "matches", "^go.d$", {"contact_attributes": {"plan": "Gold"}}, {}),
        (
            PLAN,
            "gt",
            "9",
            {"contact_attributes": {"plan": 10}},
            {"contact_attributes": {"plan": 9}},
        ),
        (PLAN, "gte", "9", {"contact_attributes": {"plan": "9.0"}}, {}),
        (PLAN, "lt", "10", {"contact_attributes": {"plan": "9"}}, {}),
        (PLAN, "lte", "2026-12-31", {"contact_attributes": {"plan": "2026-12-31"}}, {}),
        (PLAN, "is_set", "", {"contact_attributes": {"plan": False}}, {}),
        (PLAN, "is_not_set", "", {}, {"contact_attributes": {"plan": 0}}),
    ]

    @pytest.mark.parametrize(("field", "operator", "value", "yes", "no"), TABLE)
    def test_holds_and_fails(self, field, operator, value, yes, no):
        assert holds(field, operator, value, **yes)
        assert not holds(field, operator, value, **no)

    def test_is_in_the_table(self):
        asked = {(read_field(field).field, operator) for field, operator, *_ in self.TABLE}
        assert asked == {(f, o) for f, operators in OPERATORS.items() for o in operators}


class TestFinding:
    def test_tells_the_part_that_was_found(self):
        finding = evaluate(condition("refund, ＢＲＯＫＥＮ"), situation(text="It is broken."))
        assert (finding["part"], finding["seen"]) == ("broken", "It is broken.")

    def test_of_a_negated_question_tells_what_stood_against_it(self):
        asked = condition("test", operator="not_contains")
        finding = evaluate(asked, situation(text="Only a test"))
        assert (finding["passed"], finding["part"]) == (False, "test")

    def test_keeps_no_more_of_a_long_text_than_an_explanation_needs(self):
        finding = evaluate(condition("end"), situation(text="x" * 5000 + "end"))
        assert finding["passed"]
        assert len(finding["seen"]) == MAX_SEEN_LENGTH


class TestComparing:
    @pytest.mark.parametrize(
        ("typed", "written"),
        [
            ("ﾘﾌｧﾝﾄﾞ", "リファンドお願いします"),
            ("リファンド", "ﾘﾌｧﾝﾄﾞお願いします"),
            ("ＶＩＰ", "i am vip"),
            ("STRASSE", "in der Straße"),
            ("cassé", "C'est CASSE\u0301"),
            ("①", "item 1"),
        ],
    )
    def test_ignores_width_case_and_composition(self, typed, written):
        assert holds(TEXT, "contains", typed, text=written)

    def test_needs_no_spaces_between_words(self):
        assert holds(TEXT, "contains", "返金", text="全額返金してください")

    def test_takes_the_commas_that_people_type(self):
        assert split_values("返金、返品，交換 ,, refund ,") == ("返金", "返品", "交換", "refund")

    def test_of_whole_texts_accepts_a_text_with_a_comma(self):
        assert holds(TEXT, "equals", "はい、お願いします", text="はい、お願いします")
        assert not holds(TEXT, "not_equals", "Yes, please", text="yes, please")
        assert holds(TAG, "in", "Tokyo, east", contact_tags=("tokyo, east",))

    def test_of_tags_does_not_split_a_tag(self):
        assert not holds(TAG, "in", "vip", contact_tags=("not vip, really",))

    @given(some.text())
    def test_folds_the_same_when_folded_again(self, text):
        assert fold(fold(text)) == fold(text)

    @given(some.text(alphabet=some.characters()), some.sampled_from(list(Operator)))
    def test_never_fails_on_what_customers_write(self, text, operator):
        if operator in OPERATORS[TEXT]:
            assert holds(TEXT, operator, "a, b", text=text) in {True, False}

    def test_stands_lone_surrogates(self):
        assert holds(TEXT, "contains", "broken", text="\ud83d broken")


class TestValidation:
    @pytest.mark.parametrize(
        ("spec", "code", "part"),
        [
            (("contact.mood", "equals", "x"), "unknown_field", "field"),
            (("", "equals", "x"), "unknown_field", "field"),
            ((TEXT, "resembles", "a"), "unknown_operator", "operator"),
            ((TEXT, "matches", "(a"), "not_a_pattern", "value"),
            ((TEXT, "matches", "(?=a)"), "not_a_pattern", "value"),
            ((TEXT, "matches", "a{1001}"), "not_a_pattern", "value"),
            (("contact.attribute", "equals", "x"), "unknown_field", "field"),
            (("contact.attribute.", "equals", "x"), "unknown_field", "field"),
            (("contact.attribute. plan", "equals", "x"), "unknown_field", "field"),
            ((f"contact.attribute.{'x' * 65}", "equals", "x"), "unknown_field", "field"),
            ((PLAN, "gt", "gold"), "no_order", "value"),
            ((PLAN, "lt", "1, 2"), "no_order", "value"),
            ((PLAN, "gte", "2026-02-30"), "no_order", "value"),
            ((PRIORITY, "gt", "high"), "not_a_number", "value"),
            ((DATE, "lt", "31.12.2026"), "not_a_date", "value"),
            ((DATE, "lt", "2026-02-30"), "not_a_date", "value"),
            ((KIND, "in", "picture"), "not_a_type", "value"),
            ((SCRIPT, "in", "fr"), "not_a_language", "value"),
            ((SPEAKS, "in", "French!"), "not_a_language", "value"),
            ((FROM, "in", "Japan"), "not_a_country", "value"),
            ((PHONE, "starts_with", "090"), "not_a_phone", "value"),
            ((TEXT, "contains", "x", "AA"), "unknown_group", "group"),
            ((TEXT, "contains", "x", "ä"), "unknown_group", "group"),
            ((TEXT, "gte", "10"), "operator_not_for_field", "operator"),
            ((NEW, "not_equals", "yes"), "operator_not_for_field", "operator"),
            ((TEXT, "contains", ""), "value_required", "value"),
            ((TEXT, "contains", " 、， , "), "value_required", "value"),
            ((TEXT, "contains", "x" * 501), "value_too_long", "value"),
            ((TEXT, "contains", "a\x00b"), "value_has_control_characters", "value"),
            ((TEXT, "contains", "a\nb"), "value_has_control_characters", "value"),
            ((TEXT, "contains", "\ud800"), "value_has_control_characters", "value"),
            ((CLOCK, "gte", "9:00"), "not_a_time", "value"),
            ((CLOCK, "gte", "24:01"), "not_a_time", "value"),
            ((CLOCK, "gte", "23:60"), "not_a_time", "value"),
            ((CLOCK, "gte", "T0900"), "not_a_time", "value"),
            ((CLOCK, "gte", "09+01"), "not_a_time", "value"),
            ((CLOCK, "gte", "٠٩:٠٠"), "not_a_time", "value"),
            ((CLOCK, "gte", "09:00, 10:00"), "not_a_time", "value"),
            ((DAY, "in", "monday, someday"), "not_a_weekday", "value"),
            ((NEW, "equals", "maybe"), "not_yes_or_no", "value"),
            ((NEW, "equals", "yes, no"), "not_yes_or_no", "value"),
        ],
    )
    def test_refuses(self, spec, code, part):
        with pytest.raises(ConditionError) as refusal:
            validate(ConditionSpec(*spec))
        assert (refusal.value.code, refusal.value.part) == (code, part)

    @pytest.mark.parametrize(
        "spec",
        [
            (TEXT, "contains", "x" * 500),
            (TEXT, "is_set", ""),
            (CLOCK, "lt", "24:00"),
            (CLOCK, "gte", "０９：００"),
            (DAY, "in", "Monday, SUNDAY"),
            (NEW, "equals", "Yes"),
        ],
    )
    def test_accepts(self, spec):
        validate(ConditionSpec(*spec))

    @given(some.sampled_from(list(Field)), some.sampled_from(list(Operator)), some.text(max_size=9))
    def test_lets_through_only_what_can_be_evaluated(self, field, operator, value):
        spec = ConditionSpec(field, operator, value)
        try:
            validate(spec)
        except ConditionError:
            return
        assert evaluate(spec, situation())["passed"] in {True, False}


class TestConditionsFromAnotherTime:
    """Rules may be older than the code: what cannot be understood is said, never guessed."""

    @pytest.mark.parametrize(
        ("spec", "code"),
        [
            (("contact.mood", "equals", "x"), "unknown_field"),
            ((TEXT, "sounds_like", "x"), "unknown_operator"),
            ((TEXT, "not_contains", ""), "value_required"),
            ((CLOCK, "gte", ""), "value_required"),
        ],
    )
    def test_are_refused_when_evaluated(self, spec, code):
        with pytest.raises(ConditionError, match=code):
            evaluate(ConditionSpec(*spec), situation())

    @pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd", "Europe", "\x00"])
    def test_in_an_unknown_zone_have_no_time(self, zone):
        with pytest.raises(ConditionError, match="unknown_zone"):
            evaluate(ConditionSpec(CLOCK, "gte", "09:00"), situation(zone=zone))
        assert holds(TEXT, "contains", "broken", zone=zone)


class TestAPattern:
    def test_takes_linear_time(self):
        spec = ConditionSpec(TEXT, "matches", "(a+)+$")
        spec.prepared  # noqa: B018 - compiling is not what is measured
        started = time.perf_counter()
        assert not holds(TEXT, "matches", "(a+)+$", text="a" * 100_000 + "b")
        assert time.perf_counter() - started < 1

    def test_has_commas_and_cases_of_its_own(self):
        assert holds(TEXT, "matches", r"\d{2,3}", text="12")
        assert not holds(TEXT, "matches", r"^\S+$", text="two words")
        assert holds(TEXT, "matches", "返金|REFUND", text="Refund, please")
        assert holds(TEXT, "matches", "［０-９］", text="１")

    def test_that_finds_the_empty_text_has_found_it(self):
        assert holds(TEXT, "matches", "x*", text="abc")

    def test_says_what_is_not_understood(self):
        with pytest.raises(ConditionError) as refusal:
            validate(ConditionSpec(TEXT, "matches", "(abc"))
        assert "missing )" in refusal.value.detail

    def test_stands_half_a_character(self):
        assert holds(TEXT, "matches", "broken", text="\ud83d broken")


class TestAProperty:
    """What is missing equals nothing, contains nothing, and stands neither before nor after."""

    @pytest.mark.parametrize("value", [{}, {"plan": ""}, {"plan": None}, {"plan": []}, {"a": 1}])
    @pytest.mark.parametrize("operator", sorted(OPERATORS[Field.CONTACT_ATTRIBUTE]))
    def test_that_is_missing_satisfies_what_is_negated(self, operator, value):
        negated = {"not_equals", "not_in", "not_contains", "is_not_set"}
        assert holds(PLAN, operator, "5", contact_attributes=value) == (operator in negated)

    @pytest.mark.parametrize("operator", ["gt", "gte", "lt", "lte"])
    def test_without_an_order_is_neither_before_nor_after(self, operator):
        assert not holds(PLAN, operator, "5", contact_attributes={"plan": "gold"})
        assert not holds(PLAN, operator, "5", contact_attributes={"plan": "2026-12-31"})

    def test_is_a_number_however_it_is_written(self):
        assert holds(PLAN, "equals", "5", contact_attributes={"plan": "5.00"})
        assert holds(PLAN, "gt", "9", contact_attributes={"plan": "10"})


class TestTimes:
    def test_at_the_start_of_an_hour_are_in_it(self):
        at = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
        assert holds(CLOCK, "gte", "09:00", at=at, zone="UTC")
        assert not holds(CLOCK, "lt", "09:00", at=at, zone="UTC")

    def test_are_all_before_the_end_of_the_day(self):
        for at in (moments.WEDNESDAY_NIGHT, moments.NEW_YEARS_EVE):
            assert holds(CLOCK, "lt", "24:00", at=at, zone="UTC")
            assert not holds(CLOCK, "gte", "24:00", at=at, zone="UTC")

    def test_are_those_of_the_channel(self):
        assert holds(DAY, "in", "thursday", at=moments.NEW_YEARS_EVE, zone="UTC")
        assert holds(DAY, "in", "friday", at=moments.NEW_YEARS_EVE, zone="Asia/Tokyo")

    def test_skip_the_hour_that_clocks_skip(self):
        before, after = (
            evaluate(
                ConditionSpec(CLOCK, "gte", "02:00"),
                situation(at=moments.BEFORE_CLOCKS_GO_FORWARD + later, zone="Europe/Paris"),
            )
            for later in (timedelta(), timedelta(minutes=30))
        )
        assert (before["seen"], before["passed"]) == ("01:30", False)
        assert (after["seen"], after["passed"]) == ("03:00", True)

    def test_repeat_the_hour_that_clocks_repeat(self):
        seen = [
            evaluate(
                ConditionSpec(CLOCK, "lt", "03:00"),
                situation(
                    at=moments.BEFORE_CLOCKS_GO_BACK + timedelta(hours=hours), zone="Europe/Paris"
                ),
            )["seen"]
            for hours in range(4)
        ]
        assert seen == ["01:30", "02:30", "02:30", "03:30"]

    @given(some.timedeltas(min_value=timedelta(), max_value=timedelta(days=3650)))
    def test_fall_on_exactly_one_day_and_one_side_of_noon(self, later):
        at = moments.WEDNESDAY_MORNING + later
        days = [holds(DAY, "in", day, at=at, zone="Europe/Paris") for day in WEEKDAYS]
        assert days.count(True) == 1
        before, after = (
            holds(CLOCK, o, "12:00", at=at, zone="Europe/Paris") for o in ("lt", "gte")
        )
        assert before != after


class TestWalkingTogether:
    @pytest.mark.parametrize(
        ("match", "values", "expected"),
        [
            ("all", ("broken", "saddle"), True),
            ("all", ("broken", "wheel"), False),
            ("any", ("wheel", "saddle"), True),
            ("any", ("wheel", "chain"), False),
            ("all", (), True),
            ("any", (), True),
        ],
    )
    def test_matches_all_or_any(self, match, values, expected):
        prepared = [condition(value).prepared for value in values]
        has_matched, findings = walk(prepared, observed=Observed(situation()), match=match)
        assert has_matched is expected
        # Each condition is told, even after one has failed.
        assert len(findings) == len(values)

    @given(
        some.lists(some.tuples(some.sampled_from(["", "A", "B"]), some.booleans()), max_size=6),
        some.sampled_from(["all", "any"]),
    )
    def test_in_groups_matches_the_other_way_inside(self, rows, match):
        values = [("broken" if holds_alone else "wheel", group) for group, holds_alone in rows]
        asked = rule(*(replace(condition(v), group=g) for v, g in values), match=match)
        observed = Observed(situation(text="A broken saddle"))

        has_matched = matches(asked, observed=observed)[0]

        groups = {}
        for place, (group, holds_alone) in enumerate(rows):
            groups.setdefault(group or place, []).append(holds_alone)
        outside, inside = (all, any) if match == "all" else (any, all)
        assert has_matched == (not rows or outside(inside(group) for group in groups.values()))

    def test_needs_no_value_where_nothing_is_compared(self):
        assert {Operator.IS_SET, Operator.IS_NOT_SET} == WITHOUT_VALUE
