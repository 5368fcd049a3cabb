"""How a channel looks from outside: never with its secrets."""

from rest_framework import serializers

from channels.addresses import inbound_url, status_url
from channels.models import Channel, Distribution, Medium, Provider
from teams.api.bodies import Body, Parameters
from teams.api.fields import Choice, Flag, PublicId, Text, TimeZone, Whole
from teams.api.references import PersonReference
from teams.api.serializers import Out

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
            "has_survey",
            "survey_question",
            "survey_thanks",
            "survey_wait_s",
            "reopen_window_s",
            "stop_words",
            "start_words",
            "created_at",
        )


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
            "inbound_url",
            "status_url",
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


class ChannelChanges(Body):
    name = Text(required=False, max_length=120)
    medium = Choice(choices=Medium.values, required=False)
    account_sid = Text(required=False, max_length=34)
    auth_token = Text(required=False, max_length=200)
    phone_number = Text(required=False, allow_blank=True, max_length=16)
    messaging_service_sid = Text(required=False, allow_blank=True, max_length=34)
    is_active = Flag(required=False)
    time_zone = TimeZone(required=False, max_length=64)
    distribution = Choice(choices=Distribution.values, required=False)
    capacity = Whole(required=False, allow_null=True, min_value=0)
    has_survey = Flag(required=False)
    survey_question = Text(required=False, allow_blank=True)
    survey_thanks = Text(required=False, allow_blank=True)
    survey_wait_s = Whole(required=False, min_value=60, max_value=30 * DAY_S)
    reopen_window_s = Whole(required=False, min_value=0, max_value=365 * DAY_S)
    stop_words = Text(required=False, allow_blank=True, max_length=500)
    start_words = Text(required=False, allow_blank=True, max_length=500)


class NewChannel(ChannelChanges):
    provider = Choice(choices=Provider.values)
    name = Text(max_length=120)


class ChannelMemberBody(Body):
    member = PersonReference()
