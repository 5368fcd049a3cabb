"""The built-in customer's phone: speaks as Twilio does, and nothing leaves the machine.

What comes in is signed and read exactly like Twilio's; the secret is the channel's own. What goes
out is taken at once. Reports (delivered, read) are signed requests like any other, made by whoever
plays the phone.
"""

import secrets
from datetime import datetime

from channels.providers.base import (
    ChannelConfig,
    Finding,
    FoundMessage,
    InboundRequest,
    NotSupportedError,
    OutboundMessage,
    ReceivedMessage,
    SendReceipt,
)
from channels.providers.twilio.door import TwilioDoor
from channels.providers.twilio.inbound import addressed


class SimulatorAdapter(TwilioDoor):
    """Takes every message at once and sends none."""

    def send(self, message: OutboundMessage, config: ChannelConfig) -> SendReceipt:
        return SendReceipt(new_message_sid(), "queued")

    def find_sent(
        self, message: OutboundMessage, config: ChannelConfig, *, since: datetime
    ) -> list[FoundMessage]:
        """Return nothing: sending takes no time here, so no send can end in doubt."""
        return []

    def list_received(
        self, config: ChannelConfig, *, since: datetime, until: datetime
    ) -> list[ReceivedMessage]:
        raise NotSupportedError

    def rebuild_request(
        self, listed: ReceivedMessage, config: ChannelConfig, *, url: str
    ) -> InboundRequest:
        raise NotSupportedError

    def examine(self, config: ChannelConfig, *, inbound_url: str) -> tuple[Finding, ...]:
        """Return nothing: there is no provider to ask."""
        return ()


def new_message_sid() -> str:
    """Return a message id of the shape that Twilio's have."""
    return f"SM{secrets.token_hex(16)}"


def message_fields(
    config: ChannelConfig, *, address: str, text: str, message_sid: str, profile_name: str = ""
) -> dict[str, str]:
    """Return the fields of a text message from `address`, as Twilio would send them."""
    fields = {
        "SmsMessageSid": message_sid,
        "NumMedia": "0",
        "SmsSid": message_sid,
        "SmsStatus": "received",
        "Body": text,
        "To": addressed(config.phone_number, config),
        "NumSegments": "1",
        "MessageSid": message_sid,
        "AccountSid": config.account_sid,
        "From": addressed(address, config),
        "ApiVersion": "2010-04-01",
    }
    if config.messaging_service_sid:
        fields["MessagingServiceSid"] = config.messaging_service_sid
    if config.medium == "whatsapp":
        fields |= {
            "ProfileName": profile_name,
            "WaId": address.removeprefix("+"),
            "ReferralNumMedia": "0",
            "MessageType": "text",
        }
    return fields


def status_fields(
    config: ChannelConfig, *, message_sid: str, address: str, status: str, error_code: str = ""
) -> dict[str, str]:
    """Return the fields of a report about a message that we sent to `address`."""
    fields = {
        "MessageSid": message_sid,
        "MessageStatus": status,
        "SmsSid": message_sid,
        "SmsStatus": status,
        "To": addressed(address, config),
        "From": addressed(config.phone_number, config),
        "AccountSid": config.account_sid,
        "ApiVersion": "2010-04-01",
    }
    if config.messaging_service_sid:
        fields["MessagingServiceSid"] = config.messaging_service_sid
    return fields | ({"ErrorCode": error_code} if error_code else {})
