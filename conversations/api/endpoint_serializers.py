"""How endpoints and deliveries look from outside, and what may be sent to change them."""

from typing import Any

from rest_framework import serializers

from channels.forward_errors import describe_error
from channels.models import Endpoint
from conversations.event_types import EVENT_TYPES, TEST_TYPE
from conversations.models import EndpointDelivery, ForwardStatus
from teams.api.bodies import Body, Parameters
from teams.api.fields import Choice, Flag, Instant, PublicId, Text, TextList, Whole
from teams.api.serializers import Out

DAY_S = 24 * 3600
#: What is replayed: the dead letters unless told otherwise.
REPLAYED = {
    "dead": (ForwardStatus.DEAD,),
    "delivered": (ForwardStatus.DELIVERED,),
    "all": (ForwardStatus.DEAD, ForwardStatus.DELIVERED),
}


class EndpointOut(Out):
    """One of your addresses, and how it does. Without its secret."""

    id = PublicId(source="public_id")
    channel_id = PublicId(source="channel.public_id", default=None, allow_null=True)
    event_types = serializers.ListField(child=Text())
    pause_reason = Choice(choices=["gone", "failing"], allow_null=True)
    last_error = Text(allow_null=True)

    class Meta:
        model = Endpoint
        fields: tuple[str, ...] = (
            "id",
            "name",
            "url",
            "description",
            "channel_id",
            "event_types",
            "has_raw_payload",
            "is_active",
            "paused_at",
            "pause_reason",
            "consecutive_failures",
            "failing_since",
            "last_error",
            "last_success_at",
            "last_failure_at",
            "held_until",
            "previous_secret_until",
            "created_at",
        )

    def to_representation(self, instance: Any) -> Any:
        shown = super().to_representation(instance)
        for name in ("pause_reason", "last_error"):
            shown[name] = shown[name] or None
        return shown


class EndpointWithSecretOut(EndpointOut):
    """With its secret, which is shown here and never again."""

    secret = Text()

    class Meta(EndpointOut.Meta):
        fields = (*EndpointOut.Meta.fields, "secret")

    def get_fields(self) -> dict[str, Any]:
        """The secret is put in behind the answer that is kept for a second try."""
        fields = super().get_fields()
        if self.instance is not None:
            fields.pop("secret")
        return fields


class EndpointParameters(Parameters):
    channel = PublicId(required=False)
    is_active = serializers.BooleanField(required=False)


class EndpointChanges(Body):
    name = Text(required=False, max_length=120)
    url = Text(required=False, max_length=2000)
    description = Text(required=False, allow_blank=True, max_length=2000)
    channel_id = PublicId(required=False, allow_null=True)
    event_types = TextList(required=False, max_length=50)
    has_raw_payload = Flag(required=False)
    is_active = Flag(required=False)


class NewEndpoint(EndpointChanges):
    name = Text(max_length=120)
    url = Text(max_length=2000)


class SecretRotation(Body):
    """How long the old secret signs beside the new one: a day unless told, a week at most."""

    overlap_s = Whole(required=False, min_value=0, max_value=7 * DAY_S)


class TestBody(Body):
    """Which type of event the example is of."""

    type = Choice(choices=[TEST_TYPE, *EVENT_TYPES], required=False)


class DeliveryOut(Out):
    """One event on its way to one endpoint."""

    id = PublicId(source="public_id")
    message_id = Text()
    endpoint_id = PublicId(source="endpoint.public_id")
    event_id = PublicId(source="event.public_id", default=None, allow_null=True)
    conversation_id = PublicId(source="event.conversation.public_id", default=None, allow_null=True)
    type = Text(source="event_type")
    status = Choice(choices=ForwardStatus.values)
    is_under_way = Flag()
    next_try_at = serializers.SerializerMethodField()
    error = Text(allow_null=True)
    error_detail = serializers.SerializerMethodField()

    class Meta:
        model = EndpointDelivery
        fields = (
            "id",
            "message_id",
            "endpoint_id",
            "event_id",
            "conversation_id",
            "type",
            "status",
            "tries",
            "is_under_way",
            "next_try_at",
            "error",
            "error_detail",
            "response_status",
            "response_body",
            "duration_ms",
            "created_at",
            "last_tried_at",
            "finished_at",
        )

    def get_next_try_at(self, delivery: EndpointDelivery) -> str | None:
        """Return when it is tried (again); null where it ended, is sent now or waits its turn."""
        if delivery.due_at is None or delivery.is_under_way:
            return None
        return str(Instant().to_representation(delivery.due_at))

    def get_error_detail(self, delivery: EndpointDelivery) -> str | None:
        return describe_error(delivery.error, status=delivery.response_status) or None

    def to_representation(self, instance: Any) -> Any:
        shown = super().to_representation(instance)
        shown["error"] = shown["error"] or None
        return shown


class DeliveryParameters(Parameters):
    endpoint = PublicId(required=False)
    conversation = PublicId(required=False)
    status = Choice(choices=ForwardStatus.values, required=False)
    type = Text(required=False, max_length=64)


class ReplayBody(Body):
    """Which deliveries of an endpoint are sent again. `since` is part of the stretch of time that
    is meant, `until` is not.
    """

    endpoint_id = PublicId()
    status = Choice(choices=list(REPLAYED), required=False)
    since = Instant(required=False)
    until = Instant(required=False)


class ReplayOut(serializers.Serializer[Any]):
    """How many deliveries were queued again."""

    count = Whole()
