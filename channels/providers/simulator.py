"""The built-in customer's phone: speaks as Twilio does, and nothing leaves the machine.

What comes in is signed and read exactly like Twilio's; the secret is the channel's own. What goes
out is taken at once, unless somebody chose that it shall fail (`PlayedSend`). Reports (delivered,
read) are signed requests like any other, made by whoever plays the phone.
"""

import secrets
from datetime import datetime

from django.db.models import F

from channels.models import PlayedSend
from channels.providers.base import (
    ChannelConfig,
    Finding,
    FoundMessage,
    MediaRules,
    MediaSource,
    OutboundMessage,
    SendReceipt,
)
from channels.providers.played import PATIENCE_S, TAKEN, failure_of
from channels.providers.simulator_files import source_of
from channels.providers.twilio.door import TwilioDoor
from channels.providers.twilio.inbound import addressed
from channels.providers.twilio.media import rules_for
from channels.providers.twilio.refusals import explain
from channels.providers.unlisted import Unlisted

#: A field that Twilio does not have: as of when a customer writes, in ISO 8601.
PLAYED_AT = "PlayedAt"


class SimulatorAdapter(Unlisted, TwilioDoor):
    """Takes every message at once and sends none; fails as Twilio would where that was chosen."""

    def send(self, message: OutboundMessage, config: ChannelConfig) -> SendReceipt:
        sid = new_message_sid()
        fault = _play(message.reference, sid=sid)
        if fault:
            raise explain(failure_of(fault), retry_after_s=PATIENCE_S.get(fault))
        return SendReceipt(sid, "queued")

    def find_sent(
        self, message: OutboundMessage, config: ChannelConfig, *, since: datetime
    ) -> list[FoundMessage]:
        """Return the message if it was taken and nobody heard of it."""
        taken = PlayedSend.objects.filter(reference=message.reference).exclude(taken_id="")
        return [
            FoundMessage(
                row.taken_id,
                "sent",
                text=message.text,
                created_at=row.created_at,
                has_file=bool(message.media),
            )
            for row in taken
            if row.created_at >= since
        ]

    def media_rules(self, medium: str) -> MediaRules:
        return rules_for(medium)

    def media_source(self, reference: str, config: ChannelConfig) -> MediaSource:
        """Return the file itself: it lies on the simulated phone."""
        return source_of(reference)

    def examine(self, config: ChannelConfig, *, inbound_url: str) -> tuple[Finding, ...]:
        """Return nothing: there is no provider to ask."""
        return ()


def _play(reference: str, *, sid: str) -> str:
    """Return the fault that happens to this send, or blank; each happens as often as was chosen."""
    rows = PlayedSend.objects.filter(reference=reference, times__gt=0)
    row = rows.order_by("pk").first() if reference else None
    if row is None or not rows.update(
        times=F("times") - 1, taken_id=sid if row.fault in TAKEN else ""
    ):
        return ""
    return row.fault


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
