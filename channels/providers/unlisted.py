"""Providers that have no list of messages."""

from datetime import datetime

from channels.providers.base import (
    ChannelConfig,
    FoundMessage,
    InboundRequest,
    NotSupportedError,
    OutboundMessage,
    ReceivedMessage,
)


class Unlisted:
    """A send in doubt is closed by its report, which names it; what was lost is not to be had."""

    def find_sent(
        self, message: OutboundMessage, config: ChannelConfig, *, since: datetime
    ) -> list[FoundMessage]:
        raise NotSupportedError

    def list_received(
        self, config: ChannelConfig, *, since: datetime, until: datetime
    ) -> list[ReceivedMessage]:
        raise NotSupportedError

    def rebuild_request(
        self, listed: ReceivedMessage, config: ChannelConfig, *, url: str
    ) -> InboundRequest:
        raise NotSupportedError
