"""What requests of that API look like. Texts that are empty mean the same as ones that are absent.

What has no counterpart here is taken and has no effect, so that clients need not be changed; names
that this API does not know are refused.
"""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from callbacks.api.bodies import DataMap
from callbacks.services.checks import LONGEST_NUMBER
from teams.api.bodies import Body, Parameters
from teams.api.fields import Flag, Instant, Text, TextList, Whole
from teams.api.items import MOST_ITEMS, RawItems

OWNED = "AGENT_OWNED_CALLBACK"


class Word(Text):
    """A text that may be left out, empty or null."""

    def __init__(self, **kwargs: Any) -> None:
        optional = {"required": False, "allow_null": True, "allow_blank": True, "default": ""}
        super().__init__(**{**optional, **kwargs})

    def run_validation(self, data: Any = serializers.empty) -> Any:
        return super().run_validation(data) or ""


class Words(TextList):
    """A list of texts, without those that are empty."""

    def __init__(self, **kwargs: Any) -> None:
        child = Text(max_length=128, allow_blank=True)
        super().__init__(
            **{"required": False, "allow_null": True, "default": list, "child": child, **kwargs}
        )

    def run_validation(self, data: Any = serializers.empty) -> Any:
        return [word for word in super().run_validation(data) or () if word]


class Moment(Instant):
    """An instant, or nothing. One that does not say in which zone it is would be a guess."""

    default_error_messages = {"no_zone": _("Say in which zone the time is, for example with a Z.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, "allow_null": True, "default": None, **kwargs})

    def run_validation(self, data: Any = serializers.empty) -> Any:
        return super().run_validation(None if data == "" else data)

    def enforce_timezone(self, value: datetime) -> datetime:
        if value.tzinfo is None:
            self.fail("no_zone")
        return super().enforce_timezone(value)


class NamedAgent(Body):
    id = Word(max_length=128)
    name = Word()
    selfUri = Word()


class ScoredAgent(Body):
    agent = NamedAgent()
    score = Whole(min_value=0, max_value=100)


class RoutingData(Body):
    queueId = Word(max_length=128)
    preferredAgentIds = Words()
    scoredAgents = ScoredAgent(many=True, required=False, allow_null=True, default=list)
    routingFlags = Words()
    # Without effect.
    languageId = Word()
    label = Word()  # type: ignore[assignment]
    priority = Whole(required=False, allow_null=True)
    skillIds = Words()
    skillExpression = Word(max_length=5000)


class NumberedBody(Body):
    """What a new callback and one that is changed have in common."""

    queueId = Word(max_length=128)
    callbackScheduledTime = Moment()
    countryCode = Word(max_length=2)
    callbackNumbers = Words(child=Text(max_length=LONGEST_NUMBER, allow_blank=True), max_length=10)
    validateCallbackNumbers = Flag(required=False, allow_null=True, default=False)
    # Without effect.
    customerFirstCallbackDeliveryMode = Word()


class ConversationCallbackBody(NumberedBody):
    """A callback that somebody promises in a conversation: everything has a default."""

    routingData = RoutingData(required=False, allow_null=True, default=None)
    callbackUserName = Word(max_length=200)
    data = DataMap(  # type: ignore[assignment]
        required=False, allow_null=True, default=dict
    )
    callerId = Word(max_length=20)
    callerIdName = Word(max_length=120)
    # Without effect.
    scriptId = Word()


class CallbackBody(ConversationCallbackBody):
    """A callback that another system promises: somebody must be called."""

    def validate_callbackNumbers(self, numbers: list[str]) -> list[str]:
        if not numbers:
            raise serializers.ValidationError(_("Name a number to call."), code="required")
        return numbers


class PatchBody(NumberedBody):
    """A callback that is changed. `agentId` is whom it is tied to, also where that stays."""

    conversationId = Text(max_length=128)
    agentId = Text(max_length=254)


class BulkPatchBody(Body):
    patchCallbackRequests = RawItems(child=PatchBody())


class DisconnectIdentifier(Body):
    conversationId = Text(max_length=128)
    callbackId = Word(max_length=128)


class BulkDisconnectBody(Body):
    callbackDisconnectIdentifiers = serializers.ListField(
        child=DisconnectIdentifier(), allow_empty=False, max_length=MOST_ITEMS
    )


class StateBody(Body):
    state = serializers.ChoiceField(choices=["disconnected"])


class WrapupBody(Body):
    """How a call went. `code` is one of our outcomes; any other is a customer who was reached."""

    code = Word(max_length=128)
    notes = Word(max_length=500)
    # Without effect.
    name = Word()
    tags = Words()
    durationSeconds = Whole(required=False, allow_null=True)
    endTime = Moment()
    provisional = Flag(required=False, allow_null=True)
    disableEndTimeUpdates = Flag(required=False, allow_null=True)


class ParticipantBody(Body):
    state = serializers.ChoiceField(choices=["connected", "disconnected"], required=False)
    wrapup = WrapupBody(required=False, allow_null=True, default=None)
    # Without effect.
    wrapupSkipped = Flag(required=False, allow_null=True)
    recording = Flag(required=False, allow_null=True)
    muted = Flag(required=False, allow_null=True)
    confined = Flag(required=False, allow_null=True)
    held = Flag(required=False, allow_null=True)


class PageParameters(Parameters):
    pageSize = serializers.IntegerField(required=False, min_value=1, max_value=100, default=25)
    pageNumber = serializers.IntegerField(required=False, min_value=1, max_value=10_000, default=1)
