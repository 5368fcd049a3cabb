from channels.models.channel import Channel, ChannelMember, Distribution, Medium, Provider
from channels.models.envelope import Envelope, EnvelopeOutcome

__all__ = [
    "Channel",
    "ChannelMember",
    "Distribution",
    "Envelope",
    "EnvelopeOutcome",
    "Medium",
    "Provider",
]
