"""How a channel looks from outside: never with its secrets."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from channels.addresses import inbound_url, status_url
from channels.api.survey_templates import (
    SurveyTemplateBody,
    SurveyTemplateOut,
    show_survey_templates,
)
from channels.api.texts import ChannelTextBody, ChannelTextOut, show_texts
from channels.checks import Line, is_passed, render
from channels.greetings import TextKind
from channels.models import Channel, Distribution, Medium, Provider
from channels.rates import FASTEST, SLOWEST
from channels.services.texts import MOST_LANGUAGES
from teams.api.bodies import Body, Parameters
from teams.api.fields import Choice, Flag, Instant, PublicId, Text, TimeZone, Whole
from teams.api.references import PersonReference
from teams.api.serializers import HoursBrief, Out

DAY_S = 24 * 60 * 60


class ChannelBrief(serializers.Serializer[Channel]):
    """A channel, where something else is the subject."""

    id = PublicId(source="public_id")
    name = Text()
    provider = Text()
    medium = Text()


class ChannelOut(Out):
    """A channel, as it is shown to those who do not look after channels."""

    id = PublicId(source="public_id")
    hours = HoursBrief(allow_null=True)
    greeting = serializers.SerializerMethodField()
    unavailable_message = serializers.SerializerMethodField()
    survey_question = serializers.SerializerMethodField()
    survey_comment_question = serializers.SerializerMethodField()
    survey_thanks = serializers.SerializerMethodField()
    survey_templates = serializers.SerializerMethodField()

    class Meta:
        model = Channel
        fields: tuple[str, ...] = (
            "id",
            "name",
            "provider",
            "medium",
            "is_active",
            "phone_number",
            "time_zone",
            "distribution",
            "capacity",
            "language",
            "hours",
            "has_greeting",
            "greeting",
            "has_unavailable_message",
            "unavailable_message",
            "has_survey",
            "survey_question",
            "survey_thanks",
            "survey_comment_question",
            "survey_templates",
            "survey_delay_s",
            "survey_wait_s",
            "survey_pause_days",
            "auto_resolve_after_s",
            "is_resolving_unanswered",
            "reopen_window_s",
            "rate_per_s",
            "stop_words",
            "start_words",
            "created_at",
        )

    @extend_schema_field(ChannelTextOut(many=True))
    def get_greeting(self, channel: Channel) -> Any:
        return show_texts(channel, kind=TextKind.GREETING)

    @extend_schema_field(ChannelTextOut(many=True))
    def get_unavailable_message(self, channel: Channel) -> Any:
        return show_texts(channel, kind=TextKind.UNAVAILABLE)

    @extend_schema_field(ChannelTextOut(many=True))
    def get_survey_question(self, channel: Channel) -> Any:
        return show_texts(channel, kind=TextKind.SURVEY_QUESTION)

    @extend_schema_field(ChannelTextOut(many=True))
    def get_survey_comment_question(self, channel: Channel) -> Any:
        return show_texts(channel, kind=TextKind.SURVEY_COMMENT)

    @extend_schema_field(ChannelTextOut(many=True))
    def get_survey_thanks(self, channel: Channel) -> Any:
        return show_texts(channel, kind=TextKind.SURVEY_THANKS)

    @extend_schema_field(SurveyTemplateOut(many=True))
    def get_survey_templates(self, channel: Channel) -> Any:
        return show_survey_templates(channel)


class ManagedChannelOut(ChannelOut):
    """A channel with its account and with the addresses to give to the provider.

    The addresses hold the channel's token, which is as good as a key.
    """

    inbound_url = serializers.SerializerMethodField()
    status_url = serializers.SerializerMethodField()

    class Meta(ChannelOut.Meta):
        fields = (
            *ChannelOut.Meta.fields,
            "account_sid",
            "messaging_service_sid",
            "phone_number_id",
            "business_account_id",
            "dev_key",
            "inbound_url",
            "verify_token",
            "status_url",
            "api_key_sid",
            "second_token_drop_due_at",
            "broken_at",
            "broken_reason",
        )

    def get_inbound_url(self, channel: Channel) -> str:
        return inbound_url(channel)

    def get_status_url(self, channel: Channel) -> str:
        return status_url(channel)


class AnyChannelOut(ManagedChannelOut):
    """A channel. What is for those who look after channels is left out for everybody else."""

    optional = frozenset(ManagedChannelOut.Meta.fields) - frozenset(ChannelOut.Meta.fields)


class ChannelParameters(Parameters):
    provider = Choice(choices=Provider.values, required=False)
    is_active = serializers.BooleanField(required=False)


class ChannelFields(Body):
    name = Text(required=False, max_length=120)
    medium = Choice(choices=Medium.values, required=False)
    account_sid = Text(required=False, max_length=34)
    auth_token = Text(required=False, max_length=200)
    second_auth_token = Text(required=False, allow_blank=True, max_length=200)
    api_key_sid = Text(required=False, allow_blank=True, max_length=34)
    api_key_secret = Text(required=False, allow_blank=True, max_length=200)
    phone_number = Text(required=False, allow_blank=True, max_length=16)
    messaging_service_sid = Text(required=False, allow_blank=True, max_length=34)
    phone_number_id = Text(required=False, max_length=32)
    business_account_id = Text(required=False, allow_blank=True, max_length=32)
    access_token = Text(required=False, max_length=1000)
    app_secret = Text(required=False, max_length=200)
    dev_key = Text(required=False, max_length=100)
    dev_secret = Text(required=False, max_length=200)
    is_active = Flag(required=False)
    time_zone = TimeZone(required=False, max_length=64)
    distribution = Choice(choices=Distribution.values, required=False)
    capacity = Whole(required=False, allow_null=True, min_value=0)
    language = Text(required=False, max_length=12)
    hours_code = Text(required=False, allow_null=True, max_length=64)
    has_greeting = Flag(required=False)
    greeting = ChannelTextBody(many=True, required=False, max_length=MOST_LANGUAGES)  # type: ignore[call-arg]
    has_unavailable_message = Flag(required=False)
    unavailable_message = ChannelTextBody(  # type: ignore[call-arg]
        many=True, required=False, max_length=MOST_LANGUAGES
    )
    has_survey = Flag(required=False)
    survey_question = ChannelTextBody(many=True, required=False, max_length=MOST_LANGUAGES)  # type: ignore[call-arg]
    survey_comment_question = ChannelTextBody(  # type: ignore[call-arg]
        many=True, required=False, max_length=MOST_LANGUAGES
    )
    survey_thanks = ChannelTextBody(many=True, required=False, max_length=MOST_LANGUAGES)  # type: ignore[call-arg]
    survey_templates = SurveyTemplateBody(  # type: ignore[call-arg]
        many=True, required=False, max_length=MOST_LANGUAGES
    )
    survey_delay_s = Whole(required=False, min_value=0, max_value=DAY_S)
    survey_wait_s = Whole(required=False, min_value=60, max_value=30 * DAY_S)
    survey_pause_days = Whole(required=False, min_value=0, max_value=3650)
    auto_resolve_after_s = Whole(
        required=False, allow_null=True, min_value=60, max_value=365 * DAY_S
    )
    is_resolving_unanswered = Flag(required=False)
    reopen_window_s = Whole(required=False, min_value=0, max_value=365 * DAY_S)
    rate_per_s = serializers.FloatField(
        required=False, allow_null=True, min_value=SLOWEST, max_value=FASTEST
    )
    stop_words = Text(required=False, allow_blank=True, max_length=500)
    start_words = Text(required=False, allow_blank=True, max_length=500)


class ChannelChanges(ChannelFields):
    # Accept for a week what the token before a new one signs. Unless it says otherwise, it is.
    keep_old_token = Flag(required=False)


class NewChannel(ChannelFields):
    provider = Choice(choices=Provider.values)
    name = Text(max_length=120)


class CheckStepOut(serializers.Serializer[Line]):
    """One step of the test. `state`: `ok`, `failed`, `warning`, `waiting` or `skipped`."""

    step = Text()
    state = Text()
    code = Text()
    sentence = Text()
    advice = Text()


class CheckOut(serializers.Serializer[Channel]):
    """What the test of a channel found, step by step, in the order in which it was looked at."""

    ok = serializers.SerializerMethodField()
    checked_at = Instant()
    steps = serializers.SerializerMethodField()

    @extend_schema_field(serializers.BooleanField())
    def get_ok(self, channel: Channel) -> bool:
        return is_passed(channel)

    @extend_schema_field(CheckStepOut(many=True))
    def get_steps(self, channel: Channel) -> Any:
        return [CheckStepOut(line).data for line in render(channel)]


class ChannelMemberBody(Body):
    member = PersonReference()
