"""Rules read the slow and obvious way: what the pages promise, word by word, for comparison.

It shares nothing with the engine but the values that it is asked about.
"""

import re
import unicodedata
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
COUNTRIES = {"+81": "jp", "+33": "fr", "+82": "kr"}


class Nonsense(Exception):
    """A condition that nobody can understand."""


def clean(text):
    """Width, case, composition and the blanks around it do not matter."""
    wide_as_narrow = unicodedata.normalize("NFKC", text)
    return unicodedata.normalize("NFKC", wide_as_narrow.casefold()).strip()


def first_match(rules, situation, can_take):
    """Return the first rule that matches and whose target can take it."""
    for rule in rules:
        if rule.channel_ids and situation.channel_id not in rule.channel_ids:
            continue
        if rule_matches(rule, situation) and can_take(rule.target):
            return rule
    return None


def rule_matches(rule, situation):
    """Build the sentence of ands and ors, and say whether it is true."""
    try:
        truths = [(each.group, condition_holds(each, situation)) for each in rule.conditions]
    except Nonsense:
        return False
    if not truths:
        return True
    letters = sorted({letter for letter, _ in truths if letter})
    parts = [[truth] for letter, truth in truths if not letter]
    parts += [[truth for letter, truth in truths if letter == wanted] for wanted in letters]
    if rule.match == "all":
        return all(any(part) for part in parts)
    return any(all(part) for part in parts)


def condition_holds(condition, situation):
    field, operator = condition.field, condition.operator
    members = seen(field, situation)
    if operator == "is_set":
        return members != []
    if operator == "is_not_set":
        return members == []
    if operator == "matches":
        pattern = unicodedata.normalize("NFKC", condition.value).strip()
        if field == "message.text":
            members = members or [""]
        return any(re.search(pattern, member, re.IGNORECASE) for member in members)
    values = wanted(condition.value)
    if not values:
        raise Nonsense
    return compares(condition, situation, members, values)


def compares(condition, situation, members, values):
    field, operator = condition.field, condition.operator
    if operator in {"equals", "in"}:
        return is_one_of(members, [*values, clean(condition.value)])
    if operator in {"not_equals", "not_in"}:
        return not is_one_of(members, [*values, clean(condition.value)])
    if operator in {"contains", "not_contains"}:
        return contains(field, situation, members, values) == (operator == "contains")
    if operator == "starts_with":
        return any(member.startswith(value) for member in members for value in values)
    return any(stands(operator, field, member, values[0]) for member in members)


def contains(field, situation, members, values):
    """A text contains what stands in it; a list contains its members."""
    if is_a_list(field, situation):
        return any(member == value for member in members for value in values)
    return any(value in member for member in members for value in values)


def is_a_list(field, situation):
    if not field.startswith("contact.attribute."):
        return False
    return isinstance(attribute(field, situation), list)


def is_one_of(members, values):
    return any(same(member, value) for member in members for value in values)


def same(one, other):
    if one == other:
        return True
    numbers = number(one), number(other)
    return None not in numbers and numbers[0] == numbers[1]


def stands(operator, field, one, other):
    """Numbers stand among numbers, dates among dates, times of day among times of day."""
    if field == "time.of_day":
        pair = one, other
    elif number(one) is not None and number(other) is not None:
        pair = number(one), number(other)
    elif day(one) is not None and day(other) is not None:
        pair = day(one), day(other)
    else:
        return False
    return {
        "gt": pair[0] > pair[1],
        "gte": pair[0] >= pair[1],
        "lt": pair[0] < pair[1],
        "lte": pair[0] <= pair[1],
    }[operator]


def number(text):
    if re.fullmatch(r"[+-]?\d+(\.\d+)?", text, re.ASCII):
        return Decimal(text)
    return None


def day(text):
    try:
        return date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else None
    except ValueError:
        return None


def wanted(value):
    for comma in "、，､":
        value = value.replace(comma, ",")
    return [clean(part) for part in value.split(",") if clean(part)]


def attribute(field, situation):
    name = clean(field.removeprefix("contact.attribute."))
    return next((v for k, v in situation.contact_attributes.items() if clean(k) == name), "")


def as_text(value):
    if value is True:
        return "yes"
    return "no" if value is False else str(value)


def seen(field, situation):
    """Return what is there, cleaned: nothing is no member at all."""
    local = situation.at.astimezone(ZoneInfo(situation.zone))
    if field.startswith("contact.attribute."):
        found = attribute(field, situation)
        values = found if isinstance(found, list) else [found]
    else:
        values = {
            "message.text": lambda: [situation.text],
            "message.type": lambda: situation.message_types,
            "message.language": lambda: [language(situation.text)],
            "contact.is_new": lambda: [situation.is_new_contact],
            "contact.tag": lambda: situation.contact_tags,
            "contact.language": lambda: [situation.contact_language],
            "contact.country": lambda: [COUNTRIES.get(situation.contact_phone[:3], "")],
            "contact.phone": lambda: [situation.contact_phone],
            "conversation.tag": lambda: situation.conversation_tags,
            "conversation.priority": lambda: [situation.conversation_priority],
            "channel": lambda: [situation.channel_name],
            "time.open_hours": lambda: [situation.is_open],
            "time.of_day": lambda: [f"{local.hour:02}:{local.minute:02}"],
            "time.weekday": lambda: [DAYS[local.weekday()]],
            "time.date": lambda: [f"{local.year:04}-{local.month:02}-{local.day:02}"],
        }.get(field, _unheard_of)()
    return [text for value in values if (text := clean(as_text(value)))]


def _unheard_of():
    raise Nonsense


def language(text):
    """Tell Japanese by its kana, Korean by its letters, Chinese by having nothing else."""
    letters = unicodedata.normalize("NFKC", text)
    if any("ぁ" <= letter <= "ヺ" for letter in letters):
        return "ja"
    korean = sum("가" <= letter <= "힣" for letter in letters)
    chinese = sum("一" <= letter <= "鿿" for letter in letters)
    if not korean and not chinese:
        return ""
    return "ko" if korean >= chinese else "zh"
