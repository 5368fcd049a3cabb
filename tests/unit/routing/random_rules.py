"""Random rules and situations, from few words, so that they meet often."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as some

from routing.engine.conditions import ConditionError, ConditionSpec, validate
from routing.engine.facts import RuleSpec, Situation, Target, TargetKind
from routing.engine.fields import OPERATORS, Field, Operator
from routing.engine.text import split_raw

TEAMS = tuple(Target(TargetKind.TEAM, id) for id in range(1, 5))
CHANNELS = (20, 21)
ATTRIBUTES = ("plan", "Größe")

WORDS = (
    "返金",
    "refund",
    "Refund",
    "ＲＥＦＵＮＤ",
    "ﾘﾌｧﾝﾄﾞ",
    "リファンド",
    "Straße",
    "STRASSE",
    "vip",
    "fund",
    "谢谢",
    "감사",
    "5",
    "5.0",
    "12",
    "2026-11-18",
    "2026-12-31",
)
PATTERNS = ("返金|refund", "^vip", "[0-9]+", "ref.?nd$", "x*", "\\bvip\\b", "リファ+ンド")
VALUES = {
    Field.MESSAGE_TYPE: ("text", "image", "video"),
    Field.MESSAGE_LANGUAGE: ("ja", "ko", "zh"),
    Field.CONTACT_TAG: ("vip", "ＶＩＰ", "gold", "返金"),
    Field.CONTACT_IS_NEW: ("yes", "no"),
    Field.CONTACT_LANGUAGE: ("ja", "fr", "JA"),
    Field.CONTACT_COUNTRY: ("jp", "FR"),
    Field.CONTACT_PHONE: ("+81", "+8190", "+33"),
    Field.CONVERSATION_TAG: ("vip", "gold"),
    Field.CONVERSATION_PRIORITY: ("-5", "0", "5", "05", "+5", "10"),
    Field.CHANNEL: ("Tokyo", "東京", "Paris"),
    Field.OPEN_HOURS: ("yes", "no"),
    Field.TIME_OF_DAY: ("00:00", "09:00", "12:30", "24:00"),
    Field.WEEKDAY: ("monday", "wednesday", "sunday"),
    Field.DATE: ("2026-11-18", "2026-11-19", "2026-12-31"),
}
_ONE = (Field.CONTACT_IS_NEW, Field.OPEN_HOURS, Field.TIME_OF_DAY, Field.DATE)


def _texts():
    return some.lists(some.sampled_from((*WORDS, " ", ", ", "　")), max_size=3).map("".join)


@some.composite
def situations(draw):
    hours = draw(some.integers(0, 24 * 45 * 2)) / 2
    return Situation(
        at=datetime(2026, 11, 17, tzinfo=UTC) + timedelta(hours=hours),
        zone=draw(some.sampled_from(("Asia/Tokyo", "Europe/Paris", "UTC"))),
        channel_id=draw(some.sampled_from(CHANNELS)),
        channel_name=draw(some.sampled_from(("Tokyo", "ＴＯＫＹＯ", "東京", "Paris"))),
        text=draw(_texts()),
        is_new_contact=draw(some.booleans()),
        is_open=draw(some.booleans()),
        message_types=tuple(draw(some.sets(some.sampled_from(("text", "image", "audio"))))),
        contact_tags=tuple(draw(some.lists(some.sampled_from(("VIP", "gold", "返金", " "))))),
        contact_phone=draw(some.sampled_from(("", "+819012345678", "+33612345678"))),
        contact_language=draw(some.sampled_from(("", "ja", "fr", "de"))),
        contact_attributes=draw(_attributes()),
        conversation_tags=tuple(draw(some.lists(some.sampled_from(("vip", "old"))))),
        conversation_priority=draw(some.sampled_from((-10, -5, 0, 1, 5, 10))),
    )


@some.composite
def aimed(draw):
    """Draw a condition, and a situation whose value there is one that it asks about."""
    condition, situation = draw(conditions()), draw(situations())
    meant = draw(some.sampled_from(split_raw(condition.value) or ("",)))
    name = condition.field.removeprefix("contact.attribute.")
    if name != condition.field:
        around = some.sampled_from((meant, f"{meant}.0", f" {meant} ", [meant, "x"], [], ""))
        return condition, replace(situation, contact_attributes={name: draw(around)})
    if condition.field == Field.MESSAGE_TEXT:
        return condition, replace(situation, text=draw(some.sampled_from(("", "a "))) + meant)
    if condition.field == Field.TIME_OF_DAY and meant != "24:00":
        hour, minute = map(int, meant.split(":"))
        at = situation.at.replace(hour=hour, minute=minute)
        return condition, replace(situation, at=at, zone="UTC")
    return condition, situation


def _attributes():
    one = some.sampled_from((*WORDS, "", " ", 5, 4.5, True, False, 0, -3, 100))
    several = some.lists(some.sampled_from((*WORDS, "")), max_size=3)
    names = some.sampled_from(("plan", "PLAN", "GRÖSSE", "other"))
    return some.dictionaries(names, one | several, max_size=3)


@some.composite
def conditions(draw, *, fields=tuple(Field)):
    """Draw a condition that the form would take."""
    field = draw(some.sampled_from(fields))
    operator = draw(some.sampled_from(sorted(OPERATORS[field])))
    spec = ConditionSpec(
        field=_written(draw, field),
        operator=operator.value,
        value=_value(draw, field, operator),
        group=draw(some.sampled_from(("", "", "", "A", "B"))),
    )
    validate(spec)
    return spec


def _written(draw, field):
    name = draw(some.sampled_from(ATTRIBUTES)) if field is Field.CONTACT_ATTRIBUTE else ""
    return f"{field.value}.{name}" if name else field.value


def _value(draw, field, operator):
    if operator in {Operator.IS_SET, Operator.IS_NOT_SET}:
        return ""
    if operator is Operator.MATCHES:
        return draw(some.sampled_from(PATTERNS))
    is_ordered = operator in {Operator.GT, Operator.GTE, Operator.LT, Operator.LTE}
    if field is Field.CONTACT_ATTRIBUTE and is_ordered:
        return draw(some.sampled_from(("5", "5.00", "-1", "２０２６-11-30", "2026-11-18")))
    values = VALUES.get(field, WORDS)
    if field in _ONE or field is Field.CONVERSATION_PRIORITY:
        return draw(some.sampled_from([v for v in values if _is_accepted(field, operator, v)]))
    return draw(some.sampled_from((",", "、", " , "))).join(
        draw(some.lists(some.sampled_from(values), min_size=1, max_size=3))
    )


def _is_accepted(field, operator, value):
    try:
        validate(ConditionSpec(field.value, operator.value, value))
    except ConditionError:
        return False
    return True


NONSENSE = ConditionSpec("contact.shoe_size", "equals", "43")


@some.composite
def rule_lists(draw, *, condition=None, most=5):
    """Draw rules in their order; each has its own number."""
    condition = conditions() | some.just(NONSENSE) if condition is None else condition
    return tuple(
        RuleSpec(
            id=number,
            name=f"Rule {number}",
            target=draw(some.sampled_from(TEAMS)),
            match=draw(some.sampled_from(("all", "any"))),
            conditions=tuple(draw(some.lists(condition, max_size=4))),
            channel_ids=draw(some.sampled_from(((), (), (20,), (21,), (20, 21)))),
        )
        for number in range(1, draw(some.integers(1, most)) + 1)
    )
