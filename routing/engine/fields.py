"""What a condition can ask about, and how each of it may be compared. Pure."""

from enum import StrEnum
from typing import NamedTuple

from conversations.properties import is_name

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Field(StrEnum):
    MESSAGE_TEXT = "message.text"
    MESSAGE_TYPE = "message.type"
    MESSAGE_LANGUAGE = "message.language"
    CONTACT_TAG = "contact.tag"
    CONTACT_IS_NEW = "contact.is_new"
    CONTACT_LANGUAGE = "contact.language"
    CONTACT_COUNTRY = "contact.country"
    CONTACT_PHONE = "contact.phone"
    #: One of the contact's own properties: its name stands behind another dot.
    CONTACT_ATTRIBUTE = "contact.attribute"
    CONVERSATION_TAG = "conversation.tag"
    CONVERSATION_PRIORITY = "conversation.priority"
    CHANNEL = "channel"
    OPEN_HOURS = "time.open_hours"
    TIME_OF_DAY = "time.of_day"
    WEEKDAY = "time.weekday"
    DATE = "time.date"


class Operator(StrEnum):
    EQUALS = "equals"
    NOT_EQUALS = "not_equals"
    CONTAINS = "contains"
    NOT_CONTAINS = "not_contains"
    STARTS_WITH = "starts_with"
    MATCHES = "matches"
    IN = "in"
    NOT_IN = "not_in"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    IS_SET = "is_set"
    IS_NOT_SET = "is_not_set"


class Asked(NamedTuple):
    """A field as a condition names it; `name` is that of a property, else blank."""

    field: Field
    name: str = ""


_OF_A_PROPERTY = f"{Field.CONTACT_ATTRIBUTE}."

_PRESENCE = frozenset({Operator.IS_SET, Operator.IS_NOT_SET})
_EQUALITY = frozenset({Operator.EQUALS, Operator.NOT_EQUALS})
_MEMBERSHIP = frozenset({Operator.IN, Operator.NOT_IN})
_ORDER = frozenset({Operator.GT, Operator.GTE, Operator.LT, Operator.LTE})
_PARTS = frozenset({Operator.CONTAINS, Operator.NOT_CONTAINS, Operator.STARTS_WITH})
_YES_NO = frozenset({Operator.EQUALS})

#: Which operators make sense for which field.
OPERATORS: dict[Field, frozenset[Operator]] = {
    Field.MESSAGE_TEXT: _EQUALITY | _PARTS | _PRESENCE | {Operator.MATCHES},
    Field.MESSAGE_TYPE: _MEMBERSHIP,
    Field.MESSAGE_LANGUAGE: _MEMBERSHIP | _PRESENCE,
    Field.CONTACT_TAG: _MEMBERSHIP | _PRESENCE,
    Field.CONTACT_IS_NEW: _YES_NO,
    Field.CONTACT_LANGUAGE: _MEMBERSHIP | _PRESENCE,
    Field.CONTACT_COUNTRY: _MEMBERSHIP | _PRESENCE,
    Field.CONTACT_PHONE: _PRESENCE | {Operator.STARTS_WITH},
    Field.CONTACT_ATTRIBUTE: frozenset(Operator),
    Field.CONVERSATION_TAG: _MEMBERSHIP | _PRESENCE,
    Field.CONVERSATION_PRIORITY: _EQUALITY | _ORDER,
    Field.CHANNEL: _MEMBERSHIP,
    Field.OPEN_HOURS: _YES_NO,
    Field.TIME_OF_DAY: _ORDER,
    Field.WEEKDAY: _MEMBERSHIP,
    Field.DATE: _EQUALITY | _ORDER,
}
#: Operators that need no value.
WITHOUT_VALUE = _PRESENCE
#: Operators that compare by order: one value, and it must be one that has an order.
ORDERED = _ORDER


def read_field(written: str) -> Asked | None:
    """Return what a condition asks about; None for what does not exist."""
    if written.startswith(_OF_A_PROPERTY):
        name = written.removeprefix(_OF_A_PROPERTY)
        return Asked(Field.CONTACT_ATTRIBUTE, name) if is_name(name) else None
    if written == Field.CONTACT_ATTRIBUTE or written not in _FIELDS:
        return None
    return Asked(Field(written))


def write_field(field: str, *, name: str = "") -> str:
    """Return how a condition names a field."""
    return f"{field}.{name}" if name else field


_FIELDS = frozenset(field.value for field in Field)
