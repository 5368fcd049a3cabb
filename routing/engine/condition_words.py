"""The words of conditions: what each asks for, and what it found, as templates to translate."""

from routing.engine.fields import Field, Operator
from routing.engine.phrases import _

#: A condition, for whoever reads or edits it.
ASKS: dict[tuple[str, str], str] = {
    (Field.MESSAGE_TEXT, Operator.EQUALS): _("the message is %(values)s"),
    (Field.MESSAGE_TEXT, Operator.NOT_EQUALS): _("the message is not %(values)s"),
    (Field.MESSAGE_TEXT, Operator.CONTAINS): _("the message contains %(values)s"),
    (Field.MESSAGE_TEXT, Operator.NOT_CONTAINS): _("the message does not contain %(values)s"),
    (Field.MESSAGE_TEXT, Operator.STARTS_WITH): _("the message starts with %(values)s"),
    (Field.MESSAGE_TEXT, Operator.MATCHES): _("the message matches the pattern %(values)s"),
    (Field.MESSAGE_TEXT, Operator.IS_SET): _("the message has a text"),
    (Field.MESSAGE_TEXT, Operator.IS_NOT_SET): _("the message has no text"),
    (Field.MESSAGE_TYPE, Operator.IN): _("the message is of the type %(values)s"),
    (Field.MESSAGE_TYPE, Operator.NOT_IN): _("the message is not of the type %(values)s"),
    (Field.MESSAGE_LANGUAGE, Operator.IN): _("the message is written in %(values)s"),
    (Field.MESSAGE_LANGUAGE, Operator.NOT_IN): _("the message is not written in %(values)s"),
    (Field.MESSAGE_LANGUAGE, Operator.IS_SET): _("the letters of the message tell its language"),
    (Field.MESSAGE_LANGUAGE, Operator.IS_NOT_SET): _(
        "the letters of the message do not tell its language"
    ),
    (Field.CONTACT_TAG, Operator.IN): _("the contact has the tag %(values)s"),
    (Field.CONTACT_TAG, Operator.NOT_IN): _("the contact does not have the tag %(values)s"),
    (Field.CONTACT_TAG, Operator.IS_SET): _("the contact has a tag"),
    (Field.CONTACT_TAG, Operator.IS_NOT_SET): _("the contact has no tag"),
    (Field.CONTACT_LANGUAGE, Operator.IN): _("the contact's language is %(values)s"),
    (Field.CONTACT_LANGUAGE, Operator.NOT_IN): _("the contact's language is not %(values)s"),
    (Field.CONTACT_LANGUAGE, Operator.IS_SET): _("the contact's language is known"),
    (Field.CONTACT_LANGUAGE, Operator.IS_NOT_SET): _("the contact's language is not known"),
    (Field.CONTACT_COUNTRY, Operator.IN): _("the number is from %(values)s"),
    (Field.CONTACT_COUNTRY, Operator.NOT_IN): _("the number is not from %(values)s"),
    (Field.CONTACT_COUNTRY, Operator.IS_SET): _("the number's country is known"),
    (Field.CONTACT_COUNTRY, Operator.IS_NOT_SET): _("the number's country is not known"),
    (Field.CONTACT_PHONE, Operator.STARTS_WITH): _("the number starts with %(values)s"),
    (Field.CONTACT_PHONE, Operator.IS_SET): _("the number is known"),
    (Field.CONTACT_PHONE, Operator.IS_NOT_SET): _("the number is not known"),
    (Field.CONVERSATION_TAG, Operator.IN): _("the conversation has the tag %(values)s"),
    (Field.CONVERSATION_TAG, Operator.NOT_IN): _(
        "the conversation does not have the tag %(values)s"
    ),
    (Field.CONVERSATION_TAG, Operator.IS_SET): _("the conversation has a tag"),
    (Field.CONVERSATION_TAG, Operator.IS_NOT_SET): _("the conversation has no tag"),
    (Field.CONVERSATION_PRIORITY, Operator.EQUALS): _("the priority is %(values)s"),
    (Field.CONVERSATION_PRIORITY, Operator.NOT_EQUALS): _("the priority is not %(values)s"),
    (Field.CONVERSATION_PRIORITY, Operator.GT): _("the priority is higher than %(values)s"),
    (Field.CONVERSATION_PRIORITY, Operator.GTE): _("the priority is %(values)s or higher"),
    (Field.CONVERSATION_PRIORITY, Operator.LT): _("the priority is lower than %(values)s"),
    (Field.CONVERSATION_PRIORITY, Operator.LTE): _("the priority is %(values)s or lower"),
    (Field.CHANNEL, Operator.IN): _("the channel is %(values)s"),
    (Field.CHANNEL, Operator.NOT_IN): _("the channel is not %(values)s"),
    (Field.TIME_OF_DAY, Operator.GT): _("it is after %(values)s"),
    (Field.TIME_OF_DAY, Operator.GTE): _("it is %(values)s or later"),
    (Field.TIME_OF_DAY, Operator.LT): _("it is before %(values)s"),
    (Field.TIME_OF_DAY, Operator.LTE): _("it is %(values)s or earlier"),
    (Field.WEEKDAY, Operator.IN): _("it is %(values)s"),
    (Field.WEEKDAY, Operator.NOT_IN): _("it is not %(values)s"),
    (Field.DATE, Operator.EQUALS): _("the date is %(values)s"),
    (Field.DATE, Operator.NOT_EQUALS): _("the date is not %(values)s"),
    (Field.DATE, Operator.GT): _("the date is after %(values)s"),
    (Field.DATE, Operator.GTE): _("the date is %(values)s or later"),
    (Field.DATE, Operator.LT): _("the date is before %(values)s"),
    (Field.DATE, Operator.LTE): _("the date is %(values)s or earlier"),
    (Field.CONTACT_ATTRIBUTE, Operator.EQUALS): _("“%(name)s” is %(values)s"),
    (Field.CONTACT_ATTRIBUTE, Operator.NOT_EQUALS): _("“%(name)s” is not %(values)s"),
    (Field.CONTACT_ATTRIBUTE, Operator.IN): _("“%(name)s” is one of %(values)s"),
    (Field.CONTACT_ATTRIBUTE, Operator.NOT_IN): _("“%(name)s” is none of %(values)s"),
    (Field.CONTACT_ATTRIBUTE, Operator.CONTAINS): _("“%(name)s” contains %(values)s"),
    (Field.CONTACT_ATTRIBUTE, Operator.NOT_CONTAINS): _("“%(name)s” does not contain %(values)s"),
    (Field.CONTACT_ATTRIBUTE, Operator.STARTS_WITH): _("“%(name)s” starts with %(values)s"),
    (Field.CONTACT_ATTRIBUTE, Operator.MATCHES): _("“%(name)s” matches the pattern %(values)s"),
    (Field.CONTACT_ATTRIBUTE, Operator.GT): _("“%(name)s” is more than %(values)s"),
    (Field.CONTACT_ATTRIBUTE, Operator.GTE): _("“%(name)s” is %(values)s or more"),
    (Field.CONTACT_ATTRIBUTE, Operator.LT): _("“%(name)s” is less than %(values)s"),
    (Field.CONTACT_ATTRIBUTE, Operator.LTE): _("“%(name)s” is %(values)s or less"),
    (Field.CONTACT_ATTRIBUTE, Operator.IS_SET): _("“%(name)s” is known"),
    (Field.CONTACT_ATTRIBUTE, Operator.IS_NOT_SET): _("“%(name)s” is not known"),
}
#: Fields that are yes or no: asked for and found in the same words.
YES_NO: dict[str, dict[str, str]] = {
    Field.CONTACT_IS_NEW: {"yes": _("the contact is new"), "no": _("the contact wrote before")},
    Field.OPEN_HOURS: {"yes": _("the channel is open"), "no": _("the channel is closed")},
}

#: What was found where the condition's value is in it, and where it is not.
FINDINGS: dict[tuple[str, str], tuple[str, str]] = {
    (Field.MESSAGE_TEXT, Operator.EQUALS): (
        _("the message is %(part)s"),
        _("the message “%(seen)s” is not %(values)s"),
    ),
    (Field.MESSAGE_TEXT, Operator.CONTAINS): (
        _("the message contains %(part)s"),
        _("the message “%(seen)s” does not contain %(values)s"),
    ),
    (Field.MESSAGE_TEXT, Operator.STARTS_WITH): (
        _("the message starts with %(part)s"),
        _("the message “%(seen)s” does not start with %(values)s"),
    ),
    (Field.MESSAGE_TEXT, Operator.MATCHES): (
        _("the message has “%(part)s”, which matches the pattern %(values)s"),
        _("the message “%(seen)s” does not match the pattern %(values)s"),
    ),
    (Field.MESSAGE_TEXT, Operator.IS_SET): (
        _("the message has a text"),
        _("the message has no text"),
    ),
    (Field.MESSAGE_TYPE, Operator.IN): (
        _("the message is of the type %(part)s"),
        _("the message is of the type %(seen)s, not %(values)s"),
    ),
    (Field.MESSAGE_LANGUAGE, Operator.IN): (
        _("the message is written in %(part)s"),
        _("the message is written in %(seen)s, not in %(values)s"),
    ),
    (Field.MESSAGE_LANGUAGE, Operator.IS_SET): (
        _("the message is written in %(seen)s"),
        _("the letters of the message do not tell its language"),
    ),
    (Field.CONTACT_TAG, Operator.IN): (
        _("the contact has the tag %(part)s"),
        _("the contact has the tags %(seen)s, not %(values)s"),
    ),
    (Field.CONTACT_TAG, Operator.IS_SET): (
        _("the contact has the tags %(seen)s"),
        _("the contact has no tag"),
    ),
    (Field.CONTACT_LANGUAGE, Operator.IN): (
        _("the contact's language is %(part)s"),
        _("the contact's language is %(seen)s, not %(values)s"),
    ),
    (Field.CONTACT_LANGUAGE, Operator.IS_SET): (
        _("the contact's language is %(seen)s"),
        _("the contact's language is not known"),
    ),
    (Field.CONTACT_COUNTRY, Operator.IN): (
        _("the number is from %(part)s"),
        _("the number is from %(seen)s, not from %(values)s"),
    ),
    (Field.CONTACT_COUNTRY, Operator.IS_SET): (
        _("the number is from %(seen)s"),
        _("the number's country is not known"),
    ),
    (Field.CONTACT_PHONE, Operator.STARTS_WITH): (
        _("the number starts with %(part)s"),
        _("the number %(seen)s does not start with %(values)s"),
    ),
    (Field.CONTACT_PHONE, Operator.IS_SET): (
        _("the number is known"),
        _("the number is not known"),
    ),
    (Field.CONVERSATION_TAG, Operator.IN): (
        _("the conversation has the tag %(part)s"),
        _("the conversation has the tags %(seen)s, not %(values)s"),
    ),
    (Field.CONVERSATION_TAG, Operator.IS_SET): (
        _("the conversation has the tags %(seen)s"),
        _("the conversation has no tag"),
    ),
    (Field.CONVERSATION_PRIORITY, Operator.EQUALS): (
        _("the priority is %(seen)s"),
        _("the priority is %(seen)s, not %(values)s"),
    ),
    (Field.CONVERSATION_PRIORITY, Operator.GT): (
        _("the priority is %(seen)s, higher than %(values)s"),
        _("the priority is %(seen)s, not higher than %(values)s"),
    ),
    (Field.CONVERSATION_PRIORITY, Operator.GTE): (
        _("the priority is %(seen)s, not lower than %(values)s"),
        _("the priority is %(seen)s, lower than %(values)s"),
    ),
    (Field.CONVERSATION_PRIORITY, Operator.LT): (
        _("the priority is %(seen)s, lower than %(values)s"),
        _("the priority is %(seen)s, not lower than %(values)s"),
    ),
    (Field.CONVERSATION_PRIORITY, Operator.LTE): (
        _("the priority is %(seen)s, not higher than %(values)s"),
        _("the priority is %(seen)s, higher than %(values)s"),
    ),
    (Field.CHANNEL, Operator.IN): (
        _("the channel is %(part)s"),
        _("the channel is %(seen)s, not %(values)s"),
    ),
    (Field.TIME_OF_DAY, Operator.GTE): (
        _("it was %(seen)s, not before %(values)s"),
        _("it was %(seen)s, before %(values)s"),
    ),
    (Field.TIME_OF_DAY, Operator.GT): (
        _("it was %(seen)s, after %(values)s"),
        _("it was %(seen)s, not after %(values)s"),
    ),
    (Field.WEEKDAY, Operator.IN): (
        _("it was %(seen)s"),
        _("it was %(seen)s, not %(values)s"),
    ),
    (Field.DATE, Operator.EQUALS): (
        _("the date was %(seen)s"),
        _("the date was %(seen)s, not %(values)s"),
    ),
    (Field.DATE, Operator.GTE): (
        _("the date was %(seen)s, not before %(values)s"),
        _("the date was %(seen)s, before %(values)s"),
    ),
    (Field.DATE, Operator.GT): (
        _("the date was %(seen)s, after %(values)s"),
        _("the date was %(seen)s, not after %(values)s"),
    ),
    (Field.CONTACT_ATTRIBUTE, Operator.EQUALS): (
        _("“%(name)s” is %(part)s"),
        _("“%(name)s” is %(seen)s, not %(values)s"),
    ),
    (Field.CONTACT_ATTRIBUTE, Operator.CONTAINS): (
        _("“%(name)s” contains %(part)s"),
        _("“%(name)s” is %(seen)s and does not contain %(values)s"),
    ),
    (Field.CONTACT_ATTRIBUTE, Operator.STARTS_WITH): (
        _("“%(name)s” starts with %(part)s"),
        _("“%(name)s” is %(seen)s and does not start with %(values)s"),
    ),
    (Field.CONTACT_ATTRIBUTE, Operator.MATCHES): (
        _("“%(name)s” is %(seen)s and matches the pattern %(values)s"),
        _("“%(name)s” is %(seen)s and does not match the pattern %(values)s"),
    ),
    (Field.CONTACT_ATTRIBUTE, Operator.GT): (
        _("“%(name)s” is %(seen)s, more than %(values)s"),
        _("“%(name)s” is %(seen)s, not more than %(values)s"),
    ),
    (Field.CONTACT_ATTRIBUTE, Operator.GTE): (
        _("“%(name)s” is %(seen)s, at least %(values)s"),
        _("“%(name)s” is %(seen)s, not at least %(values)s"),
    ),
    (Field.CONTACT_ATTRIBUTE, Operator.LT): (
        _("“%(name)s” is %(seen)s, less than %(values)s"),
        _("“%(name)s” is %(seen)s, not less than %(values)s"),
    ),
    (Field.CONTACT_ATTRIBUTE, Operator.LTE): (
        _("“%(name)s” is %(seen)s, at most %(values)s"),
        _("“%(name)s” is %(seen)s, not at most %(values)s"),
    ),
    (Field.CONTACT_ATTRIBUTE, Operator.IS_SET): (
        _("“%(name)s” is %(seen)s"),
        _("“%(name)s” is not known"),
    ),
}
FINDINGS[Field.CONTACT_ATTRIBUTE, Operator.IN] = FINDINGS[Field.CONTACT_ATTRIBUTE, Operator.EQUALS]
#: What was found where there was nothing to look into.
EMPTY: dict[str, str] = {
    Field.MESSAGE_TEXT: _("the message has no text"),
    Field.MESSAGE_TYPE: _("the message is of no known type"),
    Field.MESSAGE_LANGUAGE: _("the letters of the message do not tell its language"),
    Field.CONTACT_TAG: _("the contact has no tag"),
    Field.CONTACT_LANGUAGE: _("the contact's language is not known"),
    Field.CONTACT_COUNTRY: _("the number's country is not known"),
    Field.CONTACT_PHONE: _("the number is not known"),
    Field.CONVERSATION_TAG: _("the conversation has no tag"),
    Field.CONTACT_ATTRIBUTE: _("“%(name)s” is not known"),
}
#: Operators whose finding is that of another one, seen from the other side. The order of a property
#: is not among them: what has no order is neither.
OPPOSITE: dict[str, Operator] = {
    Operator.NOT_EQUALS: Operator.EQUALS,
    Operator.NOT_CONTAINS: Operator.CONTAINS,
    Operator.NOT_IN: Operator.IN,
    Operator.LT: Operator.GTE,
    Operator.LTE: Operator.GT,
    Operator.IS_NOT_SET: Operator.IS_SET,
}
#: Values that are words of a language.
NAMES: dict[str, dict[str, str]] = {
    Field.WEEKDAY: {
        "monday": _("Monday"),
        "tuesday": _("Tuesday"),
        "wednesday": _("Wednesday"),
        "thursday": _("Thursday"),
        "friday": _("Friday"),
        "saturday": _("Saturday"),
        "sunday": _("Sunday"),
    },
    Field.MESSAGE_TYPE: {
        "text": _("text"),
        "image": _("picture"),
        "audio": _("voice or sound"),
        "video": _("video"),
        "document": _("document"),
        "location": _("place"),
        "contact_card": _("contact card"),
        "button": _("pressed button"),
        "list": _("choice from a list"),
        "form": _("form"),
        "order": _("order"),
        "other": _("something else"),
    },
    Field.MESSAGE_LANGUAGE: {
        "ja": _("Japanese"),
        "ko": _("Korean"),
        "zh": _("Chinese"),
        "th": _("Thai"),
        "el": _("Greek"),
        "he": _("Hebrew"),
        "hy": _("Armenian"),
        "ka": _("Georgian"),
        "bn": _("Bengali"),
        "ta": _("Tamil"),
        "te": _("Telugu"),
        "km": _("Khmer"),
        "lo": _("Lao"),
        "my": _("Burmese"),
    },
}

#: Why a condition cannot be understood, by the code of `ConditionError`.
PROBLEMS = {
    "unknown_field": _("A condition asks about something that does not exist."),
    "unknown_operator": _("A condition compares in a way that does not exist."),
    "operator_not_for_field": _("A condition compares in a way that does not suit what it asks."),
    "value_required": _("A condition has nothing to compare with."),
    "value_too_long": _("The value of a condition has more than 500 characters."),
    "value_has_control_characters": _("The value of a condition has invisible characters."),
    "not_a_time": _("A time is written like 09:00, from 00:00 to 24:00."),
    "not_a_date": _("A date is written like 2026-12-31."),
    "not_a_weekday": _("Days of the week are written in English, from monday to sunday."),
    "not_yes_or_no": _("This can only be yes or no."),
    "not_a_number": _("A priority is one whole number, such as 10 or -5."),
    "not_a_type": _(
        "A message is of one of these types: text, image, audio, video, document, location, "
        "contact_card, button, list, form, order, other."
    ),
    "not_a_language": _("A language is written as its code, such as ja, ko or zh."),
    "not_a_country": _("A country is written with two letters, such as JP or FR."),
    "not_a_phone": _("The start of a number has the country in it, such as +81 or +8190."),
    "no_order": _("Only a number or a date, such as 2026-12-31, can be before or after another."),
    "not_a_pattern": _("The pattern cannot be used. Patterns are those of RE2: no look-around."),
    "unknown_group": _("A group is one letter, from A to Z."),
    "unknown_zone": _("The channel's time zone is not known."),
}
