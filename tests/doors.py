"""Knocking on the door as a provider does: signed requests over the public address."""

from collections.abc import Mapping
from typing import Any

from django.test import Client

from channels.addresses import inbound_url, status_url
from channels.models import Channel
from channels.providers import config_of
from channels.providers.signing import build_signed_form
from channels.providers.simulator import message_fields, new_message_sid
from conversations.models import Message


def knock(url: str, body: bytes, headers: Mapping[str, str]) -> Any:
    """Post a request to our own door; `url` is the public address."""
    path = url.split("example.test", 1)[1]
    content_type = headers["Content-Type"]
    rest = {name: value for name, value in headers.items() if name != "Content-Type"}
    return Client().post(path, data=body, content_type=content_type, headers=rest)


def customer_writes(
    channel: Channel,
    text: str,
    *,
    address: str = "+819000000001",
    name: str = "Dora",
    message_sid: str = "",
) -> Any:
    config = config_of(channel)
    fields = message_fields(
        config,
        address=address,
        text=text,
        message_sid=message_sid or new_message_sid(),
        profile_name=name,
    )
    url = inbound_url(channel)
    return knock(url, *build_signed_form(config, url=url, fields=fields))


def provider_reports(message: Message, status: str, **fields: str) -> Any:
    """Post a status report about a message that the provider has."""
    channel = message.channel
    config = config_of(channel)
    url = status_url(channel, message_id=message.public_id)
    fields = {
        "MessageSid": message.provider_message_id or "",
        "MessageStatus": status,
        "AccountSid": config.account_sid,
        **fields,
    }
    return knock(url, *build_signed_form(config, url=url, fields=fields))
