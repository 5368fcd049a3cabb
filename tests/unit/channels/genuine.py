"""Builders of genuine requests, for tests of what providers send us."""

from dataclasses import replace
from pathlib import Path

from channels.providers.base import ChannelConfig, InboundRequest
from channels.providers.signing import FORM_TYPE, build_signed_form, sign
from channels.providers.simulator import message_fields

URL = "https://desk.example.test/webhooks/twilio/t0ken/"
SID = "SM" + "a" * 32
CONFIG = ChannelConfig(
    provider="twilio",
    medium="whatsapp",
    account_sid="AC" + "1" * 32,
    auth_token="the-account-token",
    phone_number="+15550009999",
)
SMS = replace(CONFIG, medium="sms")
BY_SERVICE = replace(CONFIG, phone_number="", messaging_service_sid="MG" + "2" * 32)
# Vectors from outside, where this checkout has them beside it; they are not part of the project.
OUTSIDE_DATA = Path(__file__).resolve().parents[4] / "shared" / "data"


def signed(
    fields: dict[str, str], *, config: ChannelConfig = CONFIG, url: str = URL
) -> InboundRequest:
    """Return a genuine request with exactly these fields."""
    body, headers = build_signed_form(config, url=url, fields=fields)
    return InboundRequest(url, FORM_TYPE, body, headers)


def signed_body(body: bytes, *, config: ChannelConfig = CONFIG) -> InboundRequest:
    """Return a genuine request with exactly these bytes."""
    return InboundRequest(URL, FORM_TYPE, body, sign(config, url=URL, body=body))


def text_fields(*, config: ChannelConfig = CONFIG, **changes: str | None) -> dict[str, str]:
    """Return the fields of Dora's message; a change to None leaves the field out."""
    fields = message_fields(
        config,
        address="+15550000001",
        text="Where is my order?",
        message_sid=SID,
        profile_name="Dora",
    )
    for name, value in changes.items():
        fields.pop(name, None)
        if value is not None:
            fields[name] = value
    return fields


def resigned(request: InboundRequest, *, body: bytes) -> InboundRequest:
    """Return a request with another body under the signature of the first."""
    return replace(request, body=body)
