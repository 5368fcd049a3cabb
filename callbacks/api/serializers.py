"""How callbacks and their settings look from outside."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from callbacks.models import CallAttempt, Callback, CallbackSettings
from callbacks.services.changing import slot_of
from callbacks.services.scheduling import Usual
from channels.api.serializers import ChannelBrief
from conversations.api.serializers import BlankAsNull, ContactBrief
from teams.api.fields import Flag, Instant, PublicId, Text, Whole
from teams.api.items import ItemResult
from teams.api.serializers import Out, PersonBrief, TeamBrief


class AttemptOut(Out):
    """One call of ours. `status` is what Twilio said last, or `planned`, `placing`, `unknown`."""

    id = PublicId(source="public_id")
    agent = PersonBrief(allow_null=True)
    answered_by = BlankAsNull()
    error_code = BlankAsNull()
    error_detail = BlankAsNull()

    class Meta:
        model = CallAttempt
        fields = (
            "id",
            "position",
            "status",
            "first_leg",
            "agent",
            "number",
            "caller_id",
            "answered_by",
            "duration_s",
            "error_code",
            "error_detail",
            "planned_at",
            "placed_at",
            "answered_at",
            "ended_at",
        )


class CallbackOut(Out):
    """A promise to call.

    `local_time` is what the clock shows in `timezone`, where the customer is, and `due_at` the
    instant. `is_ambiguous`: the clocks are put back then and show it twice; the earlier one is
    meant unless an instant was given.
    """

    id = PublicId(source="public_id")
    state = Text(source="status")
    conversation = PublicId(source="conversation.public_id", allow_null=True, default=None)
    contact = ContactBrief(source="identity.contact")
    channel = ChannelBrief()
    team = TeamBrief()
    phone = Text(source="number")
    country_code = BlankAsNull()
    local_time = serializers.SerializerMethodField()
    timezone = Text(source="zone")
    is_ambiguous = serializers.SerializerMethodField()
    owner = PersonBrief(allow_null=True)
    preferred_agent = PersonBrief(allow_null=True)
    offered_to = PersonBrief(allow_null=True)
    created_by = PersonBrief(allow_null=True)
    data = serializers.DictField(child=Text())  # type: ignore[assignment]
    caller_id = BlankAsNull()
    caller_id_name = BlankAsNull()
    override_reason = BlankAsNull()
    outcome = BlankAsNull()
    end_reason = BlankAsNull()
    end_note = BlankAsNull()
    attempts = AttemptOut(many=True, source="attempts.all")

    class Meta:
        model = Callback
        fields = (
            "id",
            "state",
            "conversation",
            "contact",
            "channel",
            "team",
            "phone",
            "country_code",
            "name",
            "local_time",
            "timezone",
            "due_at",
            "is_ambiguous",
            "owner",
            "owner_until",
            "preferred_agent",
            "offered_to",
            "offered_at",
            "note",
            "data",
            "caller_id",
            "caller_id_name",
            "override_reason",
            "first_tried_at",
            "attempt_count",
            "attempts",
            "outcome",
            "end_reason",
            "end_note",
            "ended_at",
            "created_by",
            "created_at",
            "version",
        )

    @extend_schema_field(Text())
    def get_local_time(self, callback: Callback) -> str:
        return _on_wall(callback)

    @extend_schema_field(Flag())
    def get_is_ambiguous(self, callback: Callback) -> bool:
        return slot_of(callback).is_ambiguous


class CallbackResult(ItemResult):
    """What became of one item: the answer or the problem that the single call would have had."""

    answer = CallbackOut(allow_null=True)


class CallbackResults(serializers.Serializer[Any]):
    """One result for each item, in their order."""

    succeeded = Whole()
    failed = Whole()
    results = CallbackResult(many=True)


class CallbackSettingsOut(Out):
    """What a team allows and does about callbacks."""

    channel = ChannelBrief(allow_null=True)
    voice_channel = ChannelBrief(allow_null=True)
    call_from = serializers.SerializerMethodField()
    call_until = serializers.SerializerMethodField()
    caller_id = BlankAsNull()
    caller_id_name = BlankAsNull()

    class Meta:
        model = CallbackSettings
        fields = (
            "is_team_choosable",
            "is_owning_enabled",
            "owned_ahead_s",
            "owned_hold_s",
            "on_expiry",
            "alerting_s",
            "late_after_s",
            "call_from",
            "call_until",
            "channel",
            "dialling",
            "voice_channel",
            "caller_id",
            "caller_id_name",
            "ring_s",
            "is_detecting_machines",
            "most_retries",
            "retry_after_s",
        )

    @extend_schema_field(Text())
    def get_call_from(self, settings: CallbackSettings) -> str:
        return f"{settings.call_from:%H:%M}"

    @extend_schema_field(Text())
    def get_call_until(self, settings: CallbackSettings) -> str:
        return f"{settings.call_until:%H:%M}"


class UsualOut(serializers.Serializer[Usual]):
    """What a callback of this conversation is unless somebody says otherwise.

    `pending` is the callback that it has already: a second one is refused.
    """

    local_time = serializers.SerializerMethodField()
    timezone = Text(source="zone")
    is_timezone_guessed = Flag(source="is_zone_guessed")
    due_at = Instant(source="slot.at")
    phone = Text(source="number")
    name = Text()
    team = TeamBrief(allow_null=True)
    may_choose_team = Flag()
    may_own = Flag()
    owned_ahead_s = Whole(source="settings.owned_ahead_s", allow_null=True, default=None)
    owned_hold_s = Whole(source="settings.owned_hold_s", allow_null=True, default=None)
    pending = PublicId(source="pending.public_id", allow_null=True, default=None)

    @extend_schema_field(Text())
    def get_local_time(self, usual: Usual) -> str:
        return f"{usual.slot.day}T{usual.slot.clock:%H:%M}"


def _on_wall(callback: Callback) -> str:
    return f"{callback.wall_date}T{callback.wall_clock:%H:%M}"
