"""Twilio: WhatsApp and SMS, by number or by Messaging Service."""

import json
import re
from base64 import b64encode
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from channels.providers.base import (
    ChannelConfig,
    Finding,
    FoundMessage,
    InboundRequest,
    MediaRules,
    MediaSource,
    OutboundMessage,
    ProviderTemplate,
    ReceivedMessage,
    SendError,
    SendReceipt,
)
from channels.providers.lines import TIMEOUT_S, Lines
from channels.providers.text import clean
from channels.providers.twilio import account, received
from channels.providers.twilio.client import ApiHttpClient, credentials, open_client
from channels.providers.twilio.door import TwilioDoor
from channels.providers.twilio.inbound import addressed
from channels.providers.twilio.media import rules_for
from channels.providers.twilio.refusals import CALL_ERRORS, NOT_CONFIGURED, explain
from channels.providers.twilio.templates import ENDLESS, MAX_TEMPLATES, to_template

# Twilio's own switch for reports that we could not take: try three times more, whatever went wrong.
# It stands behind a `#`, so it is neither sent back to us nor signed.
RETRY_REPORTS = "#rc=3&rp=all"
# How many of the newest messages to one address a look-up goes through.
MAX_LOOKED_AT = 200
# No user, no backslash, nothing in which somebody could read another host.
_HOST = re.compile(r"[0-9a-z.-]+(:[0-9]+)?")
_FOREIGN_HOST = "The file is at a host that is not Twilio's."


class TwilioAdapter(TwilioDoor):
    """Talks to Twilio through its own SDK. `api_base_url` is Twilio's, or that of a stand-in."""

    def __init__(
        self,
        *,
        api_base_url: str,
        media_hosts: tuple[str, ...] = (),
        timeout_s: tuple[float, float] = TIMEOUT_S,
    ) -> None:
        self._media_hosts = media_hosts
        self._api_base_url = api_base_url.rstrip("/")
        self._timeout_s = timeout_s
        self._lines = Lines()

    def send(self, message: OutboundMessage, config: ChannelConfig) -> SendReceipt:
        """Send one message. Raises `SendError`; takes twenty seconds at most."""
        _require_credentials(config)
        transport = self._transport()
        client = open_client(config, transport=transport)
        try:
            sent = client.messages.create(
                to=addressed(message.to_address, config),
                status_callback=f"{message.status_url}{RETRY_REPORTS}",
                **_content(message),
                **_sender(config),
            )
            return SendReceipt(_required(sent.sid), str(sent.status or ""))
        except CALL_ERRORS as error:
            raise explain(error, retry_after_s=transport.retry_after_s) from error

    def find_sent(
        self, message: OutboundMessage, config: ChannelConfig, *, since: datetime
    ) -> list[FoundMessage]:
        """List what Twilio took for this address since then, oldest first.

        Twilio could choose by the date of sending, but a message that it still holds has none.
        """
        _require_credentials(config)
        transport = self._transport()
        client = open_client(config, transport=transport)
        try:
            newest = client.messages.list(
                to=addressed(message.to_address, config), limit=MAX_LOOKED_AT
            )
            found = [_found(each) for each in newest if _is_ours(each, config)]
        except CALL_ERRORS as error:
            raise explain(error, retry_after_s=transport.retry_after_s) from error
        recent = [each for each in reversed(found) if each.created_at and each.created_at >= since]
        return sorted(recent, key=lambda each: each.created_at or since)

    def media_rules(self, medium: str) -> MediaRules:
        return rules_for(medium)

    def media_source(self, reference: str, config: ChannelConfig) -> MediaSource:
        """Return the file's address with our credentials, if it is at one of Twilio's own hosts."""
        if not self._is_at_home(reference):
            raise SendError("permanent", "foreign_host", _FOREIGN_HOST)
        pair = ":".join(credentials(config)).encode()
        return MediaSource(reference, {"Authorization": f"Basic {b64encode(pair).decode()}"})

    def _is_at_home(self, url: str) -> bool:
        """Say whether a file is at a host that was named, or over TLS at one below it."""
        try:
            parts = urlsplit(url)
        except ValueError:
            return False
        host = parts.netloc.lower()
        if not _HOST.fullmatch(host):
            return False
        return any(
            parts.scheme == "https" and host.endswith(name)
            if name.startswith(".")
            else name in (host, host.partition(":")[0])
            for name in self._media_hosts
        )

    def list_received(
        self, config: ChannelConfig, *, since: datetime, until: datetime
    ) -> list[ReceivedMessage]:
        """List what Twilio took for this channel's number or service, oldest first."""
        _require_credentials(config)
        return received.list_received(
            config, since=since, until=until, open_transport=self._transport
        )

    def rebuild_request(
        self, listed: ReceivedMessage, config: ChannelConfig, *, url: str
    ) -> InboundRequest:
        """Return a listed message as a request to our door would have said it."""
        return received.rebuild_request(listed, config, url=url, open_transport=self._transport)

    def examine(self, config: ChannelConfig, *, inbound_url: str) -> tuple[Finding, ...]:
        """Ask Twilio whether account, sender and webhook are as they should be."""
        return account.examine(config, inbound_url=inbound_url, open_transport=self._transport)

    def list_templates(self, config: ChannelConfig) -> list[ProviderTemplate]:
        """List the account's contents with their approvals. Raises `SendError`."""
        _require_credentials(config)
        transport = self._transport()
        client = open_client(config, transport=transport)
        try:
            found = client.content.v1.content_and_approvals.list(limit=MAX_TEMPLATES + 1)
            templates = [to_template(each) for each in found]
        except CALL_ERRORS as error:
            raise explain(error, retry_after_s=transport.retry_after_s) from error
        if len(templates) > MAX_TEMPLATES:
            raise SendError("permanent", "too_many_pages", ENDLESS)
        return templates

    def _transport(self) -> ApiHttpClient:
        return ApiHttpClient(
            base_url=self._api_base_url, session=self._lines.take(), timeout_s=self._timeout_s
        )


def _require_credentials(config: ChannelConfig) -> None:
    # The SDK would take what is missing from the environment, and so from another account.
    if not (config.account_sid and all(credentials(config))):
        raise SendError("permanent", "not_configured", NOT_CONFIGURED, is_channel_broken=True)


def _content(message: OutboundMessage) -> dict[str, Any]:
    """Return the fields with what is sent. A template comes without text or files (63030)."""
    template = message.template
    if template is None:
        fields: dict[str, Any] = {"body": message.text} if message.text else {}
        if message.media:
            fields["media_url"] = [media.url for media in message.media]
        return fields
    fields = {"content_sid": template.provider_template_id}
    if template.variables:
        fields["content_variables"] = json.dumps(dict(template.variables), ensure_ascii=False)
    return fields


def _sender(config: ChannelConfig) -> dict[str, str]:
    if config.messaging_service_sid:
        return {"messaging_service_sid": config.messaging_service_sid}
    return {"from_": addressed(config.phone_number, config)}


def _required(sid: str | None) -> str:
    if not sid:
        raise ValueError("Twilio's answer names no message.")
    return sid


def _is_ours(sent: Any, config: ChannelConfig) -> bool:
    """Say whether a listed message left through this channel."""
    if not str(sent.direction or "").startswith("outbound"):
        return False
    if config.messaging_service_sid:
        return bool(sent.messaging_service_sid == config.messaging_service_sid)
    return bool(sent.from_ == addressed(config.phone_number, config))


def _found(sent: Any) -> FoundMessage:
    return FoundMessage(
        provider_message_id=str(sent.sid),
        status=str(sent.status or ""),
        error_code=str(sent.error_code or ""),
        text=clean(str(sent.body or "")),
        created_at=sent.date_created,
        has_file=str(sent.num_media or "0") != "0",
    )
