"""What customers wrote, from Twilio's own list: for what never reached our door."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from twilio.rest import Client

from channels.providers.base import ChannelConfig, InboundRequest, ReceivedMessage
from channels.providers.signing import FORM_TYPE
from channels.providers.twilio.client import ApiHttpClient, open_client
from channels.providers.twilio.inbound import MAX_FILES, addressed
from channels.providers.twilio.refusals import CALL_ERRORS, explain

OpenTransport = Callable[[], ApiHttpClient]
#: As many as Twilio gives at once.
PAGE_SIZE = 1000
MEDIA_ADDRESS = "https://api.twilio.com{}"


def list_received(
    config: ChannelConfig, *, since: datetime, until: datetime, open_transport: OpenTransport
) -> list[ReceivedMessage]:
    """List the messages of a time, page by page, oldest first. Raises `SendError`."""
    transport = open_transport()
    client = open_client(config, transport=transport)
    try:
        listed = list(_listed(client, config, since=since, until=until))
    except CALL_ERRORS as error:
        raise explain(error, retry_after_s=transport.retry_after_s) from error
    return sorted(listed, key=lambda each: (each.sent_at, each.provider_message_id))


def rebuild_request(
    received: ReceivedMessage, config: ChannelConfig, *, url: str, open_transport: OpenTransport
) -> InboundRequest:
    """Return the message as a form, with the addresses of its files. Raises `SendError`."""
    fields = dict(received.fields)
    if fields.get("NumMedia", "0") != "0":
        transport = open_transport()
        client = open_client(config, transport=transport)
        try:
            fields |= _files(client, received.provider_message_id)
        except CALL_ERRORS as error:
            raise explain(error, retry_after_s=transport.retry_after_s) from error
    body = urlencode(fields, errors="surrogatepass").encode()
    return InboundRequest(url=url, content_type=FORM_TYPE, body=body, headers={})


def _listed(
    client: Client, config: ChannelConfig, *, since: datetime, until: datetime
) -> Iterator[ReceivedMessage]:
    chosen: dict[str, Any] = {"date_sent_after": since, "date_sent_before": until}
    if not config.messaging_service_sid:
        chosen["to"] = addressed(config.phone_number, config)
    for each in client.messages.stream(**chosen, page_size=PAGE_SIZE):
        sent_at = each.date_sent or each.date_created
        if sent_at is not None and _is_for(each, config):
            yield ReceivedMessage(str(each.sid), sent_at, _fields(each))


def _is_for(listed: Any, config: ChannelConfig) -> bool:
    """Say whether a listed message came in through this channel; a pool has many numbers."""
    if str(listed.direction) != "inbound":
        return False
    service = config.messaging_service_sid
    return not service or bool(listed.messaging_service_sid == service)


def _fields(listed: Any) -> dict[str, str]:
    """Return the fields as a request has them, under their names there."""
    sid = str(listed.sid)
    fields = {
        "MessageSid": sid,
        "SmsSid": sid,
        "AccountSid": str(listed.account_sid or ""),
        "From": str(listed.from_ or ""),
        "To": str(listed.to or ""),
        "Body": str(listed.body or ""),
        "NumMedia": str(listed.num_media or "0"),
        "SmsStatus": "received",
    }
    if listed.messaging_service_sid:
        fields["MessagingServiceSid"] = str(listed.messaging_service_sid)
    return fields


def _files(client: Client, sid: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    for index, each in enumerate(client.messages(sid).media.list(limit=MAX_FILES)):
        address = str(each.uri or "").removesuffix(".json")
        fields[f"MediaUrl{index}"] = MEDIA_ADDRESS.format(address)
        fields[f"MediaContentType{index}"] = str(each.content_type or "")
    return fields
