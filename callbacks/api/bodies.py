"""What requests about callbacks say: their parameters and bodies."""

import re
from datetime import date, datetime, time
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from callbacks.models import Dialling, OnExpiry, Outcome
from callbacks.models.callback_settings import OWNED_AHEAD_S, OWNED_HOLD_S
from callbacks.services.changing import LONGEST_REASON
from callbacks.states import LIVE, PENDING, CallbackStatus
from conversations.api.bodies import REQUIRED, AssigneeWord
from conversations.services.replies import MAX_BODY_LENGTH
from teams.api.bodies import Body, Parameters
from teams.api.fields import Choice, Flag, Instant, PublicId, Text, TimeZone, Whole
from teams.api.items import RawItems
from teams.api.problems import FieldProblem
from teams.api.references import PersonReference, TeamReference

#: Several states by one word.
STATE_WORDS = {"pending": PENDING, "live": LIVE}
WORDS = [*(status.value for status in CallbackStatus), *STATE_WORDS]
ONE_TIME = ("one_of", _("Give one of: local_time, due_at, at_once."))
NO_CONVERSATION = ("not_here", _("The channel is that of the conversation: leave this out."))
MOST_DATA, LONGEST_NAME, LONGEST_VALUE = 50, 100, 1000
CANCEL, RESCHEDULE, TRANSFER = "cancel", "reschedule", "transfer"
_ANY_WORD = "|".join(WORDS)
_WALL_TIME = re.compile(r"\A\d{4}-\d{2}-\d{2}T\d{2}:\d{2}\Z", re.ASCII)
_CLOCK = re.compile(r"\A\d{2}:\d{2}\Z", re.ASCII)


@extend_schema_field({"type": "string", "pattern": f"^({_ANY_WORD})(,({_ANY_WORD}))*$"})
class StateList(serializers.Field[list[str], str, str, Any]):
    """States, separated by commas; `pending` and `live` stand for several."""

    default_error_messages = {"unknown_state": "Use any of: {known}, separated by commas."}

    def to_internal_value(self, data: Any) -> list[str]:
        words = {word.strip() for word in str(data).split(",")}
        if not words <= set(WORDS):
            self.fail("unknown_state", known=", ".join(WORDS))
        named = {word for word in words if word not in STATE_WORDS}
        return sorted(named.union(*(STATE_WORDS[word] for word in words & set(STATE_WORDS))))


@extend_schema_field(
    {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$", "example": "2026-11-25T10:30"}
)
class WallTime(serializers.Field[tuple[date, time], str, str, Any]):
    """What the clock on the customer's wall shows: `2026-11-25T10:30`. It has no zone in itself."""

    default_error_messages = {"invalid": _("Write a date and a time like 2026-11-25T10:30.")}

    def to_internal_value(self, data: Any) -> tuple[date, time]:
        if not isinstance(data, str) or not _WALL_TIME.match(data):
            self.fail("invalid")
        try:
            read = datetime.fromisoformat(data)
        except ValueError:
            self.fail("invalid")
        return read.date(), read.time()


@extend_schema_field({"type": "string", "pattern": r"^\d{2}:\d{2}$", "example": "08:00"})
class Clock(serializers.Field[time, str, str, Any]):
    """A time of day: `08:00`."""

    default_error_messages = {"invalid": _("Write a time of day like 08:00.")}

    def to_internal_value(self, data: Any) -> time:
        if not isinstance(data, str) or not _CLOCK.match(data):
            self.fail("invalid")
        try:
            return time.fromisoformat(data)
        except ValueError:
            self.fail("invalid")


@extend_schema_field(
    {
        "type": "object",
        "maxProperties": MOST_DATA,
        "additionalProperties": {"type": "string", "maxLength": LONGEST_VALUE},
    }
)
class DataMap(serializers.Field[dict[str, str], Any, Any, Any]):
    """What another system wants to find again: texts by their names."""

    default_error_messages = {
        "invalid": _("Give an object: names and their texts."),
        "too_many": _("Give at most {most} names."),
        "too_long": _("A name has 1 to {name} characters, a text at most {value}."),
    }

    def to_internal_value(self, data: Any) -> dict[str, str]:
        if not isinstance(data, dict) or not all(isinstance(text, str) for text in data.values()):
            self.fail("invalid")
        if len(data) > MOST_DATA:
            self.fail("too_many", most=MOST_DATA)
        for name, text in data.items():
            is_fine = 0 < len(name) <= LONGEST_NAME and len(text) <= LONGEST_VALUE
            if not is_fine or "\0" in name + text:
                self.fail("too_long", name=LONGEST_NAME, value=LONGEST_VALUE)
        return data


class CallbackParameters(Parameters):
    """`phone`: any part of the number. `owned`: whether somebody owns it."""

    state = StateList(required=False)
    phone = Text(required=False, max_length=40)
    due_since = Instant(required=False)
    due_until = Instant(required=False)
    owner = AssigneeWord(required=False)
    owned = serializers.BooleanField(required=False)
    late = serializers.BooleanField(required=False)
    team = Text(required=False, max_length=64)
    channel = PublicId(required=False)
    contact = PublicId(required=False)
    conversation = PublicId(required=False)


class When(Body):
    """When to call: a time on the customer's wall, an instant, or at once.

    `timezone` is where the customer is; without it, where the number is at home.
    """

    local_time = WallTime(required=False)
    timezone = TimeZone(required=False, max_length=64)
    due_at = Instant(required=False)
    at_once = Flag(required=False, default=False)

    def validate(self, attrs: Any) -> Any:
        given = [name for name in ("local_time", "due_at") if name in attrs]
        if len(given) + attrs["at_once"] > 1:
            raise FieldProblem(dict.fromkeys(given, ONE_TIME))
        return attrs


class WhatIsTold(Body):
    """What may be said of a callback besides whose it is and when."""

    phone = Text(required=False, max_length=40)
    country_code = Text(required=False, max_length=2, min_length=2)
    validate_phone = Flag(required=False, default=True)
    name = Text(required=False, allow_blank=True, max_length=200)
    note = Text(required=False, allow_blank=True, max_length=10_000)
    data = DataMap(required=False)  # type: ignore[assignment]
    caller_id = Text(required=False, allow_blank=True, max_length=16)
    caller_id_name = Text(required=False, allow_blank=True, max_length=120)


class NewCallback(WhatIsTold, When):
    """A promise to call: of a conversation, or without one of anybody with a telephone.

    Without a time it is in half an hour. `owner` waits for that person alone, `preferred_agent`
    for whoever is free once that person is not; with both, the owner counts. A number is checked
    and stored as E.164 unless `validate_phone` is false. `override_reason` says why, although
    something speaks against the time.
    """

    conversation = PublicId(required=False)
    channel = PublicId(required=False)
    team = TeamReference(required=False)
    owner = PersonReference(required=False)
    preferred_agent = PersonReference(required=False)
    override_reason = Text(required=False, allow_blank=True, max_length=LONGEST_REASON)

    def validate(self, attrs: Any) -> Any:
        if "conversation" in attrs and "channel" in attrs:
            raise FieldProblem({"channel": NO_CONVERSATION})
        if "conversation" not in attrs and "phone" not in attrs:
            raise FieldProblem({"phone": REQUIRED})
        return super().validate(attrs)


class Whose(Body):
    """Who is to call. null takes the owner or the preferred agent away."""

    team = TeamReference(required=False)
    owner = PersonReference(required=False, allow_null=True)
    preferred_agent = PersonReference(required=False, allow_null=True)


class CallbackChanges(WhatIsTold, Whose, When):
    """Another time, somebody else, or something put right; what is not named stays."""

    reason = Text(required=False, allow_blank=True, max_length=LONGEST_REASON)
    override_reason = Text(required=False, allow_blank=True, max_length=LONGEST_REASON)
    expected_version = Whole(required=False, min_value=1)


class CancelBody(Body):
    """Why, and perhaps what the customer is told in the conversation."""

    reason = Text(max_length=LONGEST_REASON)
    message = Text(required=False, allow_blank=True, max_length=MAX_BODY_LENGTH)


class StartBody(Body):
    """Nothing has to be said."""


class CompleteBody(Body):
    outcome = Choice(choices=Outcome.values)
    note = Text(required=False, allow_blank=True, max_length=LONGEST_REASON)


class CallbackItem(Whose, When):
    """What is done to one callback. `reschedule` takes a time, `transfer` who is to call."""

    callback = PublicId()
    action = Choice(choices=[CANCEL, RESCHEDULE, TRANSFER])
    reason = Text(required=False, allow_blank=True, max_length=LONGEST_REASON)
    override_reason = Text(required=False, allow_blank=True, max_length=LONGEST_REASON)


class CallbackItems(Body):
    """Up to 100, done one after the other in the order given."""

    items = RawItems(child=CallbackItem())


class SettingsChanges(Body):
    """What is not named stays as it is."""

    is_team_choosable = Flag(required=False)
    is_owning_enabled = Flag(required=False)
    owned_ahead_s = Whole(required=False, min_value=OWNED_AHEAD_S[0], max_value=OWNED_AHEAD_S[1])
    owned_hold_s = Whole(required=False, min_value=OWNED_HOLD_S[0], max_value=OWNED_HOLD_S[1])
    on_expiry = Choice(required=False, choices=OnExpiry.values)
    alerting_s = Whole(required=False, min_value=7, max_value=3600)
    late_after_s = Whole(required=False, min_value=0, max_value=86_400)
    call_from = Clock(required=False)
    call_until = Clock(required=False)
    channel = PublicId(required=False, allow_null=True)
    dialling = Choice(required=False, choices=Dialling.values)
    voice_channel = PublicId(required=False, allow_null=True)
    caller_id = Text(required=False, allow_blank=True, max_length=16)
    caller_id_name = Text(required=False, allow_blank=True, max_length=120)
    ring_s = Whole(required=False, min_value=5, max_value=600)
    is_detecting_machines = Flag(required=False)
    most_retries = Whole(required=False, min_value=0, max_value=20)
    retry_after_s = Whole(required=False, min_value=60, max_value=86_400)
