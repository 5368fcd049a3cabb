from channels.models.channel import (
    PROVIDER_FIELDS,
    REQUIRED_FIELDS,
    Channel,
    ChannelMember,
    Distribution,
    Medium,
    Provider,
)
from channels.models.endpoint import Endpoint, PauseReason
from channels.models.envelope import Envelope, EnvelopeOutcome
from channels.models.pace import Pace
from channels.models.played_send import PlayedSend
from channels.models.refusal import RefusedRequest
from channels.models.survey_template import SurveyTemplate
from channels.models.template import Template, TemplateStatus, TemplateSync
from channels.models.text import ChannelText

__all__ = [
    "PROVIDER_FIELDS",
    "REQUIRED_FIELDS",
    "Channel",
    "ChannelMember",
    "ChannelText",
    "Distribution",
    "Endpoint",
    "Envelope",
    "EnvelopeOutcome",
    "Medium",
    "Pace",
    "PauseReason",
    "PlayedSend",
    "Provider",
    "RefusedRequest",
    "SurveyTemplate",
    "Template",
    "TemplateStatus",
    "TemplateSync",
]
