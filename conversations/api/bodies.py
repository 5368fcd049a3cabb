"""What requests about conversations, messages and contacts say: their parameters and bodies."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from channels.languages import LANGUAGES
from channels.placeholders import LONGEST_VALUE
from conversations import properties
from conversations.services.labels import PRIORITY_MAX, PRIORITY_MIN
from conversations.services.replies import MAX_BODY_LENGTH
from conversations.states import OPEN, Status
from teams.api.bodies import Body, Parameters
from teams.api.fields import UUID_FORM, Choice, Flag, Instant, PublicId, Text, TextList, Whole
from teams.api.problems import FieldProblem

#: "open" is what people call the two states in which somebody works on it.
OPEN_WORD = "open"
STATUS_WORDS = [*(status.value for status in Status), OPEN_WORD]
ONLY_SNOOZED = _("Only what is snoozed has a time at which it wakes.")
_WORDS = "|".join(STATUS_WORDS)
_UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


REQUIRED = ("required", _("This is required."))


@extend_schema_field({"type": "string", "pattern": f"^({_WORDS})(,({_WORDS}))*$"})
class StatusList(serializers.Field[list[str], str, str, Any]):
    """States, separated by commas; `open` stands for `new` and `in_progress`."""

    default_error_messages = {"unknown_status": "Use any of: {known}, separated by commas."}

    def to_internal_value(self, data: Any) -> list[str]:
        words = [word.strip() for word in str(data).split(",")]
        if not set(words) <= set(STATUS_WORDS):
            self.fail("unknown_status", known=", ".join(STATUS_WORDS))
        named = {Status(word) for word in words if word != OPEN_WORD}
        return sorted(named | (OPEN if OPEN_WORD in words else set()))


@extend_schema_field({"type": "string", "pattern": rf"^(me|none|{_UUID})$"})
class AssigneeWord(serializers.CharField):
    """The id of a person, or `me`, or `none`."""

    default_error_messages = {"invalid": "Use the id of a person, or “me”, or “none”."}

    def to_internal_value(self, data: Any) -> str:
        word = str(data)
        if word not in ("me", "none") and not UUID_FORM.match(word):
            self.fail("invalid")
        return word


class ConversationParameters(Parameters):
    status = StatusList(required=False)
    team = Text(required=False, max_length=64)
    assignee = AssigneeWord(required=False)
    channel = PublicId(required=False)
    contact = PublicId(required=False)


class ContactParameters(Parameters):
    phone = Text(required=False, max_length=20)


class NewMessage(Body):
    """Either a text, or an approved template with what fills its placeholders."""

    default_error_messages = {"one_of": _("Give either body or template.")}

    body = Text(required=False, max_length=MAX_BODY_LENGTH)
    template = PublicId(required=False)
    variables = serializers.DictField(child=Text(max_length=LONGEST_VALUE), required=False)

    def validate(self, attrs: Any) -> Any:
        if "body" in attrs and ("template" in attrs or "variables" in attrs):
            self.fail("one_of")
        if "body" not in attrs and "template" not in attrs:
            raise FieldProblem({"body": REQUIRED})
        return attrs


class NewNote(Body):
    body = Text(max_length=10_000)


class RetryBody(Body):
    may_arrive_twice = Flag(required=False, default=False)


class StatusBody(Body):
    status = Choice(choices=STATUS_WORDS)
    snoozed_until = Instant(
        required=False,
        allow_null=True,
        help_text="With `snoozed` only. Without it, until the customer writes.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("snoozed_until") is not None and attrs["status"] != Status.SNOOZED:
            raise serializers.ValidationError({"snoozed_until": ONLY_SNOOZED}, code="only_snoozed")
        return attrs


class TagsBody(Body):
    tags = TextList()
    expected_version = Whole(required=False, min_value=1)


class ConversationChanges(Body):
    tags = TextList(required=False)
    priority = Whole(required=False, min_value=PRIORITY_MIN, max_value=PRIORITY_MAX)
    expected_version = Whole(required=False, min_value=1)


class MergeBody(Body):
    into = PublicId()
    dry_run = Flag(required=False, default=False)


class UnmergeBody(Body):
    """Nothing has to be said."""


@extend_schema_field(
    {
        "type": "object",
        "maxProperties": properties.MOST,
        "additionalProperties": {
            "oneOf": [
                {"type": "string", "maxLength": properties.LONGEST_VALUE},
                {"type": "number"},
                {"type": "boolean"},
                {"type": "null"},
                {
                    "type": "array",
                    "items": {"type": "string", "maxLength": properties.LONGEST_VALUE},
                    "maxItems": properties.MOST_MEMBERS,
                },
            ]
        },
    }
)
class PropertyChanges(serializers.Field[dict[str, Any], Any, Any, Any]):
    """Properties by their names; null takes one away, and those that are not named stay."""

    default_error_messages = {
        "not_an_object": _("Give an object: names of properties and their values."),
        "too_many": _("A contact has at most {most} properties."),
        "bad_name": _("The name of a property has 1 to {longest} visible characters."),
        "bad_value": _(
            "A property is a text of up to {longest} characters, a number, a boolean or a list of "
            "texts."
        ),
    }

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            self.fail("not_an_object")
        if len(data) > properties.MOST:
            self.fail("too_many", most=properties.MOST)
        if not all(map(properties.is_name, data)):
            self.fail("bad_name", longest=properties.LONGEST_NAME)
        if not all(value is None or properties.is_value(value) for value in data.values()):
            self.fail("bad_value", longest=properties.LONGEST_VALUE)
        return data


class ContactChanges(Body):
    name = Text(required=False, allow_blank=True, max_length=200)
    language = Choice(required=False, allow_blank=True, choices=LANGUAGES)
    tags = TextList(required=False)
    attributes = PropertyChanges(required=False)
